import { useReactFlow } from "@xyflow/react";
import {
  AlignCenterHorizontal,
  AlignCenterVertical,
  AlignEndHorizontal,
  AlignEndVertical,
  AlignHorizontalDistributeCenter,
  AlignStartHorizontal,
  AlignStartVertical,
  AlignVerticalDistributeCenter,
  Copy,
  type LucideIcon,
  Trash2,
} from "lucide-react";
import { NEW_NODE } from "@/features/builder/placing";
import { act, useBuilder } from "@/features/builder/store";
import { type Alignment, type Axis, aligned, type Box, distributed } from "@/graph-core/align";
import { groupOf, groupsOf } from "@/graph-core/edit";
import type { GraphNode } from "@/graph-core/model";
import { useWords } from "@/shared/settings";
import { Button, IconButton } from "@/shared/ui/button";
import { Field, Input } from "@/shared/ui/field";

const ALIGNMENTS: Array<[Alignment, LucideIcon]> = [
  ["left", AlignStartVertical],
  ["centre", AlignCenterVertical],
  ["right", AlignEndVertical],
  ["top", AlignStartHorizontal],
  ["middle", AlignCenterHorizontal],
  ["bottom", AlignEndHorizontal],
];
const AXES: Array<[Axis, LucideIcon]> = [
  ["horizontal", AlignHorizontalDistributeCenter],
  ["vertical", AlignVerticalDistributeCenter],
];

/** What can be done with several nodes at once. */
export function Many({ selected, onDuplicate }: { selected: string[]; onDuplicate: () => void }) {
  const words = useWords();
  const flow = useReactFlow();
  const graph = useBuilder((builder) => builder.draft.graph);
  const nodes = graph.nodes.filter((node) => selected.includes(node.id));
  const boxes = (): Box[] =>
    selected.flatMap((id) => {
      const node = flow.getNode(id);
      return node
        ? [
            {
              id,
              ...node.position,
              width: node.measured?.width ?? NEW_NODE.width,
              height: node.measured?.height ?? NEW_NODE.height,
            },
          ]
        : [];
    });
  return (
    <div className="stack min-h-0 grow gap-5 overflow-y-auto p-4">
      <div className="row flex-wrap">
        <Button small onClick={onDuplicate}>
          <Copy className="size-4" />
          {words.builder.duplicate}
        </Button>
        <Button small look="danger" onClick={() => act({ kind: "remove", nodes: selected, links: [] })}>
          <Trash2 className="size-4" />
          {words.remove}
        </Button>
      </div>
      <GroupField nodes={nodes} />
      <section>
        <h3 className="mb-1.5 text-13 text-dim">{words.editing.align}</h3>
        <div className="flex flex-wrap gap-1">
          {ALIGNMENTS.map(([by, Icon]) => (
            <IconButton
              key={by}
              look="plain"
              label={words.editing.alignments[by]}
              onClick={() => act({ kind: "move", to: aligned(boxes(), by) })}
            >
              <Icon />
            </IconButton>
          ))}
          {AXES.map(([along, Icon]) => (
            <IconButton
              key={along}
              look="plain"
              label={words.editing.distribute[along]}
              disabled={selected.length < 3}
              onClick={() => act({ kind: "move", to: distributed(boxes(), along) })}
            >
              <Icon />
            </IconButton>
          ))}
        </div>
      </section>
    </div>
  );
}

/** The group that nodes are in: a name that they share. */
export function GroupField({ nodes }: { nodes: GraphNode[] }) {
  const words = useWords();
  const graph = useBuilder((builder) => builder.draft.graph);
  const names = [...new Set(nodes.map(groupOf))];
  const name = names.length === 1 ? (names[0] ?? "") : "";
  const known = [...groupsOf(graph).keys()];
  const listId = `groups-${nodes[0]?.id}`;
  return (
    <Field label={words.editing.group} hint={nodes.length > 1 ? words.editing.groupHint : undefined}>
      {(given) => (
        <>
          <Input
            list={listId}
            maxLength={100}
            value={name}
            placeholder={names.length > 1 ? words.editing.several : words.editing.noGroup}
            onChange={(event) =>
              act({ kind: "group", nodes: nodes.map((node) => node.id), name: event.target.value })
            }
            {...given}
          />
          <datalist id={listId}>
            {known.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
