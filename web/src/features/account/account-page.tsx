import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { KeyRound, Settings2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { accountQuery, authQuery, isAdmin, logOut } from "@/app/session";
import { Keys } from "@/features/account/keys";
import { NotificationPreferences } from "@/features/account/notifications";
import { Section } from "@/features/account/section";
import { Password, SecondStep, Sessions } from "@/features/account/security";
import { api } from "@/shared/api/client";
import { bytes, number } from "@/shared/format";
import {
  chooseLanguage,
  chooseTheme,
  type Language,
  type Theme,
  useSettings,
  useWords,
} from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Field, Input, Select } from "@/shared/ui/field";
import { FormProblem, Page, Problem } from "@/shared/ui/state";
import { tell } from "@/shared/ui/toast";

/** Everything about the person who is logged in. */
export function AccountPage() {
  const words = useWords();
  const { data: state } = useQuery(authQuery);
  const account = useQuery(accountQuery);
  return (
    <Page title={words.nav.account} isNarrow>
      <div className="stack gap-6">
        {account.isError ? <Problem error={account.error} onRetry={() => account.refetch()} /> : null}
        <Elsewhere />
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
        <NotificationPreferences />
        {account.data?.has_password ? <Password /> : null}
        {account.data?.has_password ? <SecondStep isOn={account.data.has_totp} /> : null}
        {state?.is_set_up ? <Sessions /> : null}
        <Keys />
        <Storage />
        {state?.is_set_up ? <LogOut /> : null}
      </div>
    </Page>
  );
}

/** What the rail has on wide screens and a phone's bar has no room for. */
function Elsewhere() {
  const words = useWords();
  const { data: account } = useQuery(accountQuery);
  return (
    <nav aria-label={words.more} className="flex flex-wrap gap-2 md:hidden [&>a]:grow">
      <Link to="/connections" className={buttonClass()}>
        <KeyRound className="size-4" />
        {words.nav.connections}
      </Link>
      {account && isAdmin(account) ? (
        <Link to="/admin" className={buttonClass()}>
          <Settings2 className="size-4" />
          {words.nav.admin}
        </Link>
      ) : null}
    </nav>
  );
}

function LogOut() {
  const words = useWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  return (
    <Button
      look="danger"
      className="md:hidden"
      onClick={async () => {
        await logOut(client);
        navigate({ to: "/login" });
      }}
    >
      {words.auth.logOut}
    </Button>
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
