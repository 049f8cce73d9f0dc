import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { MoreHorizontal, ShieldCheck, UserX } from "lucide-react";
import { type ComponentProps, type ReactNode, useState } from "react";
import { api } from "@/shared/api/client";
import type { AccountAnswer, DeadLetterAnswer } from "@/shared/api/schema";
import { dateTime, listed } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Confirm, Dialog } from "@/shared/ui/dialog";
import { Field, Input } from "@/shared/ui/field";
import { Menu } from "@/shared/ui/menu";
import { SearchBox } from "@/shared/ui/search-box";
import { Ago, Empty, FormProblem, Page, Problem, ShowMore, Skeletons } from "@/shared/ui/state";
import { tellError } from "@/shared/ui/toast";

const TABS = ["users", "dead-letters", "audit"] as const;
type Tab = (typeof TABS)[number];

/** What whoever looks after this installation has to see to. */
export function AdminPage() {
  const words = useWords();
  const navigate = useNavigate({ from: "/admin" });
  const search = useSearch({ from: "/shell/admin" });
  const tab: Tab = TABS.find((one) => one === search.tab) ?? "users";
  return (
    <Page title={words.nav.admin}>
      <div role="tablist" aria-label={words.nav.admin} className="mb-5 flex gap-1 border-b">
        {TABS.map((one) => (
          <button
            key={one}
            id={`tab-${one}`}
            type="button"
            role="tab"
            aria-selected={tab === one}
            aria-controls="panel"
            tabIndex={tab === one ? 0 : -1}
            onClick={() => navigate({ search: { tab: one } })}
            onKeyDown={(event) => {
              const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
              if (step === 0) return;
              const next = TABS[(TABS.indexOf(one) + step + TABS.length) % TABS.length] ?? one;
              document.getElementById(`tab-${next}`)?.focus();
              navigate({ search: { tab: next } });
            }}
            className="-mb-px h-10 border-transparent border-b-2 px-3 text-dim hover:text-ink aria-selected:border-accent aria-selected:font-medium aria-selected:text-ink"
          >
            {words.admin.tabs[one]}
          </button>
        ))}
      </div>
      <div id="panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === "users" ? <Users /> : tab === "audit" ? <Audit /> : <DeadLetters />}
      </div>
    </Page>
  );
}

type Listed = ComponentProps<typeof ShowMore>["of"] & {
  isPending: boolean;
  isError: boolean;
  error: unknown;
  refetch: () => unknown;
};

/** The faces of a list: loading, error, empty, and as many pages as there are. */
function List({
  list,
  isEmpty,
  empty,
  children,
}: {
  list: Listed;
  isEmpty: boolean;
  empty: ReactNode;
  children: ReactNode;
}) {
  if (list.isPending) return <Skeletons count={5} className="h-12" />;
  if (list.isError) return <Problem error={list.error} onRetry={list.refetch} />;
  if (isEmpty) return empty;
  return (
    <>
      {children}
      <ShowMore of={list} />
    </>
  );
}

/** What the list of a tab is searched for, kept in the address. */
function useWanted(): [wanted: string, say: (text: string) => void] {
  const navigate = useNavigate({ from: "/admin" });
  const { search = "" } = useSearch({ from: "/shell/admin" });
  return [
    search,
    (text) => navigate({ search: (old) => ({ ...old, search: text || undefined }), replace: true }),
  ];
}

