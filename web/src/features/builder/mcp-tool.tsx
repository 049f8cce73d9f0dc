import { useMutation } from "@tanstack/react-query";
import { Check, Wrench } from "lucide-react";
import { useState } from "react";
import { act } from "@/features/builder/store";
import type { GraphNode, Schema } from "@/graph-core/model";
import { api } from "@/shared/api/client";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { Field, Input } from "@/shared/ui/field";
import { FormProblem, Skeletons } from "@/shared/ui/state";

/** Whether a pin is asked for by the choice of a tool, not by the form: arguments are pins once they are known. */
export function isOfChoice(node: GraphNode, pin: string): boolean {
  return (
    pin === "server_url" || (pin === "tool_arguments" && node.constants?.tool_input_schema !== undefined)
  );
}

interface Tool {
  name: string;
  description: string;
  input_schema: Schema;
}

/** Which tool of which server a node calls; the node's inputs are then the tool's. */
export function McpChoice({ node, errors }: { node: GraphNode; errors: Readonly<Record<string, string>> }) {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  const url = String(node.constants?.server_url ?? "");
  const chosen = String(node.constants?.selected_tool ?? "");
  const asking = useMutation({
    mutationFn: async () => {
      const { outputs } = await api("POST /api/v1/blocks/{block_id}/execute", {
        path: { block_id: "ListMCPTools" },
        body: {
          inputs: {
            server_url: url,
            ...(node.constants?.credentials ? { credentials: node.constants.credentials } : {}),
          },
        },
      });
      return (outputs.tools?.[0] ?? []) as Tool[];
    },
  });
  function ask() {
    setOpen(true);
    asking.mutate();
  }
  return (
    <>
      <Field
        label={words.editing.mcpServer}
        hint={words.editing.mcpHint}
        error={errors.server_url}
        isRequired
      >
        {(given) => (
          <Input
            type="url"
            value={url}
            placeholder="https://mcp.example.com/mcp"
            onChange={(event) =>
              act({
                kind: "constants",
                node: node.id,
                values: { server_url: event.target.value || undefined },
              })
            }
            {...given}
          />
        )}
      </Field>
      <Button small className="self-start" disabled={!url} onClick={ask}>
        <Wrench className="size-4" />
        {words.editing.mcpFind}
      </Button>
      {node.constants?.tool_description ? (
        <p className="text-13 text-dim">{String(node.constants.tool_description)}</p>
      ) : null}
      {isOpen ? (
        <Dialog title={words.editing.mcpChoose} about={url} onClose={() => setOpen(false)} isWide>
          {asking.isPending ? <Skeletons count={3} className="h-14" /> : null}
          {asking.isError ? (
            <div className="stack gap-3">
              <FormProblem error={asking.error} />
              <Button className="self-start" onClick={() => asking.mutate()}>
                {words.editing.again}
              </Button>
            </div>
          ) : null}
          {asking.data ? (
            <Tools
              tools={asking.data}
              chosen={chosen}
              onChoose={(tool) => {
                act({
                  kind: "constants",
                  node: node.id,
                  values: {
                    selected_tool: tool.name,
                    tool_description: tool.description || undefined,
                    tool_input_schema: tool.input_schema,
                  },
                });
                setOpen(false);
              }}
            />
          ) : null}
        </Dialog>
      ) : null}
    </>
  );
}

function Tools({
  tools,
  chosen,
  onChoose,
}: {
  tools: Tool[];
  chosen: string;
  onChoose: (tool: Tool) => void;
}) {
  const words = useWords();
  const [text, setText] = useState("");
  const needle = text.trim().toLowerCase();
  const found = tools.filter((one) => `${one.name} ${one.description}`.toLowerCase().includes(needle));
  return (
    <div className="stack gap-3">
      <Input
        type="search"
        aria-label={words.editing.mcpSearch}
        placeholder={words.editing.mcpSearch}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <ul className="stack gap-1">
        {found.map((one) => (
          <li key={one.name}>
            <button
              type="button"
              aria-pressed={one.name === chosen}
              onClick={() => onChoose(one)}
              className="flex w-full gap-2 rounded-md px-3 py-2 text-left hover:bg-sunken aria-pressed:bg-wash"
            >
              <span className="min-w-0 grow">
                <span className="block font-mono text-13">{one.name}</span>
                <span className="line-clamp-2 text-12 text-dim">{one.description}</span>
                <span className="block text-12 text-dim">
                  {Object.keys(one.input_schema.properties ?? {}).join(", ")}
                </span>
              </span>
              {one.name === chosen ? <Check className="size-4 shrink-0 text-accent" /> : null}
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 ? <p className="py-4 text-center text-dim">{words.editing.mcpNone}</p> : null}
    </div>
  );
}
