import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { runsQuery } from "@/features/runs/queries";
import { dateTime } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Dialog } from "@/shared/ui/dialog";
import { Problem, ShowMore, Skeletons, StateBadge } from "@/shared/ui/state";

/** Choose the other run of the same agent. */
export function CompareWith({
  run,
  onClose,
}: {
  run: { id: string; graph_id: string };
  onClose: () => void;
}) {
  const words = useWords();
  const runs = useInfiniteQuery(runsQuery({ graphId: run.graph_id }));
  const others = runs.data?.pages.flatMap((page) => page.runs).filter((one) => one.id !== run.id) ?? [];
  return (
    <Dialog title={words.compare.with} about={words.compare.choose} onClose={onClose}>
      {runs.isPending ? <Skeletons count={3} className="h-10" /> : null}
      {runs.isError ? <Problem error={runs.error} onRetry={() => runs.refetch()} /> : null}
      {runs.isSuccess && others.length === 0 ? <p className="text-dim">{words.compare.noOther}</p> : null}
      <ul className="stack gap-1">
        {others.map((one) => (
          <li key={one.id}>
            <Link
              to="/runs/compare"
              search={{ a: one.id, b: run.id }}
              className="flex flex-wrap items-center gap-x-3 rounded-md px-2 py-2 hover:bg-sunken"
            >
              <StateBadge state={one.status} />
              <span className="grow">{dateTime(one.queued_at)}</span>
              <span className="text-13 text-dim">{words.library.version(one.graph_version)}</span>
            </Link>
          </li>
        ))}
      </ul>
      <ShowMore of={runs} small />
    </Dialog>
  );
}