function Users() {
  const words = useWords();
  const [search, setSearch] = useWanted();
  const list = useInfiniteQuery({
    queryKey: ["admin", "users", search],
    queryFn: ({ pageParam }) =>
      api("GET /api/admin/users", { query: { limit: 50, before: pageParam, search } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
    placeholderData: keepPreviousData,
  });
  const users = list.data?.pages.flatMap((page) => page.users) ?? [];
  return (
    <>
      <SearchBox
        className="mb-4 max-w-sm"
        label={words.admin.searchUsers}
        value={search}
        onSearch={setSearch}
      />
      <List
        list={list}
        isEmpty={users.length === 0}
        empty={<p className="text-dim">{words.admin.noUsers}</p>}
      >
        <ul className="card divide-y">
          {users.map((one) => (
            <User key={one.id} user={one} />
          ))}
        </ul>
      </List>
    </>
  );
}

function User({ user }: { user: AccountAnswer }) {
  const words = useWords();
  const client = useQueryClient();
  const [isSuspending, setSuspending] = useState(false);
  const [isGiving, setGiving] = useState(false);
  const hasAll = user.roles.includes("admin");
  const [reason, setReason] = useState("");
  const again = () => client.invalidateQueries({ queryKey: ["admin"] });
  const restoring = useMutation({
    mutationFn: () => api("POST /api/admin/users/{user_id}/restore", { path: { user_id: user.id } }),
    onSuccess: again,
    onError: tellError,
  });
  const suspending = useMutation({
    mutationFn: () =>
      api("POST /api/admin/users/{user_id}/suspend", { path: { user_id: user.id }, body: { reason } }),
    onSuccess: () => {
      setSuspending(false);
      again();
    },
  });
  const giving = useMutation({
    mutationFn: () =>
      api("PUT /api/admin/users/{user_id}/roles", {
        path: { user_id: user.id },
        body: {
          roles: hasAll ? user.roles.filter((role) => role !== "admin") : [...user.roles, "admin"],
        },
      }),
    onSuccess: () => {
      setGiving(false);
      again();
    },
    onError: tellError,
  });
  const isSuspended = user.status === "suspended";
  return (
    <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5">
      <span className="min-w-0 grow basis-40 max-sm:basis-full max-sm:pr-10">
        <span className="block truncate font-medium">{user.name}</span>
        <span className="block truncate text-13 text-dim">{user.email ?? "–"}</span>
        {user.suspended_for ? <span className="text-13 text-bad">{user.suspended_for}</span> : null}
      </span>
      <span className="text-13 text-dim">{listed(user.roles.map((role) => words.admin.roles[role]))}</span>
      <span className={`text-13 sm:w-20 ${isSuspended ? "text-bad" : "text-good"}`}>
        {words.admin.statuses[user.status]}
      </span>
      <span className="text-13 text-dim sm:w-28 sm:text-right">
        {user.last_seen_at ? <Ago at={user.last_seen_at} /> : words.admin.neverSeen}
      </span>
      <span className="max-sm:absolute max-sm:top-2 max-sm:right-2">
        <Menu
          label={words.more}
          trigger={<MoreHorizontal />}
          items={[
            {
              label: hasAll ? words.admin.takeAdmin : words.admin.makeAdmin,
              icon: <ShieldCheck />,
              onSelect: () => setGiving(true),
            },
            isSuspended
              ? { label: words.admin.restore, icon: <ShieldCheck />, onSelect: () => restoring.mutate() }
              : {
                  label: words.admin.suspend,
                  icon: <UserX />,
                  isDanger: true,
                  onSelect: () => setSuspending(true),
                },
          ]}
        />
      </span>
      {isGiving ? (
        <Confirm
          title={hasAll ? words.admin.takeAdminNamed(user.name) : words.admin.makeAdminNamed(user.name)}
          text={hasAll ? words.admin.takeAdminText : words.admin.makeAdminText}
          act={hasAll ? words.admin.takeAdmin : words.admin.makeAdmin}
          isBusy={giving.isPending}
          onDo={() => giving.mutate()}
          onClose={() => setGiving(false)}
        />
      ) : null}
      {isSuspending ? (
        <Dialog
          title={words.admin.suspendNamed(user.name)}
          about={words.admin.suspendText}
          onClose={() => setSuspending(false)}
          footer={
            <Button
              look="danger"
              isBusy={suspending.isPending}
              disabled={!reason.trim()}
              onClick={() => suspending.mutate()}
            >
              {words.admin.suspend}
            </Button>
          }
        >
          <Field label={words.admin.reason}>
            {(given) => (
              <Input
                value={reason}
                maxLength={500}
                onChange={(event) => setReason(event.target.value)}
                {...given}
              />
            )}
          </Field>
          <FormProblem error={suspending.error} />
        </Dialog>
      ) : null}
    </li>
  );
}

function DeadLetters() {
  const words = useWords();
  const list = useInfiniteQuery({
    queryKey: ["admin", "dead-letters"],
    queryFn: ({ pageParam }) => api("GET /api/v1/dead-letters", { query: { limit: 50, before: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
    placeholderData: keepPreviousData,
  });
  const letters = list.data?.pages.flatMap((page) => page.dead_letters) ?? [];
  return (
    <List
      list={list}
      isEmpty={letters.length === 0}
      empty={<Empty icon={<ShieldCheck />} title={words.admin.noLetters} text={words.admin.noLettersText} />}
    >
      <ul className="card divide-y">
        {letters.map((one) => (
          <Letter key={one.run_id} letter={one} />
        ))}
      </ul>
    </List>
  );
}

function Letter({ letter }: { letter: DeadLetterAnswer }) {
  const words = useWords();
  const client = useQueryClient();
  const [isDiscarding, setDiscarding] = useState(false);
  const again = () => client.invalidateQueries({ queryKey: ["admin"] });
  const redriving = useMutation({
    mutationFn: () => api("POST /api/v1/dead-letters/{run_id}/redrive", { path: { run_id: letter.run_id } }),
    onSuccess: again,
    onError: tellError,
  });
  const discarding = useMutation({
    mutationFn: () => api("DELETE /api/v1/dead-letters/{run_id}", { path: { run_id: letter.run_id } }),
    onSuccess: again,
    onError: tellError,
  });
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
      <span className="min-w-0 grow basis-64">
        <Link to="/runs/$runId" params={{ runId: letter.run_id }} className="font-medium hover:text-accent">
          {letter.message}
        </Link>
        <span className="block text-13 text-dim">
          {words.admin.crashes(letter.crashes)} · <Ago at={letter.created_at} />
        </span>
      </span>
      <Button small isBusy={redriving.isPending} onClick={() => redriving.mutate()}>
        {words.tryAgain}
      </Button>
      <Button small look="danger" onClick={() => setDiscarding(true)}>
        {words.admin.discard}
      </Button>
      {isDiscarding ? (
        <Confirm
          title={words.admin.discard}
          text={words.admin.discardText}
          act={words.admin.discard}
          isBusy={discarding.isPending}
          onDo={() => discarding.mutate()}
          onClose={() => setDiscarding(false)}
        />
      ) : null}
    </li>
  );
}

function Audit() {
  const words = useWords();
  const [action, setAction] = useWanted();
  const list = useInfiniteQuery({
    queryKey: ["admin", "audit", action],
    queryFn: ({ pageParam }) =>
      api("GET /api/admin/audit", { query: { limit: 50, before: pageParam, action } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
    placeholderData: keepPreviousData,
  });
  const entries = list.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <>
      <SearchBox className="mb-4 max-w-sm" label={words.admin.byAction} value={action} onSearch={setAction} />
      <List
        list={list}
        isEmpty={entries.length === 0}
        empty={<p className="text-dim">{words.admin.noEntries}</p>}
      >
        <ul className="card divide-y sm:hidden">
          {entries.map((one) => (
            <li key={one.id} className="px-4 py-2.5 text-13">
              <span className="row justify-between">
                <span className="min-w-0 truncate font-medium text-14">{one.action}</span>
                <span className={`shrink-0 ${one.outcome === "refused" ? "text-bad" : "text-dim"}`}>
                  {words.admin.outcomes[one.outcome] ?? one.outcome}
                </span>
              </span>
              <span className="block break-all font-mono text-12">{one.target}</span>
              <span className="text-dim">
                {dateTime(one.at)} · {one.door} · {one.ip}
              </span>
            </li>
          ))}
        </ul>
        <section
          className="card overflow-x-auto max-sm:hidden"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
          tabIndex={0}
          aria-label={words.admin.tabs.audit}
        >
          <table className="w-full text-left text-13">
            <thead className="bg-sunken/60 text-dim">
              <tr>
                {[
                  words.admin.when,
                  words.admin.action,
                  words.admin.target,
                  words.admin.outcome,
                  words.admin.from,
                ].map((head) => (
                  <th key={head} className="px-4 py-2 font-medium">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y">
              {entries.map((one) => (
                <tr key={one.id}>
                  <td className="whitespace-nowrap px-4 py-2 text-dim">{dateTime(one.at)}</td>
                  <td className="px-4 py-2 font-medium">{one.action}</td>
                  <td
                    className="max-w-52 truncate px-4 py-2 font-mono text-12 xl:max-w-80"
                    title={one.target}
                  >
                    {one.target}
                  </td>
                  <td className={`px-4 py-2 ${one.outcome === "refused" ? "text-bad" : ""}`}>
                    {words.admin.outcomes[one.outcome] ?? one.outcome}
                  </td>
                  <td className="whitespace-nowrap px-4 py-2 text-dim">
                    {one.door} · {one.ip}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </List>
    </>
  );
}
