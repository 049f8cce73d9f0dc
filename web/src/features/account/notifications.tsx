import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Section } from "@/features/account/section";
import { preferencesQuery } from "@/features/notifications/queries";
import { api } from "@/shared/api/client";
import type { PreferencesAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Problem, Skeletons } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";

type Kinds = PreferencesAnswer["preferences"];

/** What somebody wants to hear of, and by which way: every switch is kept at once. */
export function NotificationPreferences() {
  const words = useWords();
  const client = useQueryClient();
  const found = useQuery(preferencesQuery);
  const { queryKey } = preferencesQuery;
  const changing = useMutation({
    mutationFn: (preferences: Kinds) =>
      api("PUT /api/v1/notifications/preferences", { body: { preferences } }),
    onMutate: (changes) => {
      const before = client.getQueryData(queryKey);
      if (before)
        client.setQueryData(queryKey, { ...before, preferences: merged(before.preferences, changes) });
      return before;
    },
    onSuccess: (kept) => {
      client.setQueryData(queryKey, kept);
      tell(words.notifications.saved);
    },
    onError: (error, _, before) => {
      client.setQueryData(queryKey, before);
      tellError(error);
    },
  });
  const channels = found.data?.sends_mail ? (["inbox", "mail"] as const) : (["inbox"] as const);
  return (
    <div id="notifications" className="scroll-mt-4">
      <Section
        title={words.notifications.wanted}
        about={found.data?.sends_mail ? words.notifications.wantedTextMail : words.notifications.wantedText}
      >
        {found.isPending ? <Skeletons count={3} className="h-10" /> : null}
        {found.isError ? <Problem error={found.error} onRetry={() => found.refetch()} /> : null}
        {found.data ? (
          <table className="w-full">
            <thead>
              <tr className="border-b text-left text-12 text-dim">
                <td />
                {channels.map((channel) => (
                  <th key={channel} scope="col" className="w-20 pb-2 text-center font-normal">
                    {words.notifications.channels[channel]}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Object.entries(found.data.preferences).map(([kind, switches]) => {
                const label = words.notifications.kinds[kind as keyof typeof words.notifications.kinds];
                return (
                  <tr key={kind} className="border-b last:border-0">
                    <th scope="row" className="py-2.5 pr-4 text-left font-normal">
                      {label}
                    </th>
                    {channels.map((channel) => (
                      <td key={channel} className="text-center">
                        <input
                          type="checkbox"
                          aria-label={`${label}: ${words.notifications.channels[channel]}`}
                          checked={switches?.[channel] ?? false}
                          onChange={(event) =>
                            changing.mutate({ [kind]: { [channel]: event.target.checked } })
                          }
                          className="size-4.5 accent-accent"
                        />
                      </td>
                    ))}
                  </tr>
                );
              })}
            </tbody>
          </table>
        ) : null}
        {found.data && !found.data.sends_mail ? (
          <p className="mt-3 text-13 text-dim">{words.notifications.noMail}</p>
        ) : null}
      </Section>
    </div>
  );
}

function merged(before: Kinds, changes: Kinds): Kinds {
  const after: Record<string, Record<string, boolean>> = { ...before };
  for (const [kind, switches] of Object.entries(changes)) after[kind] = { ...after[kind], ...switches };
  return after;
}
