import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { versionsQuery } from "@/features/library/queries";
import { api } from "@/shared/api/client";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Ago, Problem, Skeletons } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";

/** Every version there was, newest first; any of them can be the one that runs, and be opened in the builder. */
export function Versions({ agentId }: { agentId: string }) {
  const words = useWords();
  const client = useQueryClient();
  const versions = useQuery(versionsQuery(agentId));
  const activating = useMutation({
    mutationFn: (version: number) =>
      api("POST /api/v1/graphs/{graph_id}/versions/{version}/activate", {
        path: { graph_id: agentId, version },
      }),
    onSuccess: (_, version) => {
      client.invalidateQueries({ queryKey: ["agents"] });
      tell(words.library.activated(version));
    },
    onError: tellError,
  });
  if (versions.isPending) return <Skeletons className="h-12" />;
  if (versions.isError) return <Problem error={versions.error} onRetry={() => versions.refetch()} />;
  return (
    <section aria-label={words.library.versions}>
      <ul className="card divide-y">
        {versions.data.map((one) => (
          <li key={one.version} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
            <span className="w-24 font-medium">{words.library.version(one.version)}</span>
            <span className="min-w-0 grow truncate text-dim">{one.name}</span>
            <span className="text-13 text-dim">
              <Ago at={one.created_at} />
            </span>
            <span className="row w-52 justify-end max-sm:w-full max-sm:justify-start">
              {one.is_active ? (
                <span className="rounded-full bg-good-wash px-2.5 py-0.5 font-medium text-12 text-good">
                  {words.library.active}
                </span>
              ) : (
                <Button
                  small
                  look="quiet"
                  aria-label={words.library.restoreVersion(one.version)}
                  disabled={activating.isPending}
                  onClick={() => activating.mutate(one.version)}
                >
                  {words.library.activate}
                </Button>
              )}
              <Link
                to="/build/$agentId"
                params={{ agentId }}
                search={one.is_active ? {} : { version: one.version }}
                aria-label={words.library.openVersion(one.version)}
                className={buttonClass("plain", true)}
              >
                {words.library.open}
              </Link>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
