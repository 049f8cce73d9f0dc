import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CheckCircle2, KeyRound, MoreHorizontal, Pencil, PlugZap, Plus, Search, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { ApiError, api } from "@/shared/api/client";
import type {
  CredentialAnswer,
  NewCredential,
  autographApiRestConnectionsProviderAnswer as Provider,
} from "@/shared/api/schema";
import { listed } from "@/shared/format";
import type { Messages } from "@/shared/i18n/en";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Confirm, Dialog } from "@/shared/ui/dialog";
import { Field, Input, Select } from "@/shared/ui/field";
import { Menu } from "@/shared/ui/menu";
import { Ago, Empty, FormProblem, Page, Problem, Skeletons } from "@/shared/ui/state";
import { messageOf, tell, tellError } from "@/shared/ui/toast";

const credentialsQuery = { queryKey: ["credentials"], queryFn: () => api("GET /api/v1/credentials") };
const providersQuery = {
  queryKey: ["providers"],
  queryFn: () => api("GET /api/v1/providers"),
  staleTime: Number.POSITIVE_INFINITY,
};

function kindName(kind: string, { connections: { kinds } }: Messages): string {
  return kind in kinds ? kinds[kind as keyof typeof kinds] : kind;
}

/** Keys and accounts that agents work with. */
export function ConnectionsPage() {
  const words = useWords();
  const credentials = useQuery(credentialsQuery);
  const [isAdding, setAdding] = useState(false);
  const all = credentials.data ?? [];
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
      <ul className="card divide-y empty:hidden">
        {all.map((one) => (
          <Row key={one.id} credential={one} />
        ))}
      </ul>
      {isAdding ? <AddDialog onClose={() => setAdding(false)} /> : null}
    </Page>
  );
}

