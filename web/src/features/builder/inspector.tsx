import { AlertTriangle, Bug, Copy, Link2, Plus, Trash2, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { titleOf } from "@/features/builder/block-node";
import { BrokenLinks } from "@/features/builder/broken-links";
import { Credentials } from "@/features/builder/credentials";
import { AgentChoice } from "@/features/builder/inner-agent";
import { blockColour, familyOf } from "@/features/builder/look";
import { GroupField, Many } from "@/features/builder/many";
import { isOfChoice, McpChoice } from "@/features/builder/mcp-tool";
import { PolicyFields } from "@/features/builder/policy";
import { act, addPin, useBuilder } from "@/features/builder/store";
import { TriggerNote } from "@/features/builder/trigger-note";
import { typesOf } from "@/graph-core/coerce";
import { linkId } from "@/graph-core/edit";
import type { BlockSpec, Graph, GraphLink, GraphNode, Schema } from "@/graph-core/model";
import type { Step } from "@/graph-core/overlay";
import { inputPins, isCredential, outputPins } from "@/graph-core/schemas";
import { spaced } from "@/graph-core/text";
import { byNode } from "@/graph-core/validate";
import { SchemaForm } from "@/shared/form/schema-form";
import { useWords } from "@/shared/settings";
import { Button, IconButton } from "@/shared/ui/button";
import { Field, Input, Select, Textarea } from "@/shared/ui/field";
import { Menu, type MenuItem } from "@/shared/ui/menu";
import { StateBadge } from "@/shared/ui/state";
import { ValueView } from "@/shared/value/value-view";

/** Everything about what is selected: one node, or the agent itself. */
export function Inspector({
  step,
  debug,
  onDuplicate,
  onLink,
  onGoTo,
  onClose,
}: {
  step: Step | undefined;
  debug: (node: string) => MenuItem[];
  onDuplicate: () => void;
  onLink: () => void;
  onGoTo: (node: string) => void;
  onClose: () => void;
}) {
  const words = useWords();
  const selected = useBuilder((builder) => builder.selected);
  const graph = useBuilder((builder) => builder.draft.graph);
  const specs = useBuilder((builder) => builder.specs);
  const node = selected.length === 1 ? graph.nodes.find((one) => one.id === selected[0]) : undefined;
  return (
    <aside
      aria-label={words.builder.inspector}
      className="stack h-full w-full shrink-0 overflow-hidden border-l bg-paper max-md:absolute max-md:inset-x-0 max-md:bottom-0 max-md:z-20 max-md:h-[60%] max-md:rounded-t-lg max-md:border max-md:shadow-float md:w-84"
    >
      {selected.length > 1 ? (
        <>
          <Head title={words.builder.selected(selected.length)} onClose={onClose} />
          <Many selected={selected} onDuplicate={onDuplicate} />
        </>
      ) : node ? (
        <NodePanel
          key={node.id}
          node={node}
          spec={specs.get(node.block_id)}
          step={step}
          debug={debug}
          onDuplicate={onDuplicate}
          onLink={onLink}
          onClose={onClose}
        />
      ) : (
        <AgentPanel onGoTo={onGoTo} onClose={onClose} />
      )}
    </aside>
  );
}

function Head({
  title,
  icon,
  onClose,
  children,
}: {
  title: ReactNode;
  icon?: ReactNode;
  onClose: () => void;
  children?: ReactNode;
}) {
  const words = useWords();
  return (
    <header className="row min-h-14 border-b py-2 pr-2 pl-4">
      {icon}
      <h2 className="line-clamp-2 min-w-0 grow text-14 leading-tight">{title}</h2>
      <span className="-ml-1 flex shrink-0">
        {children}
        <IconButton label={words.close} onClick={onClose}>
          <X />
        </IconButton>
      </span>
    </header>
  );
}

function AgentPanel({ onGoTo, onClose }: { onGoTo: (node: string) => void; onClose: () => void }) {
  const words = useWords();
  const graph = useBuilder((builder) => builder.draft.graph);
  const specs = useBuilder((builder) => builder.specs);
  const problems = useBuilder((builder) => builder.problems);
  return (
    <>
      <Head title={words.builder.agent} onClose={onClose} />
      <div className="stack min-h-0 grow gap-4 overflow-y-auto p-4">
        <Field label={words.builder.name}>
          {(given) => (
            <Input
              maxLength={200}
              value={graph.name}
              onChange={(event) => act({ kind: "describe", name: event.target.value })}
              {...given}
            />
          )}
        </Field>
        <Field label={words.builder.description}>
          {(given) => (
            <Textarea
              value={graph.description ?? ""}
              onChange={(event) => act({ kind: "describe", description: event.target.value })}
              {...given}
            />
          )}
        </Field>
        {problems.length > 0 ? (
          <section>
            <h3 className="mb-2 text-13 text-dim">{words.builder.problems(problems.length)}</h3>
            <ul className="stack gap-1.5">
              {problems.map((one) => {
                const node = graph.nodes.find((other) => other.id === one.node);
                return (
                  <li key={`${one.node}${one.pin}${one.code}`}>
                    <button
                      type="button"
                      disabled={!node}
                      onClick={() => node && onGoTo(node.id)}
                      className="flex w-full gap-2 rounded-md bg-sunken px-3 py-2 text-left text-13 enabled:hover:bg-wash"
                    >
                      <AlertTriangle
                        className={`mt-0.5 size-4 shrink-0 ${one.severity === "error" ? "text-bad" : "text-wait"}`}
                      />
                      <span>
                        {node ? (
                          <b className="font-medium">{titleOf(node, specs.get(node.block_id))} </b>
                        ) : null}
                        {one.pin ? <span className="font-mono text-12 text-dim">{one.pin} </span> : null}
                        {one.message}
                      </span>
                    </button>
                  </li>
                );
              })}
            </ul>
          </section>
        ) : graph.nodes.length > 0 ? (
          <p className="rounded-md bg-good-wash px-3 py-2 text-13 text-good">{words.builder.noProblems}</p>
        ) : null}
      </div>
    </>
  );
}

function NodePanel({
  node,
  spec,
  step,
  debug,
  onDuplicate,
  onLink,
  onClose,
}: {
  node: GraphNode;
  spec: BlockSpec | undefined;
  step: Step | undefined;
  debug: (node: string) => MenuItem[];
  onDuplicate: () => void;
  onLink: () => void;
  onClose: () => void;
}) {
  const words = useWords();
  const graph = useBuilder((builder) => builder.draft.graph);
  const problems = useBuilder((builder) => builder.problems);
  const { icon: Icon } = familyOf(spec);
  const errors = byNode(problems, "error")[node.id] ?? {};
  const incoming = new Map(
    graph.links.filter((link) => link.to === node.id).map((link) => [link.input, link]),
  );
  const pins = spec ? inputPins(node, spec) : {};
  const isAgent = spec?.kind === "Agent";
  const isTool = spec?.kind === "MCP Tool";
  const own = new Set(["graph_id", "graph_version", "agent_name", "inputs"]);
  const schema: Schema = {
    ...spec?.input_schema,
    properties: pins,
    required: [
      ...(spec?.input_schema.required ?? []),
      ...(isTool ? (node.constants?.tool_input_schema?.required ?? []) : []),
    ],
  };
  return (
    <>
      <Head
        icon={
          <span
            className="grid size-6 shrink-0 place-items-center rounded-md text-paper [&_svg]:size-3.5"
            style={{ background: blockColour(spec) }}
          >
            <Icon aria-hidden="true" />
          </span>
        }
        title={titleOf(node, spec)}
        onClose={onClose}
      >
        {spec && spec.kind !== "Note" ? (
          <Menu label={words.debug.menu} trigger={<Bug />} items={debug(node.id)} />
        ) : null}
        <IconButton label={words.keyboard.keys.link} onClick={onLink}>
          <Link2 />
        </IconButton>
        <IconButton label={words.builder.duplicate} onClick={onDuplicate}>
          <Copy />
        </IconButton>
        <IconButton label={words.remove} onClick={() => act({ kind: "remove", nodes: [node.id], links: [] })}>
          <Trash2 />
        </IconButton>
      </Head>
      <div className="stack min-h-0 grow gap-4 overflow-y-auto p-4">
        <p className="text-13 text-dim">{spec ? spec.description : words.builder.unknownBlock}</p>
        {errors[""] ? (
          <p className="rounded-md bg-bad-wash px-3 py-2 text-13 text-bad">{errors[""]}</p>
        ) : null}
        <Field label={words.builder.nodeName}>
          {(given) => (
            <Input
              value={node.name ?? ""}
              placeholder={spec ? spaced(spec.name) : ""}
              onChange={(event) => act({ kind: "rename", node: node.id, name: event.target.value })}
              {...given}
            />
          )}
        </Field>
        {spec?.kind.startsWith("Webhook") ? <TriggerNote /> : null}
        {isAgent ? <AgentChoice node={node} /> : null}
        {isTool ? <McpChoice node={node} errors={errors} /> : null}
        <Credentials node={node} pins={pins} linked={incoming} />
        <SchemaForm
          schema={schema}
          values={node.constants ?? {}}
          errors={errors}
          hidden={(name, one) =>
            isCredential(one) ||
            incoming.has(name) ||
            (isAgent && own.has(name)) ||
            (isTool && isOfChoice(node, name))
          }
          onChange={(name, value) => act({ kind: "constants", node: node.id, values: { [name]: value } })}
        />
        <Linked links={[...incoming.values()]} graph={graph} />
        <BrokenLinks node={node} />
        <MorePins node={node} spec={spec} />
        <GroupField nodes={[node]} />
        {step ? <LastRun step={step} /> : null}
        {spec && spec.kind !== "Note" ? <PolicyFields node={node} /> : null}
      </div>
    </>
  );
}

function Linked({ links, graph }: { links: GraphLink[]; graph: Graph }) {
  const words = useWords();
  const specs = useBuilder((builder) => builder.specs);
  if (links.length === 0) return null;
  return (
    <section>
      <h3 className="mb-1.5 text-13 text-dim">{words.builder.linked}</h3>
      <ul className="stack gap-1">
        {links.map((link) => {
          const source = graph.nodes.find((node) => node.id === link.from);
          return (
            <li key={linkId(link)} className="row rounded-md bg-sunken py-0.5 pr-0.5 pl-3 text-13">
              <span className="min-w-0 grow truncate">
                <b className="font-medium">{link.input}</b> ←{" "}
                {source ? titleOf(source, specs.get(source.block_id)) : link.from} · {link.output}
              </span>
              <IconButton
                label={words.builder.unlink}
                onClick={() => act({ kind: "remove", nodes: [], links: [linkId(link)] })}
              >
                <X />
              </IconButton>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Parts of lists and objects can be pins of their own: `values_#_name`, `items_$_0`. */
function MorePins({ node, spec }: { node: GraphNode; spec: BlockSpec | undefined }) {
  const words = useWords();
  const [pin, setPin] = useState("");
  const [part, setPart] = useState("");
  if (!spec) return null;
  const open = (pins: Record<string, Schema>) =>
    Object.entries(pins).filter(
      ([, one]) =>
        !isCredential(one) && !one.hidden && (typesOf(one).has("object") || typesOf(one).has("array")),
    );
  const choices = [
    ...open(inputPins(node, spec)).map(([name]) => ({
      key: name,
      name,
      label: words.builder.partOfInput(name),
    })),
    ...open(outputPins(node, spec)).map(([name]) => ({
      key: `out:${name}`,
      name,
      label: words.builder.partOfOutput(name),
    })),
  ];
  if (choices.length === 0) return null;
  const chosen = choices.find((one) => one.key === pin) ?? choices[0];
  return (
    <details>
      <summary className="w-fit text-13 text-dim hover:text-ink">{words.builder.addPin}</summary>
      <form
        className="mt-2 stack gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (!chosen || !part) return;
          addPin(node.id, `${chosen.key}${/^\d+$/.test(part) ? "_$_" : "_#_"}${part}`);
          setPart("");
        }}
      >
        <Select
          aria-label={words.builder.addPin}
          value={chosen?.key}
          onChange={(event) => setPin(event.target.value)}
        >
          {choices.map((one) => (
            <option key={one.key} value={one.key}>
              {one.label}
            </option>
          ))}
        </Select>
        <div className="row">
          <Input
            aria-label={words.builder.partName}
            placeholder={words.builder.partName}
            value={part}
            onChange={(event) => setPart(event.target.value)}
          />
          <Button type="submit">
            <Plus className="size-4" />
            {words.builder.add}
          </Button>
        </div>
      </form>
    </details>
  );
}

function LastRun({ step }: { step: Step }) {
  const words = useWords();
  return (
    <section>
      <h3 className="row mb-2 text-13 text-dim">
        {words.builder.lastRun} <StateBadge state={step.state} />
      </h3>
      {step.error ? (
        <p className="mb-2 rounded-md bg-bad-wash px-3 py-2 text-13 text-bad">{step.error.message}</p>
      ) : null}
      <div className="stack gap-2">
        {step.outputs.slice(0, 5).map(([pin, value], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: values have no name but their place
          <div key={index}>
            <p className="font-mono text-12 text-dim">{pin}</p>
            <div className="overflow-x-auto rounded-md bg-sunken p-2 text-13">
              <ValueView value={value} />
            </div>
          </div>
        ))}
      </div>
    </section>
  );
}
