import { titleOf } from "@/features/builder/block-node";
import { useBuilder } from "@/features/builder/store";
import type { Change, GraphDiff } from "@/graph-core/diff";
import type { Graph, GraphLink, GraphNode, Json, Specs } from "@/graph-core/model";
import { inputPins } from "@/graph-core/schemas";
import { useWords } from "@/shared/settings";
import { textOfValue } from "@/shared/value/kinds";

export type Sign = "+" | "−" | "~";

const LOOKS: Record<Sign, string> = {
  "+": "bg-good-wash text-good",
  "−": "bg-bad-wash text-bad",
  "~": "bg-wait-wash text-wait",
};
const SHOWN = 80;

/** A sign, so that colour is never the only one. */
export function SignMark({ sign }: { sign: Sign }) {
  const words = useWords();
  return (
    <span
      role="img"
      aria-label={words.editing.signs[sign]}
      className={`grid size-5 shrink-0 place-items-center rounded-sm font-mono font-semibold text-13 ${LOOKS[sign]}`}
    >
      {sign}
    </span>
  );
}

/** A value in a line; nothing at all is said so. */
export function Short({ value }: { value: Json }) {
  const words = useWords();
  if (value === undefined || value === null || value === "")
    return <i className="text-dim">{words.editing.nothing}</i>;
  const text = textOfValue(value, 0);
  return (
    <span className="break-words font-mono text-12" title={text.slice(0, 500)}>
      {text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}
    </span>
  );
}

/** What a pin, or another field of a node, is called. */
export function nameOfField(node: GraphNode | undefined, specs: Specs, name: string): string {
  if (name.startsWith("@")) return name.slice(1);
  const spec = node && specs.get(node.block_id);
  return (node && spec && inputPins(node, spec)[name]?.title) || name;
}

/** Everything that changed between two graphs, as a list: what a diff on the canvas says in words. */
export function Changes({
  found,
  old,
  now,
  onGoTo,
}: {
  found: GraphDiff;
  old: Graph;
  now: Graph;
  onGoTo?: (node: string) => void;
}) {
  const words = useWords();
  const specs = useBuilder((builder) => builder.specs);
  const nodes = new Map([...old.nodes, ...now.nodes].map((node) => [node.id, node]));
  const title = (id: string) => {
    const node = nodes.get(id);
    return node ? titleOf(node, specs.get(node.block_id)) : id;
  };
  const ends = (link: GraphLink) =>
    `${title(link.from)} · ${link.output} → ${title(link.to)} · ${link.input}`;
  const rows: Array<{
    sign: Sign;
    text: string;
    node?: string;
    details?: Array<[string, Change]>;
  }> = [
    ...Object.entries(found.graph).map(([name, change]) => ({
      sign: "~" as const,
      text: words.editing.agentField(name),
      details: [["", change]] as Array<[string, Change]>,
    })),
    ...found.added.map((id) => ({ sign: "+" as const, text: title(id), node: id })),
    ...found.removed.map((id) => ({ sign: "−" as const, text: title(id), node: id })),
    ...Object.entries(found.changed).map(([id, changes]) => ({
      sign: "~" as const,
      text: title(id),
      node: id,
      details: Object.entries(changes).map(([name, change]): [string, Change] => [
        nameOfField(nodes.get(id), specs, name),
        change,
      ]),
    })),
    ...found.links_added.map((link) => ({ sign: "+" as const, text: ends(link) })),
    ...found.links_removed.map((link) => ({ sign: "−" as const, text: ends(link) })),
    ...found.sub_graphs_added.map((id) => ({ sign: "+" as const, text: inside(now, id, words) })),
    ...found.sub_graphs_removed.map((id) => ({ sign: "−" as const, text: inside(old, id, words) })),
    ...Object.keys(found.sub_graphs).map((id) => ({ sign: "~" as const, text: inside(now, id, words) })),
    ...(found.reordered ? [{ sign: "~" as const, text: words.editing.reordered }] : []),
    ...(found.moved.length > 0
      ? [{ sign: "~" as const, text: words.editing.moved(found.moved.length) }]
      : []),
  ];
  if (rows.length === 0) return <p className="text-13 text-dim">{words.editing.same}</p>;
  return (
    <ul className="stack gap-2 text-13">
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is made anew as a whole
        <li key={index} className="flex gap-2">
          <SignMark sign={row.sign} />
          <div className="min-w-0 grow">
            {row.node && onGoTo ? (
              <button
                type="button"
                className="break-words text-left font-medium hover:text-accent"
                onClick={() => row.node && onGoTo(row.node)}
              >
                {row.text}
              </button>
            ) : (
              <span className="break-words">{row.text}</span>
            )}
            {row.details?.map(([name, change]) => (
              <p key={name} className="text-dim">
                {name ? `${name}: ` : ""}
                <del className="no-underline">
                  <Short value={change.before} />
                </del>
                {" → "}
                <ins className="no-underline">
                  <Short value={change.after} />
                </ins>
              </p>
            ))}
          </div>
        </li>
      ))}
    </ul>
  );
}

function inside(graph: Graph, id: string, words: ReturnType<typeof useWords>): string {
  return words.editing.agentInside(graph.sub_graphs?.find((one) => one.id === id)?.name ?? id);
}
