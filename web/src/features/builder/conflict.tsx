import { useState } from "react";
import { titleOf } from "@/features/builder/block-node";
import { Changes, nameOfField, Short } from "@/features/builder/changes";
import { useBuilder } from "@/features/builder/store";
import { diff } from "@/graph-core/diff";
import { type Conflict, merge, type Side } from "@/graph-core/merge";
import { type Graph, isObject, type Json } from "@/graph-core/model";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";

/** Somebody saved meanwhile, and both changed the same: what they did, and whose stays where. */
export function ConflictDialog({
  base,
  theirs,
  onMerge,
  onTheirs,
  onClose,
}: {
  base: Graph;
  theirs: Graph;
  onMerge: (choices: Record<string, Side>) => void;
  onTheirs: () => void;
  onClose: () => void;
}) {
  const words = useWords();
  const mine = useBuilder((builder) => builder.draft.graph);
  const [choices, setChoices] = useState<Record<string, Side>>({});
  const { conflicts } = merge(base, theirs, mine);
  const left = conflicts.filter((one) => !choices[one.key]).length;
  return (
    <Dialog
      isWide
      title={words.builder.conflict}
      about={words.editing.conflictText(theirs.version, base.version)}
      onClose={onClose}
      footer={
        <>
          <span className="grow text-13 text-dim" role="status">
            {left > 0 ? words.editing.toChoose(left) : ""}
          </span>
          <Button onClick={onTheirs}>{words.editing.theirsAll}</Button>
          <Button look="do" disabled={left > 0} onClick={() => onMerge(choices)}>
            {words.editing.mergeAndSave}
          </Button>
        </>
      }
    >
      <div className="stack gap-5">
        <section className="stack gap-3">
          <div className="row justify-between">
            <h3 className="text-13 text-dim">{words.editing.bothChanged}</h3>
            <div className="row gap-1">
              {(["mine", "theirs"] as const).map((side) => (
                <Button
                  key={side}
                  small
                  look="quiet"
                  onClick={() => setChoices(Object.fromEntries(conflicts.map((one) => [one.key, side])))}
                >
                  {words.editing.allOf[side]}
                </Button>
              ))}
            </div>
          </div>
          {conflicts.map((one) => (
            <Choice
              key={one.key}
              conflict={one}
              graphs={[mine, theirs, base]}
              chosen={choices[one.key]}
              onChoose={(side) => setChoices({ ...choices, [one.key]: side })}
            />
          ))}
        </section>
        <details>
          <summary className="w-fit text-13 text-dim hover:text-ink">{words.editing.theyDid}</summary>
          <div className="mt-3">
            <Changes found={diff(base, theirs)} old={base} now={theirs} />
          </div>
        </details>
      </div>
    </Dialog>
  );
}

function Choice({
  conflict,
  graphs,
  chosen,
  onChoose,
}: {
  conflict: Conflict;
  graphs: Graph[];
  chosen: Side | undefined;
  onChoose: (side: Side) => void;
}) {
  const words = useWords();
  return (
    <fieldset className="rounded-md border p-3">
      <legend className="px-1 font-medium text-13">
        <About conflict={conflict} graphs={graphs} />
      </legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {(["mine", "theirs"] as const).map((side) => (
          <label
            key={side}
            className="flex cursor-pointer gap-2 rounded-md border bg-sunken/50 px-3 py-2 text-13 has-checked:border-accent has-checked:bg-wash"
          >
            <input
              type="radio"
              name={conflict.key}
              checked={chosen === side}
              onChange={() => onChoose(side)}
              className="mt-0.5 accent-(--accent)"
            />
            <span className="min-w-0">
              <span className="block text-12 text-dim">{words.editing.sides[side]}</span>
              <Shown conflict={conflict} value={conflict[side]} />
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** What a conflict is about: "Calculator · B". */
function About({ conflict, graphs }: { conflict: Conflict; graphs: Graph[] }) {
  const words = useWords();
  const specs = useBuilder((builder) => builder.specs);
  const node = graphs.flatMap((graph) => graph.nodes).find((one) => one.id === conflict.node);
  const title = node ? titleOf(node, specs.get(node.block_id)) : "";
  switch (conflict.kind) {
    case "graph":
      return words.editing.agentField(conflict.name);
    case "inside":
      return words.editing.agentInside((conflict.mine ?? conflict.theirs)?.name ?? conflict.node);
    case "node":
      return title;
    case "link":
      return `${title} · ${words.editing.linkLasts}`;
    default:
      return `${title} · ${nameOfField(node, specs, conflict.name)}`;
  }
}

function Shown({ conflict, value }: { conflict: Conflict; value: Json }) {
  const words = useWords();
  const specs = useBuilder((builder) => builder.specs);
  const node = useBuilder((builder) => builder.draft.graph.nodes.find((one) => one.id === conflict.node));
  if (conflict.kind === "node" || conflict.kind === "inside")
    return <>{isObject(value) ? words.editing.stays : words.editing.goes}</>;
  const schema = node && specs.get(node.block_id)?.input_schema.properties?.[conflict.name];
  if (schema?.secret && value) return <>•••</>;
  return <Short value={value} />;
}
