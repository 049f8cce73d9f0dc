// Where links in mails, providers and apps send browsers. What the address carries goes to the API and out of the address.

import { Link, useParams, useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { NotFoundPage } from "@/app/errors";
import { tellLoggedIn } from "@/app/session";
import { Door, text, useSending } from "@/features/auth/pages";
import { type ConnectionNews, newsOfConnections } from "@/features/connections/connect";
import { ApiError, api } from "@/shared/api/client";
import type { AskedAnswer, Authorization } from "@/shared/api/schema";
import { listed } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Field, Input } from "@/shared/ui/field";
import { FormProblem, Skeletons } from "@/shared/ui/state";
import { messageOf } from "@/shared/ui/toast";

/** What stands behind the # of the address this page was opened with. */
const behind = new URLSearchParams(location.hash.slice(1));

export function StepPage() {
  const { step } = useParams({ from: "/auth/$step" });
  if (step === "verify")
    return <Followed send={(token) => api("POST /api/v1/auth/verify", { body: { token } })} />;
  if (step === "reset") return <ResetPage />;
  if (step === "code") return <CodePage />;
  if (step === "log-in") return behind.has("problem") ? <LogInProblem /> : <MailedLogIn />;
  return <NotFoundPage />;
}

function Followed({ send }: { send: (token: string) => Promise<unknown> }) {
  const words = useWords();
  const [said, setSaid] = useState<string | null>(null);
  const hasBegun = useRef(false);
  useEffect(() => {
    if (hasBegun.current) return;
    hasBegun.current = true;
    send(behind.get("token") ?? "").then(
      () => setSaid(words.auth.confirmed),
      (error) => setSaid(messageOf(error)),
    );
  }, [send, words]);
  return (
    <Door title={words.auth.confirming} text={said ?? words.oneMoment}>
      <Link to="/login" className={buttonClass("do")}>
        {words.auth.logIn}
      </Link>
    </Door>
  );
}

function useGoOn() {
  const router = useRouter();
  return () => {
    tellLoggedIn();
    const back = new URL(behind.get("back") || "/", location.origin);
    return router.navigate({
      href: back.origin === location.origin ? back.pathname + back.search : "/",
    });
  };
}

function MailedLogIn() {
  const words = useWords();
  const goOn = useGoOn();
  const { isBusy, error, send } = useSending();
  const needsCode = error instanceof ApiError && error.code.startsWith("auth.totp");
  return (
    <Door title={words.auth.logIn} text={words.auth.mailedText}>
      <form
        className="stack gap-4"
        onSubmit={send(async (form) => {
          await api("POST /api/v1/auth/link/use", {
            body: { token: behind.get("token") ?? "", code: text(form, "code") },
          });
          await goOn();
        })}
      >
        {needsCode ? <CodeField /> : null}
        <FormProblem error={error} />
        <Button type="submit" look="do" isBusy={isBusy}>
          {words.auth.logIn}
        </Button>
      </form>
    </Door>
  );
}

function CodeField() {
  const words = useWords();
  return (
    <Field label={words.auth.code}>
      {(given) => <Input name="code" inputMode="numeric" autoComplete="one-time-code" required {...given} />}
    </Field>
  );
}

function CodePage() {
  const words = useWords();
  const goOn = useGoOn();
  const { isBusy, error, send } = useSending();
  return (
    <Door title={words.auth.oneMore} text={words.auth.oneMoreText}>
      <form
        className="stack gap-4"
        onSubmit={send(async (form) => {
          await api("POST /api/v1/auth/providers/finish", {
            body: { token: behind.get("token") ?? "", code: text(form, "code") },
          });
          await goOn();
        })}
      >
        <CodeField />
        <FormProblem error={error} />
        <Button type="submit" look="do" isBusy={isBusy}>
          {words.auth.logIn}
        </Button>
      </form>
    </Door>
  );
}

function ResetPage() {
  const words = useWords();
  const { isBusy, error, send } = useSending();
  const [isDone, setDone] = useState(false);
  return (
    <Door title={words.auth.newPassword} text={isDone ? words.auth.passwordChanged : undefined}>
      {isDone ? (
        <Link to="/login" className={buttonClass("do")}>
          {words.auth.logIn}
        </Link>
      ) : (
        <form
          className="stack gap-4"
          onSubmit={send(async (form) => {
            await api("POST /api/v1/auth/reset/use", {
              body: { token: behind.get("token") ?? "", password: text(form, "password") },
            });
            setDone(true);
          })}
        >
          <Field label={words.auth.password} hint={words.auth.passwordHint}>
            {(given) => (
              <Input name="password" type="password" autoComplete="new-password" required {...given} />
            )}
          </Field>
          <FormProblem error={error} />
          <Button type="submit" look="do" isBusy={isBusy}>
            {words.save}
          </Button>
        </form>
      )}
    </Door>
  );
}

