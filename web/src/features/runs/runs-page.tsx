import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Columns2, SquareActivity, Trash2, X } from "lucide-react";
import { useMemo, useState } from "react";
import { runsQuery } from "@/features/runs/queries";
import { RunRows } from "@/features/runs/run-rows";
import { api } from "@/shared/api/client";
import type { RunStatus } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/dialog";
import { Select } from "@/shared/ui/field";
import { SearchBox } from "@/shared/ui/search-box";
import { Empty, Page, Problem, ShowMore, Skeletons } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";

const STATUSES: RunStatus[] = ["running", "waiting", "queued", "failed", "completed", "cancelled"];
const MOST_NAMES = 500;
const AT_ONCE = 100;
const DAY_MS = 86_400_000;
/** Spans of time one looks back over, in days. */
const SPANS = { day: 1, week: 7, month: 30 } as const;

/** Names of one's agents, for lists that have only their ids. */
const namesQuery = {
  queryKey: ["agents", "names"],
  queryFn: () => api("GET /api/v1/graphs", { query: { limit: MOST_NAMES } }),
};

export function RunsPage() {
  const words = useWords();
  const navigate = useNavigate({ from: "/runs" });
  const { status, agent, search, within } = useSearch({ from: "/shell/runs" });
  const known = STATUSES.find((one) => one === status);
  const days = SPANS[within as keyof typeof SPANS] as number | undefined;
  // To the hour, so that the same list is asked for under the same name.
  const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const since = days === undefined ? undefined : new Date(hour - days * DAY_MS).toISOString();
  const runs = useInfiniteQuery(runsQuery({ status: known, graphId: agent, search, since }));
  const { data: agents } = useQuery(namesQuery);
  const names = useMemo(
    () => new Map(agents?.graphs.map((one) => [one.id, one.name || words.library.unnamed])),
    [agents, words],
  );
  const all = runs.data?.pages.flatMap((page) => page.runs) ?? [];
  const isFiltered = Boolean(known || agent || search || since);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const shown = new Set(all.map((run) => run.id));
  const picked = [...chosen].filter((id) => shown.has(id));

  function choose(id: string, isChosen: boolean) {
    const after = new Set(picked);
    if (isChosen) after.add(id);
    else after.delete(id);
    setChosen(after);
  }

  return (
    <Page title={words.nav.runs} aside={<Filters agents={agents?.graphs ?? []} />}>
      {picked.length > 0 ? (
        <Chosen
          ids={picked}
          onCompare={([b, a]) => navigate({ to: "/runs/compare", search: { a, b } })}
          onAll={() => setChosen(new Set([...shown].slice(0, AT_ONCE)))}
          onNone={() => setChosen(new Set())}
          count={Math.min(all.length, AT_ONCE)}
        />
      ) : null}
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
      {all.length > 0 ? (
        <div className={runs.isPlaceholderData ? "opacity-60" : ""}>
          <RunRows
            runs={all}
            names={names}
            {...(names.size >= MOST_NAMES ? { nameless: words.runs.one } : {})}
            chosen={new Set(picked)}
            onChoose={choose}
          />
        </div>
      ) : null}
      <ShowMore of={runs} />
    </Page>
  );
}

function Filters({ agents }: { agents: Array<{ id: string; name: string }> }) {
  const words = useWords();
  const navigate = useNavigate({ from: "/runs" });
  const { status, agent, search, within } = useSearch({ from: "/shell/runs" });
  const choose = (name: "status" | "agent" | "within", value: string) =>
    navigate({ search: (old) => ({ ...old, [name]: value || undefined }) });
  return (
    <>
      <SearchBox
        className="max-sm:w-full sm:w-56"
        label={words.runs.search}
        value={search ?? ""}
        onSearch={(text) =>
          navigate({ search: (old) => ({ ...old, search: text || undefined }), replace: true })
        }
      />
      <Select
        className="w-auto! max-w-48"
        aria-label={words.runs.byAgent}
        value={agent ?? ""}
        onChange={(event) => choose("agent", event.target.value)}
      >
        <option value="">{words.runs.allAgents}</option>
        {agents.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name || words.library.unnamed}
          </option>
        ))}
      </Select>
      <Select
        className="w-auto!"
        aria-label={words.runs.byStatus}
        value={status ?? ""}
        onChange={(event) => choose("status", event.target.value)}
      >
        <option value="">{words.runs.allStates}</option>
        {STATUSES.map((one) => (
          <option key={one} value={one}>
            {words.states[one]}
          </option>
        ))}
      </Select>
      <Select
        className="w-auto!"
        aria-label={words.runs.byTime}
        value={within ?? ""}
        onChange={(event) => choose("within", event.target.value)}
      >
        <option value="">{words.runs.anyTime}</option>
        {(Object.keys(SPANS) as Array<keyof typeof SPANS>).map((one) => (
          <option key={one} value={one}>
            {words.runs.within[one]}
          </option>
        ))}
      </Select>
    </>
  );
}

/** What can be done with the runs that are chosen. */
function Chosen({
  ids,
  count,
  onCompare,
  onAll,
  onNone,
}: {
  ids: string[];
  /** How many can be chosen. */
  count: number;
  onCompare: (ids: string[]) => void;
  onAll: () => void;
  onNone: () => void;
}) {
  const words = useWords();
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const deleting = useMutation({
    mutationFn: () => api("POST /api/v1/runs/delete", { body: { ids: ids.slice(0, AT_ONCE) } }),
    onSuccess: (found) => {
      const kept = found.filter((one) => one.error !== null);
      setAsking(false);
      onNone();
      // Lists that are not in view would show what is gone until they have been asked for again.
      client.removeQueries({ queryKey: ["runs", "list"], type: "inactive" });
      client.invalidateQueries({ queryKey: ["runs"] });
      tell(words.runs.deletedMany(found.length - kept.length, kept.length));
    },
    onError: tellError,
  });
  return (
    <div className="row sticky top-2 z-20 mb-3 flex-wrap rounded-lg border bg-paper py-1.5 pr-1.5 pl-4 shadow-float">
      <span className="font-medium">{words.runs.chosen(ids.length)}</span>
      {ids.length < count ? (
        <Button small look="quiet" onClick={onAll}>
          {words.runs.chooseAll(count)}
        </Button>
      ) : null}
      <span className="grow" />
      <Button
        small
        disabled={ids.length !== 2}
        title={ids.length === 2 ? undefined : words.compare.twoText}
        onClick={() => onCompare(ids)}
      >
        <Columns2 className="size-4" />
        {words.compare.compare}
      </Button>
      <Button small look="danger" onClick={() => setAsking(true)}>
        <Trash2 className="size-4" />
        {words.runs.deleteMany}
      </Button>
      <Button
        small
        look="quiet"
        aria-label={words.runs.chooseNone}
        title={words.runs.chooseNone}
        onClick={onNone}
      >
        <X className="size-4" />
      </Button>
      {isAsking ? (
        <Confirm
          title={words.runs.deleteManyTitle(ids.length)}
          text={words.runs.deleteManyText}
          act={words.runs.deleteMany}
          isBusy={deleting.isPending}
          onDo={() => deleting.mutate()}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </div>
  );
}
