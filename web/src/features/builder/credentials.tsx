import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { createPortal } from "react-dom";
import { act } from "@/features/builder/store";
import { credentialsQuery, useProviderNames } from "@/features/connections/queries";
import type { GraphLink, GraphNode, Json, Schema } from "@/graph-core/model";
import { isCredential } from "@/graph-core/schemas";
import type { CredentialAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Field, Select } from "@/shared/ui/field";

const AddConnection = lazy(() =>
  import("@/features/connections/add-connection").then((module) => ({ default: module.AddConnection })),
);

/** What a node signs in with, for each of its pins that takes credentials. */
export function Credentials({
  node,
  pins,
  linked,
}: {
  node: GraphNode;
  pins: Record<string, Schema>;
  linked: ReadonlyMap<string, GraphLink>;
}) {
  return Object.entries(pins)
    .filter(([name, one]) => isCredential(one) && !linked.has(name))
    .map(([name, field]) => <Credential key={name} node={node} name={name} field={field} />);
}

function Credential({ node, name, field }: { node: GraphNode; name: string; field: Schema }) {
  const words = useWords();
  const [isAdding, setAdding] = useState(false);
  const { data } = useQuery(credentialsQuery);
  const { credentials_provider: providers = [], credentials_types: types = [] } = field;
  const names = useProviderNames(providers, words.connections.others);
  const fitting = (data ?? []).filter(
    (one) => providers.includes(one.provider) && types.includes(one.type) && one.ended_at === null,
  );
  const id = node.constants?.[name]?.id ?? "";
  const choose = (found: CredentialAnswer | undefined) =>
    act({ kind: "constants", node: node.id, values: { [name]: reference(found) } });
  return (
    <>
      <Field
        label={words.connections.access(names)}
        hint={
          <>
            {field.description}{" "}
            <button type="button" className="text-accent underline" onClick={() => setAdding(true)}>
              {words.connections.add}
            </button>
          </>
        }
      >
        {(given) => (
          <Select
            value={id}
            onChange={(event) => choose(fitting.find((one) => one.id === event.target.value))}
            {...given}
          >
            <option value="">{words.builder.askAtRun}</option>
            {fitting.map((one) => (
              <option key={one.id} value={one.id}>
                {one.title}
              </option>
            ))}
            {id && !fitting.some((one) => one.id === id) ? (
              <option value={id}>{node.constants?.[name]?.title ?? id}</option>
            ) : null}
          </Select>
        )}
      </Field>
      {isAdding
        ? createPortal(
            <Suspense>
              <AddConnection
                wanted={{ providers, types, scopes: field.credentials_scopes ?? [] }}
                onAdded={choose}
                onClose={() => setAdding(false)}
              />
            </Suspense>,
            document.body,
          )
        : null}
    </>
  );
}

function reference(found: CredentialAnswer | undefined): Json {
  return found && { id: found.id, provider: found.provider, type: found.type, title: found.title };
}
