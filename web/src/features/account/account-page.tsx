import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Copy, KeyRound, Monitor, Plus } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { accountQuery, authQuery, isAdmin } from "@/app/session";
import { ApiError, api } from "@/shared/api/client";
import type { ApiKeyAnswer, Scope } from "@/shared/api/schema";
import { bytes, dateTime, number } from "@/shared/format";
import {
  chooseLanguage,
  chooseTheme,
  type Language,
  type Theme,
  useSettings,
  useWords,
} from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Confirm, Dialog } from "@/shared/ui/dialog";
import { Field, Input, Select } from "@/shared/ui/field";
import { Ago, FormProblem, Page, Problem, Skeletons } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";

const keysQuery = { queryKey: ["api-keys"], queryFn: () => api("GET /api/v1/api-keys") };
const sessionsQuery = { queryKey: ["sessions"], queryFn: () => api("GET /api/v1/auth/sessions") };
const SCOPES: Scope[] = [
  "EXECUTE_GRAPH",
  "READ_GRAPH",
  "WRITE_GRAPH",
  "EXECUTE_BLOCK",
  "READ_BLOCK",
  "ANSWER_REVIEWS",
  "READ_FILES",
  "WRITE_FILES",
  "READ_INTEGRATIONS",
  "MANAGE_INTEGRATIONS",
  "DELETE_INTEGRATIONS",
  "USE_TOOLS",
  "IDENTITY",
];

/** Everything about the person who is logged in. */
export function AccountPage() {
  const words = useWords();
  const { data: state } = useQuery(authQuery);
  const account = useQuery(accountQuery);
  return (
    <Page title={words.nav.account} isNarrow>
      <div className="stack gap-6">
        {account.isError ? <Problem error={account.error} onRetry={() => account.refetch()} /> : null}
        {state && !state.is_set_up ? (
          <Section title={words.account.none} about={words.account.noneText}>
            <Link to="/welcome" className={buttonClass("do")}>
              {words.auth.setUp}
            </Link>
          </Section>
        ) : null}
        {account.data && state?.is_set_up ? (
          <Profile key={account.data.id} name={account.data.name} email={account.data.email ?? ""} />
        ) : null}
        <Look />
        {account.data?.has_password ? <Password /> : null}
        {account.data?.has_password ? <SecondStep isOn={account.data.has_totp} /> : null}
        {state?.is_set_up ? <Sessions /> : null}
        <Keys />
        <Storage />
        <Elsewhere />
      </div>
    </Page>
  );
}

/** What the rail has on wide screens and a phone's bar has no room for. */
function Elsewhere() {
  const words = useWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data: state } = useQuery(authQuery);
  const { data: account } = useQuery(accountQuery);
  return (
    <nav aria-label={words.more} className="stack gap-2 md:hidden">
      <Link to="/connections" className={buttonClass()}>
        {words.nav.connections}
      </Link>
      {account && isAdmin(account) ? (
        <Link to="/admin" className={buttonClass()}>
          {words.nav.admin}
        </Link>
      ) : null}
      {state?.is_set_up ? (
        <Button
          look="danger"
          onClick={async () => {
            await api("POST /api/v1/auth/logout");
            client.clear();
            navigate({ to: "/login" });
          }}
        >
          {words.auth.logOut}
        </Button>
      ) : null}
    </nav>
  );
}

function Section({
  title,
  about,
  aside,
  children,
}: {
  title: string;
  about?: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="card p-5">
      <header className="mb-4 flex items-start justify-between gap-4">
        <div>
          <h2 className="text-16">{title}</h2>
          {about ? <p className="mt-0.5 text-dim">{about}</p> : null}
        </div>
        {aside}
      </header>
      {children}
    </section>
  );
}

