// Agent files come in by drop or by choice; somebody who has none yet is offered examples.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ArrowRight, FileUp, LibraryBig, Plus } from "lucide-react";
import { useState } from "react";
import { EXAMPLES, type Example } from "@/features/library/examples";
import { ApiError, api } from "@/shared/api/client";
import { useWords, words as wordsNow } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { Empty } from "@/shared/ui/state";
import { messageOf } from "@/shared/ui/toast";

interface ImportFault {
  file: string;
  error: unknown;
}

/** Bring agent files in; the first one's page opens. */
export function useImport(folderId?: string) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [problem, setProblem] = useState<ImportFault | null>(null);
  const sending = useMutation({
    mutationFn: async (document: Record<string, unknown>) => {
      const made = await api("POST /api/v1/graphs", { body: document });
      if (folderId)
        await api("PATCH /api/v1/library/agents/{graph_id}", {
          path: { graph_id: made.id },
          body: { folder_id: folderId },
        });
      return made;
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["agents"] }),
  });
  async function document(name: string, read: () => Promise<unknown>) {
    try {
      const made = await sending.mutateAsync((await read()) as Record<string, unknown>);
      await navigate({ to: "/library/$agentId", params: { agentId: made.id } });
    } catch (error) {
      setProblem({ file: name, error });
    }
  }
  return {
    isBusy: sending.isPending,
    problem,
    forget: () => setProblem(null),
    example: (example: Example) => document(example.name, example.load),
    files: async (files: File[]) => {
      for (const file of files)
        await document(file.name, async () => {
          try {
            return JSON.parse(await file.text());
          } catch {
            throw new ApiError(0, "import.not_json", wordsNow().library.notJson, {}, "");
          }
        });
    },
  };
}

export function ImportProblem({ problem, onClose }: { problem: ImportFault; onClose: () => void }) {
  const words = useWords();
  const { error } = problem;
  const errors =
    error instanceof ApiError
      ? (error.details.errors as Record<string, Record<string, string>> | undefined)
      : undefined;
  return (
    <Dialog
      title={words.library.notImported(problem.file)}
      onClose={onClose}
      footer={<Button onClick={onClose}>{words.close}</Button>}
    >
      <p role="alert">{messageOf(error)}</p>
      {errors ? (
        <ul className="mt-3 stack gap-1.5 text-13">
          {Object.entries(errors).flatMap(([node, pins]) =>
            Object.entries(pins).map(([pin, message]) => (
              <li key={`${node}/${pin}`} className="rounded-md bg-sunken px-3 py-2">
                <span className="font-mono text-12 text-dim">
                  {[node.slice(0, 13), pin].filter(Boolean).join(" · ")}
                </span>
                <br />
                {message}
              </li>
            )),
          )}
        </ul>
      ) : null}
    </Dialog>
  );
}

/** What a person sees who has no agent yet: one thing to do, and three more. */
export function FirstMinute({
  onImport,
  take,
}: {
  onImport: () => void;
  take: ReturnType<typeof useImport>;
}) {
  const words = useWords();
  return (
    <div className="stack gap-8">
      <Empty icon={<LibraryBig />} title={words.library.emptyTitle} text={words.library.emptyText}>
        <Link to="/build" className={buttonClass("do")}>
          <Plus className="size-4" />
          {words.library.new}
        </Link>
        <Button onClick={onImport} isBusy={take.isBusy}>
          <FileUp className="size-4" />
          {words.library.import}
        </Button>
      </Empty>
      <section>
        <h2 className="mb-3 text-16">{words.library.examples}</h2>
        <ul className="grid gap-3 sm:grid-cols-2">
          {EXAMPLES.map((example) => (
            <li key={example.name}>
              <button
                type="button"
                onClick={() => take.example(example)}
                disabled={take.isBusy}
                className="card tap group stack h-full w-full gap-1 p-4 text-left hover:border-accent"
              >
                <span className="row justify-between font-semibold">
                  {words.library.exampleNames[example.key]}
                  <ArrowRight className="size-4 text-accent transition-transform group-hover:translate-x-0.5" />
                </span>
                <span className="text-dim">{words.library.exampleTexts[example.key]}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
