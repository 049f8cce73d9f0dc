import { AlertTriangle, X } from "lucide-react";
import { titleOf } from "@/features/builder/block-node";
import { act, useBuilder } from "@/features/builder/store";
import { linkId } from "@/graph-core/edit";
import type { GraphLink, GraphNode } from "@/graph-core/model";
import type { Problem } from "@/graph-core/validate";
import { useWords } from "@/shared/settings";
import { IconButton } from "@/shared/ui/button";

const CODES = new Set(["graph.unknown_pin", "graph.incompatible_link", "graph.broken_dynamic_pin"]);

/** The problems that links have. */
export function linkFaults(problems: readonly Problem[]): Problem[] {
  return problems.filter((one) => one.severity === "error" && CODES.has(one.code));
}

/** What is wrong with a link, at either of its ends. */
export function faultOf(link: GraphLink, faults: readonly Problem[]): Problem | undefined {
  return faults.find(
    (one) =>
      (one.node === link.to && one.pin === link.input) || (one.node === link.from && one.pin === link.output),
  );
}

/** Links of a node that lead nowhere any more, as after an update of the agent it runs; each with the way out. */
export function BrokenLinks({ node }: { node: GraphNode }) {
  const words = useWords();
  const graph = useBuilder((builder) => builder.draft.graph);
  const specs = useBuilder((builder) => builder.specs);
  const problems = useBuilder((builder) => builder.problems);
  const faults = linkFaults(problems);
  const broken = graph.links.flatMap((link) => {
    const fault = link.from === node.id || link.to === node.id ? faultOf(link, faults) : undefined;
    return fault ? [{ link, fault }] : [];
  });
  if (broken.length === 0) return null;
  const title = (id: string) => {
    const found = graph.nodes.find((one) => one.id === id);
    return found ? titleOf(found, specs.get(found.block_id)) : id;
  };
  return (
    <section>
      <h3 className="mb-1.5 text-13 text-bad">{words.editing.broken}</h3>
      <ul className="stack gap-1">
        {broken.map(({ link, fault }) => (
          <li key={linkId(link)} className="row rounded-md bg-bad-wash py-1 pr-0.5 pl-3 text-13">
            <AlertTriangle className="size-4 shrink-0 text-bad" />
            <span className="min-w-0 grow">
              <b className="break-words font-medium">
                {title(link.from)} · {link.output} → {title(link.to)} · {link.input}
              </b>
              <span className="block text-dim">{fault.message}</span>
            </span>
            <IconButton
              label={words.builder.unlink}
              onClick={() => act({ kind: "remove", nodes: [], links: [linkId(link)] })}
            >
              <X />
            </IconButton>
          </li>
        ))}
      </ul>
    </section>
  );
}
