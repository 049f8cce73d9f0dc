import { useQuery } from "@tanstack/react-query";
import { act } from "@/features/builder/store";
import type { GraphLink, GraphNode, Json, Schema } from "@/graph-core/model";
import { isCredential } from "@/graph-core/schemas";
import { api } from "@/shared/api/client";
import type { CredentialAnswer } from "@/shared/api/schema";
import { listed } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Field, Select } from "@/shared/ui/field";

export function Credentials({
  node,
  pins,
  linked,
}: {
  node: GraphNode;
  pins: Record<string, Schema>;
  linked: ReadonlyMap<string, GraphLink>;
}) {
  const words = useWords();
  const fields = Object.entries(pins).filter(([name, one]) => isCredential(one) && !linked.has(name));
  const { data } = useQuery({
    queryKey: ["credentials"],
    queryFn: () => api("GET /api/v1/credentials"),
    enabled: fields.length > 0,
  });
  return fields.map(([name, field]) => {
    const fitting = (data ?? []).filter(
      (one) =>
        field.credentials_provider?.includes(one.provider) &&
        field.credentials_types?.includes(one.type) &&
        one.ended_at === null,
    );
    const id = node.constants?.[name]?.id ?? "";
    return (
      <Field
        key={name}
        label={words.connections.access(listed((field.credentials_provider ?? []).slice(0, 3)))}
        hint={field.description}
      >
        {(given) => (
          <Select
            value={id}
            onChange={(event) =>
              act({
                kind: "constants",
                node: node.id,
                values: { [name]: reference(fitting.find((one) => one.id === event.target.value)) },
              })
            }
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
    );
  });
}

function reference(found: CredentialAnswer | undefined): Json {
  return found && { id: found.id, provider: found.provider, type: found.type, title: found.title };
}
