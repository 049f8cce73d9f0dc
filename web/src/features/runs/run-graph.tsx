import { useMemo } from "react";
import { laidOut } from "@/features/builder/layout";
import type { NameOf } from "@/features/runs/names";
import type { Graph, Position } from "@/graph-core/model";
import type { Moment, StepState } from "@/graph-core/overlay";
import { number } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { StateIcon } from "@/shared/ui/state";

const SIZE = { width: 184, height: 44 };
const MARGIN = 24;
/** Of a node in the builder, 240 wide and seldom lower than 130. */
const SMALLER = { x: SIZE.width / 240, y: 0.45 };
const LEAST_GAP = 12;
const MOST_NODES = 400;
const LOOKS: Record<StepState, string> = {
  queued: "border-edge",
  running: "border-live bg-live-wash",
  retrying: "border-wait bg-wait-wash",
  waiting: "border-wait bg-wait-wash",
  completed: "border-good bg-good-wash",
  reused: "border-edge bg-sunken",
  failed: "border-bad bg-bad-wash",
  cancelled: "border-edge bg-sunken",
  skipped: "border-edge bg-sunken",
};

/** The graph that ran, small, each node in the state that it had at a moment. */
export function RunGraph({
  graph,
  moment,
  nameOf,
  marked,
  onNode,
}: {
  graph: Graph;
  moment: ReadonlyMap<string, Moment>;
  nameOf: NameOf;
  /** The node that something happens to right now. */
  marked: string | null;
  onNode: (node: string) => void;
}) {
  const words = useWords();
  const places = useMemo(() => placed(graph), [graph]);
  if (places === null)
    return <p className="px-5 pb-4 text-dim">{words.runs.tooManyNodes(number(graph.nodes.length))}</p>;
  const { at, width, height } = places;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <div className="max-h-96 overflow-auto focus-visible:-outline-offset-2" tabIndex={0}>
      <div className="relative mx-auto" style={{ width, height }}>
        <svg aria-hidden="true" width={width} height={height} className="absolute inset-0">
          {graph.links.map((link) => {
            const [from, to] = [at[link.from], at[link.to]];
            if (!from || !to) return null;
            const [x, y, a, b] = [
              from.x + SIZE.width,
              from.y + SIZE.height / 2,
              to.x,
              to.y + SIZE.height / 2,
            ];
            const bend = Math.max(32, Math.abs(a - x) / 2);
            return (
              <path
                key={`${link.from} ${link.output} ${link.to} ${link.input}`}
                d={`M${x} ${y}C${x + bend} ${y} ${a - bend} ${b} ${a} ${b}`}
                fill="none"
                strokeWidth={1.5}
                stroke={moment.has(link.to) ? "var(--edge)" : "var(--line)"}
                strokeDasharray={link.static ? "4 4" : undefined}
              />
            );
          })}
        </svg>
        <ul aria-label={words.runs.nodesThen}>
          {graph.nodes.map((node) => {
            const place = at[node.id];
            const then = moment.get(node.id);
            return place ? (
              <li
                key={node.id}
                className="absolute"
                style={{ left: place.x, top: place.y, width: SIZE.width, height: SIZE.height }}
              >
                <button
                  type="button"
                  disabled={!then}
                  onClick={() => onNode(node.id)}
                  className={`row h-full w-full rounded-md border px-2.5 text-left text-13 ${then ? LOOKS[then.state] : "border-dashed bg-paper text-dim"} ${marked === node.id ? "outline-2 outline-accent outline-offset-1" : ""}`}
                >
                  {then ? <StateIcon state={then.state} /> : null}
                  <span className="min-w-0 grow truncate">{nameOf(node.id)}</span>
                  <span className="sr-only">{then ? words.states[then.state] : words.runs.notYet}</span>
                  {then && then.steps > 1 ? (
                    <span className="text-12 text-dim">×{number(then.steps)}</span>
                  ) : null}
                </button>
              </li>
            ) : null;
          })}
        </ul>
      </div>
    </div>
  );
}

/** Where nodes stand; null where there are too many to be looked at. */
function placed(graph: Graph): { at: Record<string, Position>; width: number; height: number } | null {
  if (graph.nodes.length > MOST_NODES) return null;
  const found = Object.entries(asDrawn(graph) ?? tidied(graph));
  const [left, top] = [Math.min(...found.map(([, at]) => at.x)), Math.min(...found.map(([, at]) => at.y))];
  const at = Object.fromEntries(
    found.map(([id, { x, y }]) => [id, { x: x - left + MARGIN, y: y - top + MARGIN / 2 }]),
  );
  const all = Object.values(at);
  return {
    at,
    width: Math.max(...all.map((one) => one.x)) + SIZE.width + MARGIN,
    height: Math.max(...all.map((one) => one.y)) + SIZE.height + MARGIN,
  };
}

/** As its person drew it, smaller; null where somebody's nodes have no place, or cover one another when they are small. */
function asDrawn(graph: Graph): Record<string, Position> | null {
  const at: Record<string, Position> = {};
  for (const { id } of graph.nodes) {
    const drawn = graph.layout?.[id];
    if (!drawn) return null;
    at[id] = { x: drawn.x * SMALLER.x, y: drawn.y * SMALLER.y };
  }
  const all = Object.values(at);
  const isCovered = all.some((one, index) =>
    all.some(
      (other, later) =>
        later > index &&
        Math.abs(one.x - other.x) < SIZE.width + LEAST_GAP &&
        Math.abs(one.y - other.y) < SIZE.height + LEAST_GAP,
    ),
  );
  return isCovered ? null : at;
}

function tidied(graph: Graph): Record<string, Position> {
  return laidOut(graph, new Map(graph.nodes.map((node) => [node.id, SIZE])), new Set());
}
