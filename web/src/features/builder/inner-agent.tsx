import { queryOptions, useQuery } from "@tanstack/react-query";
import { ArrowUpCircle, ExternalLink } from "lucide-react";
import { type Sign, SignMark } from "@/features/builder/changes";
import { act, useBuilder } from "@/features/builder/store";
import { agentQuery } from "@/features/library/queries";
import { type Offer, type PinChanges, pinChanges, run, update } from "@/graph-core/inner";
import type { Graph, GraphNode } from "@/graph-core/model";
import { api } from "@/shared/api/client";
import type { GraphAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Field, Select } from "@/shared/ui/field";
import { tellError } from "@/shared/ui/toast";

/** As many agents as the API lists at once. */
const MANY = 500;

/** A person's agents, with the version of each that runs. */
export const ownAgentsQuery = queryOptions({
  queryKey: ["agents", "own"],
  queryFn: async () => (await api("GET /api/v1/graphs", { query: { limit: MANY } })).graphs,
});

export function offerOf(agent: GraphAnswer): Offer {
  return { ...agent, graph: agent.graph as unknown as Graph };
}

/** Which agent a node runs; it travels along inside this one. */
export function AgentChoice({ node }: { node: GraphNode }) {
  const words = useWords();
  const agentId = useBuilder((builder) => builder.agentId);
  const { data } = useQuery(ownAgentsQuery);
  const chosen = String(node.constants?.graph_id ?? "");
  async function choose(id: string) {
    try {
      const agent = await api("GET /api/v1/graphs/{graph_id}", { path: { graph_id: id } });
      act(run(offerOf(agent), node.id));
    } catch (error) {
      tellError(error);
    }
  }
  const agents = (data ?? []).filter((one) => one.id !== agentId);
  const isOwn = agents.some((one) => one.id === chosen);
  return (
    <>
      <Field label={words.builder.whichAgent} isRequired>
        {(given) => (
          <Select value={chosen} onChange={(event) => choose(event.target.value)} {...given}>
            <option value="" disabled>
              {words.form.choose}
            </option>
            {chosen && !isOwn ? (
              <option value={chosen}>{String(node.constants?.agent_name ?? chosen)}</option>
            ) : null}
            {agents.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name || words.library.unnamed}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {isOwn ? (
        <>
          <a
            href={`/build/${chosen}`}
            target="_blank"
            rel="noreferrer"
            className={`${buttonClass("plain", true)} self-start`}
          >
            <ExternalLink className="size-4" />
            {words.editing.openInner}
          </a>
          <NewerVersion node={node} />
        </>
      ) : null}
    </>
  );
}

/** The version of the agent inside that runs by itself, where it is newer than the node's; null where it is not. */
function useNewer(node: GraphNode): number | null {
  const { data } = useQuery(ownAgentsQuery);
  const active = data?.find((one) => one.id === node.constants?.graph_id)?.active_version ?? 0;
  return active > Number(node.constants?.graph_version ?? 0) ? active : null;
}

function NewerVersion({ node }: { node: GraphNode }) {
  const words = useWords();
  const newer = useNewer(node);
  const graph = useBuilder((builder) => builder.draft.graph);
  const { data } = useQuery({
    ...agentQuery(String(node.constants?.graph_id), newer ?? undefined),
    enabled: newer !== null,
  });
  if (newer === null || !data) return null;
  const inputs = pinChanges(node.constants?.input_schema, data.input_schema);
  const outputs = pinChanges(node.constants?.output_schema, data.output_schema);
  const others = graph.nodes.filter((one) => one.constants?.graph_id === data.id).length - 1;
  const isSame = [inputs, outputs].every(
    (one) => one.added.length + one.removed.length + one.changed.length === 0,
  );
  return (
    <section
      aria-label={words.editing.newer(newer)}
      className="stack gap-2 rounded-md border border-wait/40 bg-wait-wash p-3 text-13"
    >
      <p className="row font-medium">
        <ArrowUpCircle className="size-4 text-wait" />
        {words.editing.newer(newer)}
      </p>
      <p className="text-dim">{words.editing.runsOld(Number(node.constants?.graph_version ?? 0))}</p>
      {isSame ? <p>{words.editing.samePins}</p> : null}
      <PinList title={words.editing.inputs} found={inputs} />
      <PinList title={words.editing.outputs} found={outputs} />
      {inputs.removed.length + outputs.removed.length > 0 ? (
        <p className="text-dim">{words.editing.willBreak}</p>
      ) : null}
      {others > 0 ? <p className="text-dim">{words.editing.othersToo(others)}</p> : null}
      <Button small look="do" className="self-start" onClick={() => act(update(graph, offerOf(data)))}>
        {words.editing.updateTo(newer)}
      </Button>
    </section>
  );
}

function PinList({ title, found }: { title: string; found: PinChanges }) {
  const rows: Array<[Sign, string]> = [
    ...found.added.map((name): [Sign, string] => ["+", name]),
    ...found.removed.map((name): [Sign, string] => ["−", name]),
    ...found.changed.map((name): [Sign, string] => ["~", name]),
  ];
  if (rows.length === 0) return null;
  return (
    <div>
      <h4 className="mb-1 font-normal text-12 text-dim">{title}</h4>
      <ul className="stack gap-1">
        {rows.map(([sign, name]) => (
          <li key={name} className="row gap-2">
            <SignMark sign={sign} />
            <code>{name}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A sign at the node that a newer version of its agent is there. */
export function NewerMark({ node }: { node: GraphNode }) {
  const words = useWords();
  const newer = useNewer(node);
  if (newer === null) return null;
  return (
    <span role="img" title={words.editing.newer(newer)} aria-label={words.editing.newer(newer)}>
      <ArrowUpCircle className="size-4 text-wait" />
    </span>
  );
}
