import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Link2Off } from "lucide-react";
import { useEffect, useMemo } from "react";
import { Outputs } from "@/features/runs/outputs";
import { ApiError, api } from "@/shared/api/client";
import type { RunStatus } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Problem, Skeletons, StateBadge } from "@/shared/ui/state";
import { type FileSource, Files } from "@/shared/value/files";

const OVER: readonly RunStatus[] = ["completed", "failed", "cancelled"];
const LOOK_AGAIN_MS = 4_000;

/** What came of a run, for whoever was given its link: no account is needed, and nothing else is shown. */
export function SharePage() {
  const words = useWords();
  const { token } = useParams({ from: "/share/$token" });
  const shared = useQuery({
    queryKey: ["shared", token],
    queryFn: () => api("GET /api/public/shared/{token}", { path: { token } }),
    refetchInterval: ({ state: { data } }) => (data && !OVER.includes(data.status) ? LOOK_AGAIN_MS : false),
  });
  const files = useMemo<FileSource>(
    () => ({
      key: `shared/${token}`,
      facts: async (id) => {
        const found = shared.data?.files.find((one) => one.id === id);
        if (!found) throw new ApiError(404, "share.not_found", words.value.gone, {}, "");
        return found;
      },
      url: (id) => `/api/public/shared/${encodeURIComponent(token)}/files/${id}/download`,
    }),
    [token, shared.data, words],
  );
  const name = shared.data?.graph_name;
  useEffect(() => {
    if (name) document.title = `${name} · Autograph`;
    return () => {
      document.title = "Autograph";
    };
  }, [name]);
  const isMissing = shared.error instanceof ApiError && shared.error.status === 404;
  return (
    <div className="stack min-h-dvh">
      <header className="border-b bg-paper">
        <div className="mx-auto row h-14 w-full max-w-4xl px-4 md:px-8">
          <Link to="/" className="font-semibold text-16 tracking-tight">
            Autograph
          </Link>
          <span className="text-13 text-dim">{words.share.sharedRun}</span>
        </div>
      </header>
      <main className="mx-auto w-full max-w-4xl grow px-4 py-8 md:px-8">
        {shared.isPending ? (
          <>
            <div className="skeleton mb-6 h-9 w-72 max-w-full animate-breathe" />
            <Skeletons count={2} className="h-32" />
          </>
        ) : null}
        {isMissing ? (
          <div className="mx-auto stack max-w-lg items-start py-16">
            <div className="mb-4 grid size-12 place-items-center rounded-full bg-sunken text-dim">
              <Link2Off className="size-6" />
            </div>
            <h1 className="text-28">{words.share.nothing}</h1>
            <p className="mt-2 text-16 text-dim">{words.share.nothingText}</p>
          </div>
        ) : shared.isError ? (
          <Problem error={shared.error} onRetry={() => shared.refetch()} />
        ) : null}
        {shared.data ? (
          <Files value={files}>
            <div className="mb-6 flex flex-wrap items-center gap-3">
              <h1 className="break-words text-28">{name || words.library.unnamed}</h1>
              <StateBadge state={shared.data.status} />
            </div>
            {OVER.includes(shared.data.status) ? (
              <Outputs outputs={shared.data.outputs} isOver />
            ) : (
              <p className="card px-5 py-4 text-dim">{words.share.notYet}</p>
            )}
          </Files>
        ) : null}
      </main>
      <footer className="mx-auto w-full max-w-4xl px-4 py-6 text-13 text-dim md:px-8">
        {words.share.made}
      </footer>
    </div>
  );
}
