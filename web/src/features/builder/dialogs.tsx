import { useMemo, useState } from "react";
import { titleOf } from "@/features/builder/block-node";
import { newLink, shownInputs, shownOutputs, whyNot } from "@/features/builder/pins";
import { act, useBuilder } from "@/features/builder/store";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { Field, Select } from "@/shared/ui/field";

const NONE: ReadonlySet<string> = new Set();

/** Link two nodes without a mouse: which pin, to which pin of which node. */
export function LinkDialog({ from, onClose }: { from: string; onClose: () => void }) {
  const words = useWords();
  const graph = useBuilder((builder) => builder.draft.graph);
  const specs = useBuilder((builder) => builder.specs);
  const node = graph.nodes.find((one) => one.id === from);
  const outputs = node ? shownOutputs(node, specs.get(node.block_id), NONE, [], true) : [];
  const [output, setOutput] = useState(
    () => outputs.find((one) => one.name !== "error")?.name ?? outputs[0]?.name ?? "",
  );
  const targets = useMemo(
    () =>
      graph.nodes
        .filter((one) => one.id !== from && specs.get(one.block_id)?.kind !== "Note")
        .flatMap((one) => {
          const spec = specs.get(one.block_id);
          return shownInputs(one, spec, NONE, [], true)
            .pins.filter(
              (pin) => whyNot(graph, specs, { from, output, to: one.id, input: pin.name }) === null,
            )
            .map((pin) => ({ key: `${one.id}\n${pin.name}`, label: `${titleOf(one, spec)} · ${pin.label}` }));
        }),
    [graph, specs, from, output],
  );
  const [target, setTarget] = useState("");
  const chosen = targets.find((one) => one.key === target) ?? targets[0];
  if (!node) return null;
  return (
    <Dialog
      title={words.builder.linkTitle(titleOf(node, specs.get(node.block_id)))}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button
            look="do"
            disabled={!chosen || !output}
            onClick={() => {
              const [to = "", input = ""] = (chosen?.key ?? "").split("\n");
              act({ kind: "link", link: newLink(specs, graph, { from, output, to, input }) });
              onClose();
            }}
          >
            {words.builder.link}
          </Button>
        </>
      }
    >
      <div className="stack gap-4">
        <Field label={words.builder.linkFrom}>
          {(given) => (
            <Select value={output} onChange={(event) => setOutput(event.target.value)} {...given}>
              {outputs.map((one) => (
                <option key={one.name} value={one.name}>
                  {one.label}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={words.builder.linkTo}>
          {(given) => (
            <Select value={chosen?.key ?? ""} onChange={(event) => setTarget(event.target.value)} {...given}>
              {targets.map((one) => (
                <option key={one.key} value={one.key}>
                  {one.label}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
    </Dialog>
  );
}