function Profile({ name: first, email }: { name: string; email: string }) {
  const words = useWords();
  const client = useQueryClient();
  const [name, setName] = useState(first);
  const saving = useMutation({
    mutationFn: () => api("PATCH /api/v1/account", { body: { name } }),
    onSuccess: (account) => {
      client.setQueryData(accountQuery.queryKey, account);
      tell(words.account.saved);
    },
  });
  return (
    <Section title={words.account.profile}>
      <form
        className="stack gap-4 sm:max-w-md"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          saving.mutate();
        }}
      >
        <Field label={words.auth.name}>
          {(given) => (
            <Input
              value={name}
              required
              maxLength={200}
              onChange={(event) => setName(event.target.value)}
              {...given}
            />
          )}
        </Field>
        <Field label={words.auth.email}>{(given) => <Input value={email} disabled {...given} />}</Field>
        <FormProblem error={saving.error} />
        <Button
          type="submit"
          look="do"
          className="self-start"
          isBusy={saving.isPending}
          disabled={name === first && !saving.isError}
        >
          {words.save}
        </Button>
      </form>
    </Section>
  );
}

function Look() {
  const words = useWords();
  const { theme, language } = useSettings();
  return (
    <Section title={words.themes.look} about={words.account.lookText}>
      <div className="grid gap-4 sm:max-w-md sm:grid-cols-2">
        <Field label={words.themes.title}>
          {(given) => (
            <Select value={theme} onChange={(event) => chooseTheme(event.target.value as Theme)} {...given}>
              {(["system", "light", "dark"] as const).map((one) => (
                <option key={one} value={one}>
                  {words.themes[one]}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={words.account.language}>
          {(given) => (
            <Select
              value={language}
              onChange={(event) => chooseLanguage(event.target.value as Language)}
              {...given}
            >
              <option value="en">English</option>
              <option value="zh">中文</option>
            </Select>
          )}
        </Field>
      </div>
    </Section>
  );
}

function Password() {
  const words = useWords();
  const changing = useMutation({
    mutationFn: (form: FormData) =>
      api("POST /api/v1/account/password", {
        body: { old: String(form.get("old")), new: String(form.get("new")) },
      }),
    onSuccess: () => tell(words.account.passwordChanged),
  });
  return (
    <Section title={words.auth.password}>
      <form
        className="stack gap-4 sm:max-w-md"
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          const form = event.currentTarget;
          changing.mutate(new FormData(form), { onSuccess: () => form.reset() });
        }}
      >
        <Field label={words.account.oldPassword}>
          {(given) => (
            <Input name="old" type="password" autoComplete="current-password" required {...given} />
          )}
        </Field>
        <Field label={words.account.newPassword} hint={words.auth.passwordHint}>
          {(given) => <Input name="new" type="password" autoComplete="new-password" required {...given} />}
        </Field>
        <FormProblem error={changing.error} />
        <Button type="submit" className="self-start" isBusy={changing.isPending}>
          {words.account.changePassword}
        </Button>
      </form>
    </Section>
  );
}

/** A code from an app besides the password. */
function SecondStep({ isOn }: { isOn: boolean }) {
  const words = useWords();
  const client = useQueryClient();
  const [code, setCode] = useState("");
  const beginning = useMutation({ mutationFn: () => api("POST /api/v1/account/totp") });
  const sending = useMutation({
    mutationFn: () =>
      api(isOn ? "POST /api/v1/account/totp/end" : "POST /api/v1/account/totp/confirm", { body: { code } }),
    onSuccess: () => {
      setCode("");
      beginning.reset();
      client.invalidateQueries({ queryKey: accountQuery.queryKey });
    },
  });
  const isAsking = isOn || beginning.data !== undefined;
  return (
    <Section
      title={words.account.secondStep}
      about={isOn ? words.account.secondStepOn : words.account.secondStepText}
    >
      {isAsking ? (
        <form
          className="stack gap-4 sm:max-w-md"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            sending.mutate();
          }}
        >
          {beginning.data ? (
            <p>
              {words.account.enterSecret}{" "}
              <code className="select-all break-all rounded-sm bg-sunken px-1.5 py-0.5 font-mono text-13">
                {beginning.data.secret}
              </code>
            </p>
          ) : null}
          <Field label={words.auth.code}>
            {(given) => (
              <Input
                inputMode="numeric"
                autoComplete="one-time-code"
                required
                value={code}
                onChange={(event) => setCode(event.target.value)}
                {...given}
              />
            )}
          </Field>
          <FormProblem error={sending.error} />
          <Button
            type="submit"
            look={isOn ? "danger" : "do"}
            className="self-start"
            isBusy={sending.isPending}
          >
            {isOn ? words.account.turnOff : words.account.turnOn}
          </Button>
        </form>
      ) : (
        <>
          <FormProblem error={beginning.error} />
          <Button onClick={() => beginning.mutate()} isBusy={beginning.isPending}>
            {words.account.begin}
          </Button>
        </>
      )}
    </Section>
  );
}

function Sessions() {
  const words = useWords();
  const client = useQueryClient();
  const sessions = useQuery(sessionsQuery);
  const again = () => client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  const ending = useMutation({
    mutationFn: (id: string) =>
      api("DELETE /api/v1/auth/sessions/{session_id}", { path: { session_id: id } }),
    onSuccess: again,
    onError: tellError,
  });
  const endingOthers = useMutation({
    mutationFn: () => api("DELETE /api/v1/auth/sessions", { query: { but_this: true } }),
    onSuccess: again,
    onError: tellError,
  });
  return (
    <Section
      title={words.account.sessions}
      about={words.account.sessionsText}
      aside={
        (sessions.data?.length ?? 0) > 1 ? (
          <Button small look="danger" isBusy={endingOthers.isPending} onClick={() => endingOthers.mutate()}>
            {words.account.endOthers}
          </Button>
        ) : null
      }
    >
      {sessions.isPending ? <Skeletons count={1} className="h-12" /> : null}
      {sessions.isError ? <Problem error={sessions.error} onRetry={() => sessions.refetch()} /> : null}
      <ul className="divide-y">
        {sessions.data?.map((one) => (
          <li key={one.id} className="row flex-wrap py-2.5">
            <Monitor className="size-4 text-dim" />
            <span className="min-w-0 grow basis-52">
              <span className="block truncate">{one.agent || one.method}</span>
              <span className="text-13 text-dim">
                {one.ip} · <Ago at={one.last_seen_at} />
              </span>
            </span>
            {one.is_current ? (
              <span className="text-13 text-good">{words.account.thisOne}</span>
            ) : (
              <Button small onClick={() => ending.mutate(one.id)}>
                {words.account.end}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Keys() {
  const words = useWords();
  const client = useQueryClient();
  const keys = useQuery(keysQuery);
  const [isMaking, setMaking] = useState(false);
  const [revoked, setRevoked] = useState<ApiKeyAnswer | null>(null);
  const revoking = useMutation({
    mutationFn: (id: string) => api("DELETE /api/v1/api-keys/{key_id}", { path: { key_id: id } }),
    onSuccess: (key) => {
      client.invalidateQueries({ queryKey: keysQuery.queryKey });
      setRevoked(null);
      tell(words.account.keyRevoked(key.name));
    },
    onError: tellError,
  });
  const open = keys.data?.filter((one) => one.revoked_at === null) ?? [];
  return (
    <Section
      title={words.account.keys}
      about={words.account.keysText}
      aside={
        <Button small onClick={() => setMaking(true)}>
          <Plus className="size-4" />
          {words.account.makeKey}
        </Button>
      }
    >
      {keys.isPending ? <Skeletons count={1} className="h-12" /> : null}
      {keys.isError ? <Problem error={keys.error} onRetry={() => keys.refetch()} /> : null}
      {keys.isSuccess && open.length === 0 ? <p className="text-dim">{words.account.noKeys}</p> : null}
      <ul className="divide-y">
        {open.map((one) => (
          <li key={one.id} className="row flex-wrap py-2.5">
            <KeyRound className="size-4 text-dim" />
            <span className="min-w-0 grow basis-52">
              <span className="block truncate">
                {one.name} <code className="font-mono text-12 text-dim">{one.head}…</code>
              </span>
              <span className="text-13 text-dim">
                {one.last_used_at ? (
                  <>
                    {words.connections.used} <Ago at={one.last_used_at} />
                  </>
                ) : (
                  words.account.neverUsed
                )}
                {one.expires_at ? ` · ${words.account.until(dateTime(one.expires_at))}` : ""}
              </span>
            </span>
            <Button small onClick={() => setRevoked(one)}>
              {words.account.revoke}
            </Button>
          </li>
        ))}
      </ul>
      {isMaking ? <KeyDialog onClose={() => setMaking(false)} /> : null}
      {revoked ? (
        <Confirm
          title={words.account.revokeNamed(revoked.name)}
          text={words.account.revokeText}
          act={words.account.revoke}
          isBusy={revoking.isPending}
          onDo={() => revoking.mutate(revoked.id)}
          onClose={() => setRevoked(null)}
        />
      ) : null}
    </Section>
  );
}

/** Make a key; it is shown once. */
function KeyDialog({ onClose }: { onClose: () => void }) {
  const words = useWords();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<Scope[]>(["EXECUTE_GRAPH", "READ_GRAPH"]);
  const making = useMutation({
    mutationFn: () => api("POST /api/v1/api-keys", { body: { name, scopes } }),
    onSuccess: () => client.invalidateQueries({ queryKey: keysQuery.queryKey }),
  });
  const key = making.data?.key;
  if (key)
    return (
      <Dialog
        title={words.account.keyMade}
        about={words.account.keyMadeText}
        onClose={onClose}
        footer={
          <>
            <Button onClick={onClose}>{words.close}</Button>
            <Button
              look="do"
              onClick={async () => {
                await navigator.clipboard.writeText(key);
                tell(words.account.copied);
              }}
            >
              <Copy className="size-4" />
              {words.copy}
            </Button>
          </>
        }
      >
        <code className="block select-all break-all rounded-md bg-sunken p-3 font-mono text-13">{key}</code>
      </Dialog>
    );
  return (
    <Dialog
      title={words.account.makeKey}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button
            look="do"
            isBusy={making.isPending}
            disabled={!name.trim() || scopes.length === 0}
            onClick={() => making.mutate()}
          >
            {words.account.makeKey}
          </Button>
        </>
      }
    >
      <div className="stack gap-4">
        <Field
          label={words.account.keyName}
          error={making.error instanceof ApiError ? making.error.fields.name : undefined}
        >
          {(given) => (
            <Input
              value={name}
              maxLength={200}
              onChange={(event) => setName(event.target.value)}
              {...given}
            />
          )}
        </Field>
        <fieldset>
          <legend className="mb-2 font-medium text-13">{words.account.may}</legend>
          <div className="grid gap-x-4 gap-y-1.5 sm:grid-cols-2">
            {SCOPES.map((scope) => (
              <label key={scope} className="row">
                <input
                  type="checkbox"
                  className="size-4 accent-accent"
                  checked={scopes.includes(scope)}
                  onChange={(event) =>
                    setScopes(
                      event.target.checked ? [...scopes, scope] : scopes.filter((one) => one !== scope),
                    )
                  }
                />
                {words.account.scopes[scope as keyof typeof words.account.scopes]}
              </label>
            ))}
          </div>
        </fieldset>
        <FormProblem error={making.error} />
      </div>
    </Dialog>
  );
}

function Storage() {
  const words = useWords();
  const { data } = useQuery({ queryKey: ["storage"], queryFn: () => api("GET /api/v1/storage") });
  if (!data) return null;
  return (
    <Section title={words.account.storage}>
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {(
          [
            [words.nav.runs, number(data.runs)],
            [words.account.stored, bytes(data.stored_bytes)],
            [words.account.files, number(data.files)],
            [words.account.inFiles, bytes(data.file_bytes)],
          ] as const
        ).map(([label, value]) => (
          <div key={label} className="rounded-md bg-sunken px-3 py-2">
            <dt className="text-12 text-dim">{label}</dt>
            <dd className="text-16">{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
