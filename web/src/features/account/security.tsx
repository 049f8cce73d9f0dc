import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Monitor } from "lucide-react";
import { type FormEvent, useState } from "react";
import { accountQuery } from "@/app/session";
import { Section } from "@/features/account/section";
import { api } from "@/shared/api/client";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Field, Input } from "@/shared/ui/field";
import { Ago, FormProblem, Problem, Skeletons } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";

const sessionsQuery = { queryKey: ["sessions"], queryFn: () => api("GET /api/v1/auth/sessions") };

export function Password() {
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
export function SecondStep({ isOn }: { isOn: boolean }) {
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

export function Sessions() {
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
