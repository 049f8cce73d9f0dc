import { useQuery } from "@tanstack/react-query";
import { act, useBuilder } from "@/features/builder/store";
import { recentAgentsQuery } from "@/features/library/queries";
import type { Graph, GraphNode } from "@/graph-core/model";
import { api } from "@/shared/api/client";
import { useWords } from "@/shared/settings";
import { Field, Select } from "@/shared/ui/field";
import { tellError } from "@/shared/ui/toast";

/** Which agent a node runs; it travels along inside this one. */
export function AgentChoice({ node }: { node: GraphNode }) {
  const words = useWords();
  const agentId = useBuilder((builder) => builder.agentId);
  const { data } = useQuery(recentAgentsQuery(""));
  const chosen = String(node.constants?.graph_id ?? "");
  async function choose(id: string) {
    try {
      const agent = await api("GET /api/v1/graphs/{graph_id}", { path: { graph_id: id } });
      const { sub_graphs = [], ...graph } = agent.graph as unknown as Graph;
      act({
        kind: "constants",
        node: node.id,
        values: {
          graph_id: agent.id,
          graph_version: agent.version,
          agent_name: agent.name,
          input_schema: agent.input_schema,
          output_schema: agent.output_schema,
        },
        subGraphs: [{ ...graph, id: agent.id, version: agent.version }, ...sub_graphs],
      });
    } catch (error) {
      tellError(error);
    }
  }
  const agents = (data?.graphs ?? []).filter((one) => one.id !== agentId);
  return (
    <Field label={words.builder.whichAgent} isRequired>
      {(given) => (
        <Select value={chosen} onChange={(event) => choose(event.target.value)} {...given}>
          <option value="" disabled>
            {words.form.choose}
          </option>
          {chosen && !agents.some((one) => one.id === chosen) ? (
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
  );
}
