import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  CheckCircle2,
  KeyRound,
  MoreHorizontal,
  Pencil,
  PlugZap,
  Plus,
  RefreshCw,
  Trash2,
  UserRound,
  Workflow,
} from "lucide-react";
import { useState } from "react";
import { AddConnection, kindName } from "@/features/connections/add-connection";
import { credentialsQuery, providersQuery } from "@/features/connections/queries";
import { api } from "@/shared/api/client";
import type { CredentialAnswer, UseItem } from "@/shared/api/schema";
import { dateTime } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Confirm, Dialog } from "@/shared/ui/dialog";
import { Field, Input } from "@/shared/ui/field";
import { Menu } from "@/shared/ui/menu";
import { SearchBox } from "@/shared/ui/search-box";
import { Ago, Empty, FormProblem, Page, Problem, Skeletons } from "@/shared/ui/state";
import { messageOf, tell, tellError } from "@/shared/ui/toast";

/** From how many on one looks for a connection by its name. */
const MANY = 8;

/** Keys and accounts that agents work with. */
export function ConnectionsPage() {
  const words = useWords();
  const credentials = useQuery(credentialsQuery);
  const [isAdding, setAdding] = useState(false);
  const [text, setText] = useState("");
  const all = credentials.data ?? [];
  const found = all.filter((one) =>
    `${one.title} ${one.provider} ${one.account ?? ""}`.toLowerCase().includes(text.trim().toLowerCase()),
  );
  const add = (
    <Button look="do" onClick={() => setAdding(true)}>
      <Plus className="size-4" />
      {words.connections.add}
    </Button>
  );
  return (
    <Page title={words.connections.title} aside={all.length > 0 ? add : null} isNarrow>
      {credentials.isPending ? <Skeletons className="h-16" /> : null}
      {credentials.isError ? (
        <Problem error={credentials.error} onRetry={() => credentials.refetch()} />
      ) : null}
      {credentials.isSuccess && all.length === 0 ? (
        <Empty icon={<KeyRound />} title={words.connections.empty} text={words.connections.emptyText}>
          {add}
        </Empty>
      ) : null}
      {all.length > MANY ? (
        <SearchBox label={words.connections.search} value={text} onSearch={setText} className="mb-4" />
      ) : null}
      {all.length > 0 && found.length === 0 ? (
        <p className="py-4 text-dim">{words.connections.noneFound}</p>
      ) : null}
      <ul className="card divide-y empty:hidden">
        {found.map((one) => (
          <Row key={one.id} credential={one} />
        ))}
      </ul>
      {isAdding ? (
        <AddConnection
          onAdded={(made) => tell(words.connections.added(made.title))}
          onClose={() => setAdding(false)}
        />
      ) : null}
    </Page>
  );
}

function Row({ credential }: { credential: CredentialAnswer }) {
  const words = useWords();
  const { data: providers } = useQuery(providersQuery);
  const provider = providers?.find((one) => one.id === credential.provider)?.name ?? credential.provider;
  const [opened, setOpened] = useState<"delete" | "rename" | "renew" | "uses">();
  const close = () => setOpened(undefined);
  const isAccount = credential.type === "oauth2";
  const renew = isAccount ? words.connections.again : words.connections.replace;
  const testing = useMutation({
    mutationFn: () =>
      api("POST /api/v1/credentials/{credential_id}/test", { path: { credential_id: credential.id } }),
  });
  const found = testing.data;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
      <span className="grid size-9 shrink-0 place-items-center rounded-md bg-wash text-accent">
        {isAccount ? <UserRound className="size-4" /> : <KeyRound className="size-4" />}
      </span>
      <div className="min-w-0 grow basis-40">
        <p className="truncate font-medium">
          {credential.title}
          {credential.is_system ? (
            <span className="ml-2 rounded-full bg-sunken px-2 py-0.5 text-12 text-dim">
              {words.connections.system}
            </span>
          ) : null}
        </p>
        <p className="truncate text-13 text-dim">
          {[provider, kindName(credential.type, words), credential.account].filter(Boolean).join(" · ")}
          {credential.last_used_at ? (
            <>
              {" · "}
              {words.connections.used} <Ago at={credential.last_used_at} />
            </>
          ) : null}
        </p>
        {credential.ended_at ? (
          <p className="text-13 text-bad">{words.connections.ended(credential.ended_for ?? "")}</p>
        ) : credential.expires_at ? (
          <p className="text-13 text-dim">{words.connections.until(dateTime(credential.expires_at))}</p>
        ) : null}
        {found ? (
          <p role="status" className={`row mt-1 text-13 ${found.ok ? "text-good" : "text-bad"}`}>
            {found.ok ? <CheckCircle2 className="size-4" /> : null}
            {found.ok ? words.connections.works(found.account ?? "") : found.message}
          </p>
        ) : null}
        {testing.isError ? <p className="mt-1 text-13 text-bad">{messageOf(testing.error)}</p> : null}
      </div>
      {credential.is_system ? null : (
        <div className="row ml-auto">
          {credential.ended_at ? (
            <Button small look="do" onClick={() => setOpened("renew")}>
              <RefreshCw className="size-4" />
              {renew}
            </Button>
          ) : (
            <Button
              small
              title={words.connections.test}
              onClick={() => testing.mutate()}
              isBusy={testing.isPending}
            >
              <PlugZap className="size-4" />
              <span className="max-sm:sr-only">{words.connections.test}</span>
            </Button>
          )}
          <Menu
            label={words.more}
            trigger={<MoreHorizontal />}
            items={[
              { label: words.connections.uses, icon: <Workflow />, onSelect: () => setOpened("uses") },
              { label: renew, icon: <RefreshCw />, onSelect: () => setOpened("renew") },
              { label: words.connections.rename, icon: <Pencil />, onSelect: () => setOpened("rename") },
              "line",
              {
                label: words.connections.delete,
                icon: <Trash2 />,
                isDanger: true,
                onSelect: () => setOpened("delete"),
              },
            ]}
          />
        </div>
      )}
      {opened === "delete" ? <DeleteDialog credential={credential} onClose={close} /> : null}
      {opened === "rename" ? <RenameDialog credential={credential} onClose={close} /> : null}
      {opened === "uses" ? <UsesDialog credential={credential} onClose={close} /> : null}
      {opened === "renew" ? (
        <AddConnection
          wanted={{ providers: [credential.provider], credential }}
          onAdded={() => testing.mutate()}
          onClose={close}
        />
      ) : null}
    </li>
  );
}