function Row({ credential }: { credential: CredentialAnswer }) {
  const words = useWords();
  const client = useQueryClient();
  const [isDeleting, setDeleting] = useState(false);
  const [isRenaming, setRenaming] = useState(false);
  const testing = useMutation({
    mutationFn: () =>
      api("POST /api/v1/credentials/{credential_id}/test", { path: { credential_id: credential.id } }),
  });
  const found = testing.data;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
      <span className="grid size-9 shrink-0 place-items-center rounded-md bg-wash text-accent">
        <KeyRound className="size-4" />
      </span>
      <div className="min-w-0 grow basis-48">
        <p className="truncate font-medium">
          {credential.title}
          {credential.is_system ? (
            <span className="ml-2 rounded-full bg-sunken px-2 py-0.5 text-12 text-dim">
              {words.connections.system}
            </span>
          ) : null}
        </p>
        <p className="truncate text-13 text-dim">
          {[credential.provider, kindName(credential.type, words), credential.account]
            .filter(Boolean)
            .join(" · ")}
          {credential.last_used_at ? (
            <>
              {" · "}
              {words.connections.used} <Ago at={credential.last_used_at} />
            </>
          ) : null}
        </p>
        {credential.ended_for ? <p className="text-13 text-bad">{credential.ended_for}</p> : null}
        {found ? (
          <p role="status" className={`row mt-1 text-13 ${found.ok ? "text-good" : "text-bad"}`}>
            {found.ok ? <CheckCircle2 className="size-4" /> : null}
            {found.ok ? words.connections.works(found.account ?? "") : found.message}
          </p>
        ) : null}
        {testing.isError ? <p className="mt-1 text-13 text-bad">{messageOf(testing.error)}</p> : null}
      </div>
      {credential.is_system ? null : (
        <>
          <Button small onClick={() => testing.mutate()} isBusy={testing.isPending}>
            <PlugZap className="size-4" />
            {words.connections.test}
          </Button>
          <Menu
            label={words.more}
            trigger={<MoreHorizontal />}
            items={[
              { label: words.connections.rename, icon: <Pencil />, onSelect: () => setRenaming(true) },
              {
                label: words.connections.delete,
                icon: <Trash2 />,
                isDanger: true,
                onSelect: () => setDeleting(true),
              },
            ]}
          />
        </>
      )}
      {isDeleting ? (
        <DeleteDialog
          credential={credential}
          onClose={() => setDeleting(false)}
          onDone={() => client.invalidateQueries({ queryKey: credentialsQuery.queryKey })}
        />
      ) : null}
      {isRenaming ? <RenameDialog credential={credential} onClose={() => setRenaming(false)} /> : null}
    </li>
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
function DeleteDialog({
  credential,
  onClose,
  onDone,
}: {
  credential: CredentialAnswer;
  onClose: () => void;
  onDone: () => void;
}) {
  const words = useWords();
  const uses = useQuery({
    queryKey: ["credentials", "uses", credential.id],
    queryFn: () =>
      api("GET /api/v1/credentials/{credential_id}/uses", { path: { credential_id: credential.id } }),
  });
  const deleting = useMutation({
    mutationFn: () =>
      api("DELETE /api/v1/credentials/{credential_id}", {
        path: { credential_id: credential.id },
        query: { force: true },
      }),
    onSuccess: () => {
      onDone();
      onClose();
      tell(words.connections.deleted(credential.title));
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
          {uses.data && uses.data.length > 0 ? (
            <>
              <p className="mt-3 font-medium text-ink">{words.connections.usedBy(uses.data.length)}</p>
              <ul className="mt-1 list-disc pl-5">
                {uses.data.slice(0, 10).map((use) => (
                  <li key={`${use.graph_id}${use.node}`}>{use.graph}</li>
                ))}
              </ul>
            </>
          ) : null}
        </>
      }
    />
  );
}

/** Choose a provider, then give a key or connect an account. */
function AddDialog({ onClose }: { onClose: () => void }) {
  const words = useWords();
  const providers = useQuery(providersQuery);
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<Provider | null>(null);
  const found = (providers.data ?? []).filter((one) =>
    `${one.id} ${one.name}`.toLowerCase().includes(text.toLowerCase()),
  );
  if (chosen) return <SecretDialog provider={chosen} onClose={onClose} />;
  return (
    <Dialog title={words.connections.add} about={words.connections.chooseProvider} onClose={onClose}>
      <div className="relative mb-3">
        <Search className="absolute top-2.5 left-3 size-4 text-dim" aria-hidden="true" />
        <Input
          type="search"
          className="pl-9"
          aria-label={words.connections.searchProviders}
          placeholder={words.connections.searchProviders}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      {providers.isPending ? <Skeletons count={4} className="h-9" /> : null}
      {providers.isError ? <Problem error={providers.error} onRetry={() => providers.refetch()} /> : null}
      <ul className="stack max-h-96 overflow-y-auto">
        {found.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              onClick={() => setChosen(one)}
              className="row h-9 w-full rounded-md px-2 text-left hover:bg-sunken"
            >
              <span className="grow">{one.name}</span>
              <span className="text-13 text-dim">
                {listed(one.kinds.map((kind) => kindName(kind.type, words)))}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function SecretDialog({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  const words = useWords();
  const client = useQueryClient();
  const kinds = provider.kinds.map((kind) => kind.type).filter((kind) => kind !== "oauth2");
  const [kind, setKind] = useState<string>(kinds[0] ?? "");
  const done = () => {
    client.invalidateQueries({ queryKey: credentialsQuery.queryKey });
    client.invalidateQueries({ queryKey: ["agents", "needs"] });
    onClose();
  };
  const adding = useMutation({
    mutationFn: (form: FormData) =>
      api("POST /api/v1/credentials", {
        body: { provider: provider.id, title: String(form.get("title")), secret: secretOf(kind, form) },
      }),
    onSuccess: done,
  });
  const connecting = useMutation({ mutationFn: () => connect(provider.id), onSuccess: done });
  const errors = adding.error instanceof ApiError ? adding.error.fields : {};
  return (
    <Dialog title={provider.name} onClose={onClose}>
      {provider.can_connect ? (
        <div className="mb-5 stack gap-3 border-b pb-5">
          <p className="text-dim">{words.connections.connectText(provider.name)}</p>
          <FormProblem error={connecting.error} />
          <Button
            look="do"
            className="self-start"
            isBusy={connecting.isPending}
            onClick={() => connecting.mutate()}
          >
            <PlugZap className="size-4" />
            {words.connections.connect}
          </Button>
        </div>
      ) : null}
      {kinds.length > 0 ? (
        <form
          className="stack gap-4"
          onSubmit={(event: FormEvent<HTMLFormElement>) => {
            event.preventDefault();
            adding.mutate(new FormData(event.currentTarget));
          }}
        >
          {kinds.length > 1 ? (
            <Field label={words.connections.kind}>
              {(given) => (
                <Select value={kind} onChange={(event) => setKind(event.target.value)} {...given}>
                  {kinds.map((one) => (
                    <option key={one} value={one}>
                      {kindName(one, words)}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          ) : null}
          <Field label={words.connections.called} error={errors.title}>
            {(given) => (
              <Input name="title" required maxLength={200} defaultValue={provider.name} {...given} />
            )}
          </Field>
          {kind === "api_key" ? (
            <Secret name="api_key" label={words.connections.kinds.api_key} error={errors["secret.api_key"]} />
          ) : kind === "user_password" ? (
            <>
              <Field label={words.connections.username}>
                {(given) => <Input name="username" required autoComplete="off" {...given} />}
              </Field>
              <Secret name="password" label={words.auth.password} error={errors["secret.password"]} />
            </>
          ) : (
            <>
              <Field label={words.connections.host}>
                {(given) => <Input name="host" required placeholder="api.example.com" {...given} />}
              </Field>
              <Field label={words.connections.header}>
                {(given) => <Input name="header" required placeholder="Authorization" {...given} />}
              </Field>
              <Secret name="value" label={words.form.value} error={errors["secret.headers"]} />
            </>
          )}
          <FormProblem error={adding.error} />
          <Button
            type="submit"
            look={provider.can_connect ? "plain" : "do"}
            className="self-start"
            isBusy={adding.isPending}
          >
            {words.connections.keep}
          </Button>
        </form>
      ) : null}
      {!provider.can_connect && kinds.length === 0 ? (
        <p className="text-dim">{words.connections.noClient(provider.name)}</p>
      ) : null}
    </Dialog>
  );
}

function Secret({ name, label, error }: { name: string; label: string; error: string | undefined }) {
  const words = useWords();
  return (
    <Field label={label} hint={words.connections.encrypted} error={error}>
      {(given) => <Input name={name} type="password" autoComplete="off" required {...given} />}
    </Field>
  );
}

function secretOf(kind: string, form: FormData): NewCredential["secret"] {
  const text = (name: string) => String(form.get(name) ?? "");
  if (kind === "api_key") return { type: "api_key", api_key: text("api_key") };
  if (kind === "user_password")
    return { type: "user_password", username: text("username"), password: text("password") };
  return { type: "host_scoped", host: text("host"), headers: { [text("header")]: text("value") } };
}

/** Open the provider in a window of its own, and wait for what it comes back with. */
async function connect(provider: string): Promise<void> {
  const window_ = open("", "_blank", "popup,width=560,height=720");
  try {
    const begun = await api("POST /api/v1/connections", { body: { provider } });
    const news = new BroadcastChannel("autograph-connections");
    const ended = new Promise<void>((resolve, reject) => {
      news.onmessage = ({ data }) => {
        if (data.state !== begun.state) return;
        news.close();
        if (data.ok) resolve();
        else reject(new ApiError(0, "connection.failed", data.message, {}, ""));
      };
    });
    if (window_) window_.location.href = begun.url;
    else location.assign(begun.url);
    await ended;
  } catch (error) {
    window_?.close();
    throw error;
  }
}
