import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ArrowRight, FileUp, LibraryBig, Play, Plus, Search } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { EXAMPLES, type Example } from "@/features/library/examples";
import { agentsQuery } from "@/features/library/queries";
import { lastRunQuery } from "@/features/runs/queries";
import { ApiError, api } from "@/shared/api/client";
import type { GraphItem } from "@/shared/api/schema";
import { useWords, words as wordsNow } from "@/shared/settings";
import { Button, buttonClass, IconButton } from "@/shared/ui/button";
import { Dialog } from "@/shared/ui/dialog";
import { Ago, Empty, Page, Problem, StateBadge } from "@/shared/ui/state";
import { messageOf } from "@/shared/ui/toast";

const RunDialog = lazy(() =>
  import("@/features/runs/run-dialog").then((module) => ({ default: module.RunDialog })),
);
const PAUSE_MS = 200;

export function LibraryPage() {
  const words = useWords();
  const { search = "" } = useSearch({ from: "/shell/library" });
  const agents = useInfiniteQuery(agentsQuery(search));
  const take = useImport();
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const [running, setRunning] = useState<GraphItem | null>(null);
  const all = agents.data?.pages.flatMap((page) => page.graphs) ?? [];
  const isEmpty = agents.isSuccess && all.length === 0;

  return (
    <section
      aria-label={words.nav.library}
      className="relative min-h-full"
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => event.currentTarget.contains(event.relatedTarget as Node) || setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take.files([...event.dataTransfer.files]);
      }}
    >
      <Page
        title={words.nav.library}
        aside={
          isEmpty && !search ? null : (
            <>
              <Button onClick={() => input.current?.click()} isBusy={take.isBusy}>
                <FileUp className="size-4" />
                {words.library.import}
              </Button>
              <Link to="/build" className={buttonClass("do")}>
                <Plus className="size-4" />
                {words.library.new}
              </Link>
            </>
          )
        }
      >
        <input
          ref={input}
          type="file"
          accept=".json,application/json"
          multiple
          hidden
          aria-label={words.library.import}
          onChange={(event) => {
            take.files([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
        {isEmpty && !search ? null : <SearchBox />}
        {agents.isPending ? (
          <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
            {["a", "b", "c", "d", "e", "f"].map((one) => (
              <div key={one} className="skeleton h-40 animate-breathe" />
            ))}
          </div>
        ) : agents.isError ? (
          <Problem error={agents.error} onRetry={() => agents.refetch()} />
        ) : isEmpty && search ? (
          <Empty
            icon={<Search />}
            title={words.library.nothingFound(search)}
            text={words.library.nothingFoundText}
          />
        ) : isEmpty ? (
          <FirstMinute onImport={() => input.current?.click()} take={take} />
        ) : (
          <>
            <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
              {all.map((agent) => (
                <AgentCard key={agent.id} agent={agent} onRun={() => setRunning(agent)} />
              ))}
            </ul>
            {agents.hasNextPage ? (
              <Button
                className="mx-auto mt-6 flex"
                onClick={() => agents.fetchNextPage()}
                isBusy={agents.isFetchingNextPage}
              >
                {words.showMore}
              </Button>
            ) : null}
          </>
        )}
      </Page>
      {isOver ? (
        <div className="pointer-events-none absolute inset-3 z-20 grid place-items-center rounded-lg border-2 border-accent border-dashed bg-wash/90">
          <p className="row text-20">
            <FileUp className="size-6" />
            {words.library.dropHere}
          </p>
        </div>
      ) : null}
      {take.problem ? <ImportProblem problem={take.problem} onClose={take.forget} /> : null}
      {running ? (
        <Suspense>
          <RunDialog agentId={running.id} onClose={() => setRunning(null)} />
        </Suspense>
      ) : null}
    </section>
  );
}

function SearchBox() {
  const words = useWords();
  const navigate = useNavigate({ from: "/library" });
  const { search = "" } = useSearch({ from: "/shell/library" });
  const [text, setText] = useState(search);
  useEffect(() => {
    if (text === search) return;
    const timer = setTimeout(
      () => navigate({ search: text ? { search: text } : {}, replace: true }),
      PAUSE_MS,
    );
    return () => clearTimeout(timer);
  }, [text, search, navigate]);
  return (
    <div className="relative mb-5 max-w-md">
      <Search className="absolute top-2.5 left-3 size-4 text-dim" aria-hidden="true" />
      <input
        type="search"
        aria-label={words.library.search}
        placeholder={words.library.search}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="field pl-9"
      />
    </div>
  );
}

function AgentCard({ agent, onRun }: { agent: GraphItem; onRun: () => void }) {
  const words = useWords();
  const { data } = useQuery(lastRunQuery(agent.id));
  const last = data?.runs[0];
  const name = agent.name || words.library.unnamed;
  return (
    <li className="card tap group relative stack min-h-40 p-4 hover:border-edge">
      <div className="flex items-start gap-2">
        <h2 className="grow text-16">
          <Link
            to="/library/$agentId"
            params={{ agentId: agent.id }}
            className="after:absolute after:inset-0 after:rounded-lg"
          >
            {name}
          </Link>
        </h2>
        <IconButton
          label={words.runs.runNamed(name)}
          look="quiet"
          onClick={onRun}
          className="relative z-10 -mt-1 -mr-1 text-accent"
        >
          <Play />
        </IconButton>
      </div>
      <p className="mt-1 line-clamp-3 text-dim">{agent.description}</p>
      <div className="grow" />
      <div className="row mt-4 min-h-6 justify-between text-13 text-dim">
        {last ? (
          <>
            <StateBadge state={last.status} />
            <Ago at={last.queued_at} />
          </>
        ) : data ? (
          <>
            <span>{words.library.neverRun}</span>
            <Ago at={agent.updated_at} />
          </>
        ) : null}
      </div>
    </li>
  );
}

interface ImportFault {
  file: string;
  error: unknown;
}

/** Bring agent files in; the first one's page opens. */
function useImport() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [problem, setProblem] = useState<ImportFault | null>(null);
  const sending = useMutation({
    mutationFn: (document: Record<string, unknown>) => api("POST /api/v1/graphs", { body: document }),
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

function ImportProblem({ problem, onClose }: { problem: ImportFault; onClose: () => void }) {
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
function FirstMinute({ onImport, take }: { onImport: () => void; take: ReturnType<typeof useImport> }) {
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