const usesQuery = (id: string) => ({
  queryKey: ["credentials", "uses", id],
  queryFn: () => api("GET /api/v1/credentials/{credential_id}/uses", { path: { credential_id: id } }),
  refetchOnMount: "always" as const,
});

/** The agents that name it, each once. */
function Uses({ uses }: { uses: readonly UseItem[] }) {
  const words = useWords();
  const agents = new Map<string, { name: string; count: number }>();
  for (const { graph_id, graph } of uses)
    agents.set(graph_id, { name: graph, count: (agents.get(graph_id)?.count ?? 0) + 1 });
  return (
    <ul className="mt-2 max-h-72 divide-y overflow-y-auto rounded-md border">
      {[...agents].map(([id, { name, count }]) => (
        <li key={id}>
          <Link
            to="/library/$agentId"
            params={{ agentId: id }}
            className="row min-h-9 justify-between px-3 py-1.5 text-ink hover:bg-sunken"
          >
            <span className="min-w-0 truncate">{name || words.library.unnamed}</span>
            <span className="shrink-0 text-13 text-dim">{words.connections.nodes(count)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function UsesDialog({ credential, onClose }: { credential: CredentialAnswer; onClose: () => void }) {
  const words = useWords();
  const uses = useQuery(usesQuery(credential.id));
  return (
    <Dialog title={words.connections.uses} about={credential.title} onClose={onClose}>
      {uses.isPending ? <Skeletons count={2} className="h-9" /> : null}
      {uses.isError ? <Problem error={uses.error} onRetry={() => uses.refetch()} /> : null}
      {uses.data?.length === 0 ? <p className="text-dim">{words.connections.unused}</p> : null}
      {uses.data?.length ? <Uses uses={uses.data} /> : null}
    </Dialog>
  );
}

function RenameDialog({ credential, onClose }: { credential: CredentialAnswer; onClose: () => void }) {
  const words = useWords();
  const client = useQueryClient();
  const [title, setTitle] = useState(credential.title);
  const renaming = useMutation({
    mutationFn: () =>
      api("PATCH /api/v1/credentials/{credential_id}", {
        path: { credential_id: credential.id },
        body: { title },
      }),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: credentialsQuery.queryKey });
      onClose();
    },
  });
  return (
    <Dialog
      title={words.connections.rename}
      onClose={onClose}
      footer={
        <Button
          look="do"
          isBusy={renaming.isPending}
          disabled={!title.trim()}
          onClick={() => renaming.mutate()}
        >
          {words.save}
        </Button>
      }
    >
      <Field label={words.connections.called}>
        {(given) => <Input value={title} onChange={(event) => setTitle(event.target.value)} {...given} />}
      </Field>
      <FormProblem error={renaming.error} />
    </Dialog>
  );
}

/** Says what would break before anything does. */
function DeleteDialog({ credential, onClose }: { credential: CredentialAnswer; onClose: () => void }) {
  const words = useWords();
  const client = useQueryClient();
  const uses = useQuery(usesQuery(credential.id));
  const deleting = useMutation({
    mutationFn: () =>
      api("DELETE /api/v1/credentials/{credential_id}", {
        path: { credential_id: credential.id },
        query: { force: true },
      }),
    onSuccess: ({ revoked, note }) => {
      client.invalidateQueries({ queryKey: credentialsQuery.queryKey });
      client.invalidateQueries({ queryKey: ["agents", "needs"] });
      onClose();
      const said = words.connections.deleted(credential.title);
      tell(revoked === false ? `${said} ${words.connections.notRevoked(note ?? "")}` : said);
    },
    onError: tellError,
  });
  return (
    <Confirm
      title={words.connections.deleteNamed(credential.title)}
      act={words.connections.delete}
      isBusy={deleting.isPending || uses.isPending}
      onDo={() => deleting.mutate()}
      onClose={onClose}
      text={
        <>
          <p>{words.connections.deleteText}</p>
          {uses.isError ? <FormProblem error={uses.error} /> : null}
          {uses.data?.length ? (
            <>
              <p className="mt-3 font-medium text-ink">{words.connections.usedBy(uses.data.length)}</p>
              <Uses uses={uses.data} />
            </>
          ) : null}
        </>
      }
    />
  );
}