function LogInProblem() {
  const words = useWords();
  const problems: Record<string, string> = words.auth.problems;
  return (
    <Door title={words.auth.notIn} text={problems[behind.get("problem") ?? ""] ?? words.auth.problems.other}>
      <Link to="/login" className={buttonClass("do")}>
        {words.auth.backToLogIn}
      </Link>
    </Door>
  );
}

/** A provider sends people back here in a window of its own; the page that opened it hears how it went. */
export function ConnectPage() {
  const words = useWords();
  const [said, setSaid] = useState<string | null>(null);
  const hasBegun = useRef(false);
  useEffect(() => {
    if (hasBegun.current) return;
    hasBegun.current = true;
    const query = new URLSearchParams(location.search);
    history.replaceState(null, "", "/connect");
    const state = query.get("state") ?? "";
    const tellOthers = (news: ConnectionNews) => newsOfConnections().postMessage(news);
    const given = Object.fromEntries(
      ["code", "error", "error_description"].flatMap((name) =>
        query.has(name) ? [[name, query.get(name) ?? ""]] : [],
      ),
    );
    api("POST /api/v1/connections/finish", { body: { state, ...given } }).then(
      ({ credential, missing_scopes }) => {
        setSaid(words.connections.connected(credential.title, listed(missing_scopes)));
        tellOthers({ state, credential });
      },
      (error) => {
        setSaid(messageOf(error));
        tellOthers({ state, message: messageOf(error) });
      },
    );
  }, [words]);
  return (
    <Door title={words.connections.connecting} text={<span role="status">{said ?? words.oneMoment}</span>}>
      {said ? (
        <Link to="/connections" className={buttonClass()}>
          {words.connections.toAll}
        </Link>
      ) : null}
    </Door>
  );
}

const NAMES = [
  "client_id",
  "redirect_uri",
  "response_type",
  "scope",
  "state",
  "code_challenge",
  "code_challenge_method",
] as const;

/** What an app asks for, and the person's answer. The app's words are shown as text and never as markup. */
export function ConsentPage() {
  const words = useWords();
  const query = new URLSearchParams(location.search);
  const isTwice = NAMES.some((name) => query.getAll(name).length > 1);
  const [request] = useState(
    () => Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ""])) as unknown as Authorization,
  );
  const [asked, setAsked] = useState<AskedAnswer | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    if (isTwice) return;
    api("POST /api/v1/oauth/authorize", { body: request }).then(setAsked, setError);
  }, [request, isTwice]);
  async function answer(allow: boolean) {
    setBusy(true);
    try {
      const { redirect_to } = await api("POST /api/v1/oauth/consent", { body: { ...request, allow } });
      location.assign(redirect_to);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  }
  if (isTwice) return <Door title={words.consent.title} text={words.consent.twice} />;
  // Nobody is sent anywhere by a link alone: who wants to go back presses the button.
  const back =
    error instanceof ApiError && typeof error.details.redirect_to === "string"
      ? error.details.redirect_to
      : null;
  return (
    <Door title={asked ? words.consent.wants(asked.app) : words.consent.title}>
      {error ? (
        <div className="stack items-start gap-4">
          <FormProblem error={error} />
          {back ? <Button onClick={() => location.assign(back)}>{words.consent.back}</Button> : null}
        </div>
      ) : asked ? (
        <>
          <p className="text-dim">{[asked.description, asked.website].filter(Boolean).join(" · ")}</p>
          <p className="mt-4 font-medium">{words.consent.able}</p>
          <ul className="mt-2 stack gap-1.5">
            {asked.scopes.map((scope) => (
              <li key={scope.words} className="card px-3 py-2">
                {scope.words}
                {scope.was_given ? <span className="text-dim"> · {words.consent.before}</span> : null}
              </li>
            ))}
          </ul>
          <p className="mt-4 text-13 text-dim">{words.consent.returns(asked.returns_to)}</p>
          <div className="row mt-6">
            <Button look="do" isBusy={isBusy} onClick={() => answer(true)}>
              {words.consent.allow}
            </Button>
            <Button isBusy={isBusy} onClick={() => answer(false)}>
              {words.consent.deny}
            </Button>
          </div>
        </>
      ) : (
        <Skeletons count={2} className="h-10" />
      )}
    </Door>
  );
}
