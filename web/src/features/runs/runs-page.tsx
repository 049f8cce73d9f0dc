import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { SquareActivity } from "lucide-react";
import { useMemo } from "react";
import { runsQuery } from "@/features/runs/queries";
import { RunRows } from "@/features/runs/run-rows";
import { api } from "@/shared/api/client";
import type { RunStatus } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Select } from "@/shared/ui/field";
import { Empty, Page, Problem, Skeletons } from "@/shared/ui/state";

const STATUSES: RunStatus[] = ["running", "waiting", "queued", "failed", "completed", "cancelled"];
const MOST_NAMES = 500;

/** Names of one's agents, for lists that have only their ids. */
const namesQuery = {
  queryKey: ["agents", "names"],
  queryFn: () => api("GET /api/v1/graphs", { query: { limit: MOST_NAMES } }),
};

export function RunsPage() {
  const words = useWords();
  const navigate = useNavigate({ from: "/runs" });
  const { status, agent } = useSearch({ from: "/shell/runs" });
  const known = STATUSES.find((one) => one === status);
  const runs = useInfiniteQuery(runsQuery({ status: known, graphId: agent }));
  const { data: agents } = useQuery(namesQuery);
  const names = useMemo(
    () => new Map(agents?.graphs.map((one) => [one.id, one.name || words.library.unnamed])),
    [agents, words],
  );
  const all = runs.data?.pages.flatMap((page) => page.runs) ?? [];
  const isFiltered = Boolean(known || agent);
  return (
    <Page
      title={words.nav.runs}
      aside={
        <>
          <Select
            className="w-auto!"
            aria-label={words.runs.byAgent}
            value={agent ?? ""}
            onChange={(event) =>
              navigate({ search: (old) => ({ ...old, agent: event.target.value || undefined }) })
            }
          >
            <option value="">{words.runs.allAgents}</option>
            {agents?.graphs.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name || words.library.unnamed}
              </option>
            ))}
          </Select>
          <Select
            className="w-auto!"
            aria-label={words.runs.byStatus}
            value={known ?? ""}
            onChange={(event) =>
              navigate({ search: (old) => ({ ...old, status: event.target.value || undefined }) })
            }
          >
            <option value="">{words.runs.allStates}</option>
            {STATUSES.map((one) => (
              <option key={one} value={one}>
                {words.states[one]}
              </option>
            ))}
          </Select>
        </>
      }
    >
      {runs.isPending ? <Skeletons count={6} className="h-12" /> : null}
      {runs.isError ? <Problem error={runs.error} onRetry={() => runs.refetch()} /> : null}
      {runs.isSuccess && all.length === 0 ? (
        <Empty
          icon={<SquareActivity />}
          title={isFiltered ? words.runs.noneSuch : words.runs.none}
          text={isFiltered ? words.runs.noneSuchText : words.runs.noneText}
        >
          {isFiltered ? (
            <Button onClick={() => navigate({ search: {} })}>{words.runs.showAll}</Button>
          ) : (
            <Button look="do" onClick={() => navigate({ to: "/library" })}>
              {words.errors.toLibrary}
            </Button>
          )}
        </Empty>
      ) : null}
      {all.length > 0 ? <RunRows runs={all} names={names} /> : null}
      {runs.hasNextPage ? (
        <Button
          className="mx-auto mt-4 flex"
          onClick={() => runs.fetchNextPage()}
          isBusy={runs.isFetchingNextPage}
        >
          {words.showMore}
        </Button>
      ) : null}
    </Page>
  );
}
