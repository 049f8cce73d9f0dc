import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { Languages, MoonStar } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { accountQuery, authQuery, setWelcomed, tellLoggedIn } from "@/app/session";
import { Mark, useLookItems } from "@/app/shell";
import { offerTourOnce } from "@/features/tour/tour";
import { ApiError, api } from "@/shared/api/client";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Field, Input } from "@/shared/ui/field";
import { Menu } from "@/shared/ui/menu";
import { FormProblem } from "@/shared/ui/state";

/** Around what people see before anybody knows them. */
export function Door({
  title,
  text,
  children,
  foot,
}: {
  title: string;
  text?: ReactNode;
  children?: ReactNode;
  foot?: ReactNode;
}) {
  const words = useWords();
  const look = useLookItems();
  return (
    <div className="grid min-h-dvh lg:grid-cols-[1fr_28rem]">
      <div className="relative overflow-hidden border-r bg-sunken max-lg:hidden">
        <Drawing />
        <div className="absolute inset-x-12 bottom-12 max-w-xl">
          <p className="text-28 tracking-tight">{words.auth.motto}</p>
          <p className="mt-2 text-16 text-dim">{words.auth.mottoText}</p>
        </div>
      </div>
      <div className="stack">
        <header className="row justify-between p-4">
          <span className="row font-semibold text-16">
            <Mark />
            Autograph
          </span>
          <Menu
            label={words.themes.look}
            trigger={
              <span className="row">
                <MoonStar />
                <Languages />
              </span>
            }
            triggerClass="tap row h-8 rounded-md px-2 text-dim hover:bg-sunken [&_svg]:size-4"
            items={look}
          />
        </header>
        <main className="mx-auto stack w-full max-w-sm grow justify-center px-6 pb-24">
          <h1 className="text-28">{title}</h1>
          {text ? <p className="mt-2 text-dim">{text}</p> : null}
          <div className="mt-6">{children}</div>
          {foot ? <div className="mt-6 text-dim">{foot}</div> : null}
        </main>
      </div>
    </div>
  );
}

/** A graph, quiet and alive: what this is about, before a word is read. */
function Drawing() {
  const nodes = [
    [16, 30],
    [40, 18],
    [40, 46],
    [66, 30],
    [88, 44],
  ] as const;
  const links = [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
    [3, 4],
  ] as const;
  return (
    <svg viewBox="0 0 104 68" className="absolute inset-x-8 top-[12%] w-[calc(100%-4rem)]" aria-hidden="true">
      {links.map(([from, to], index) => {
        const [x1, y1] = nodes[from] ?? [0, 0];
        const [x2, y2] = nodes[to] ?? [0, 0];
        const path = `M${x1 + 6} ${y1}C${x1 + 14} ${y1} ${x2 - 14} ${y2} ${x2 - 6} ${y2}`;
        return (
          <g key={path}>
            <path d={path} fill="none" stroke="var(--edge)" strokeWidth="0.35" />
            <circle r="0.9" fill="var(--accent)" className="motion-reduce:hidden">
              <animateMotion dur="4s" begin={`${index * 0.7}s`} repeatCount="indefinite" path={path} />
            </circle>
          </g>
        );
      })}
      {nodes.map(([x, y], index) => (
        <g key={`${x}-${y}`}>
          <rect
            x={x - 6}
            y={y - 4}
            width="12"
            height="8"
            rx="1.6"
            fill="var(--paper)"
            stroke="var(--line)"
            strokeWidth="0.3"
          />
          <rect
            x={x - 6}
            y={y - 4}
            width="1.2"
            height="8"
            rx="0.6"
            fill={`oklch(var(--block-l) var(--block-c) ${205 + index * 62})`}
          />
          <rect x={x - 3.4} y={y - 1.9} width="6.4" height="1.1" rx="0.5" fill="var(--line)" />
          <rect x={x - 3.4} y={y + 0.7} width="4.2" height="1.1" rx="0.5" fill="var(--line)" />
        </g>
      ))}
    </svg>
  );
}

/** Go on to where somebody wanted to be; only ever on this site. */
function useEntry(next?: string) {
  const client = useQueryClient();
  const router = useRouter();
  return async () => {
    setWelcomed();
    tellLoggedIn();
    await client.resetQueries({ queryKey: authQuery.queryKey });
    client.removeQueries({ queryKey: accountQuery.queryKey });
    const to = next ? new URL(next, location.origin) : null;
    await router.navigate({ href: to?.origin === location.origin ? to.pathname + to.search : "/" });
  };
}

/** Send a form once, and keep what went wrong. */
export function useSending() {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const send = (act: (form: FormData) => Promise<void>) => async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      await act(form);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, error, send };
}

export function text(form: FormData, name: string): string {
  return String(form.get(name) ?? "");
}

function errorsOf(error: unknown): Record<string, string> {
  return error instanceof ApiError ? error.fields : {};
}

function PersonFields({ error, isNew }: { error: unknown; isNew: boolean }) {
  const words = useWords();
  const errors = errorsOf(error);
  return (
    <>
      {isNew ? (
        <Field label={words.auth.name} error={errors.name}>
          {(given) => <Input name="name" autoComplete="name" required maxLength={200} {...given} />}
        </Field>
      ) : null}
      <Field label={words.auth.email} error={errors.email}>
        {(given) => <Input name="email" type="email" autoComplete="username" required {...given} />}
      </Field>
      <Field
        label={words.auth.password}
        error={errors.password}
        hint={isNew ? words.auth.passwordHint : undefined}
        aside={
          isNew ? undefined : (
            <Link to="/forgotten" className="text-13 text-accent underline-offset-2 hover:underline">
              {words.auth.forgotten}
            </Link>
          )
        }
      >
        {(given) => (
          <Input
            name="password"
            type="password"
            autoComplete={isNew ? "new-password" : "current-password"}
            required
            {...given}
          />
        )}
      </Field>
    </>
  );
}

export function WelcomePage() {
  const words = useWords();
  const enter = useEntry();
  const { data: state } = useQuery(authQuery);
  const { data: account } = useQuery({ ...accountQuery, retry: false });
  const { isBusy, error, send } = useSending();
  if (state?.is_set_up)
    return (
      <Door title={words.auth.isSetUp} text={words.auth.isSetUpText}>
        <Link to="/login" className={buttonClass("do")}>
          {words.auth.logIn}
        </Link>
      </Door>
    );
  return (
    <Door title={words.auth.welcome} text={words.auth.welcomeText}>
      <form
        className="stack gap-4"
        onSubmit={send(async (form) => {
          await api("POST /api/v1/auth/set-up", {
            body: { name: text(form, "name"), email: text(form, "email"), password: text(form, "password") },
          });
          offerTourOnce();
          await enter();
        })}
      >
        <PersonFields error={error} isNew />
        <FormProblem error={error} />
        <Button type="submit" look="do" isBusy={isBusy}>
          {words.auth.setUp}
        </Button>
      </form>
      {account ? (
        <div className="mt-6 border-t pt-5">
          <p className="mb-3 text-13 text-dim">{words.auth.aloneText}</p>
          <Button
            onClick={() => {
              offerTourOnce();
              return enter();
            }}
          >
            {words.auth.alone}
          </Button>
        </div>
      ) : null}
    </Door>
  );
}

export function LogInPage() {
  const words = useWords();
  const { next } = useSearch({ from: "/login" });
  const enter = useEntry(next);
  const { data: state } = useQuery(authQuery);
  const { isBusy, error, send } = useSending();
  const asksCode =
    error instanceof ApiError && (error.code === "auth.totp_required" || error.code === "auth.totp_wrong");
  const [needsCode, setNeedsCode] = useState(false);
  if (asksCode && !needsCode) setNeedsCode(true);
  return (
    <Door
      title={words.auth.logIn}
      foot={
        state?.sign_up === "open" ? (
          <>
            {words.auth.noAccount}{" "}
            <Link to="/signup" className="font-medium text-accent underline-offset-2 hover:underline">
              {words.auth.signUp}
            </Link>
          </>
        ) : null
      }
    >
      <form
        className="stack gap-4"
        onSubmit={send(async (form) => {
          await api("POST /api/v1/auth/login", {
            body: { email: text(form, "email"), password: text(form, "password"), code: text(form, "code") },
          });
          await enter();
        })}
      >
        <PersonFields error={error} isNew={false} />
        {needsCode ? (
          <Field label={words.auth.code}>
            {(given) => (
              <Input name="code" inputMode="numeric" autoComplete="one-time-code" autoFocus {...given} />
            )}
          </Field>
        ) : null}
        <FormProblem error={error} />
        <Button type="submit" look="do" isBusy={isBusy}>
          {words.auth.logIn}
        </Button>
      </form>
      <Providers next={next} />
    </Door>
  );
}

function Providers({ next }: { next?: string | undefined }) {
  const words = useWords();
  const { data: state } = useQuery(authQuery);
  const [error, setError] = useState<unknown>(null);
  if (!state || state.providers.length === 0) return null;
  return (
    <div className="mt-5 stack gap-2 border-t pt-5">
      {state.providers.map((provider) => (
        <Button
          key={provider.name}
          onClick={async () => {
            try {
              const { url } = await api("POST /api/v1/auth/providers/{provider}/start", {
                path: { provider: provider.name },
                body: { back: next ?? "/" },
              });
              location.assign(url);
            } catch (problem) {
              setError(problem);
            }
          }}
        >
          {words.auth.logInBy(provider.title)}
        </Button>
      ))}
      <FormProblem error={error} />
    </div>
  );
}

export function SignUpPage() {
  const words = useWords();
  const navigate = useNavigate();
  const { isBusy, error, send } = useSending();
  const [isDone, setDone] = useState(false);
  if (isDone)
    return (
      <Door title={words.auth.signedUp} text={words.auth.signedUpText}>
        <Button look="do" onClick={() => navigate({ to: "/login" })}>
          {words.auth.logIn}
        </Button>
      </Door>
    );
  return (
    <Door
      title={words.auth.signUp}
      foot={
        <>
          {words.auth.hasAccount}{" "}
          <Link to="/login" className="font-medium text-accent underline-offset-2 hover:underline">
            {words.auth.logIn}
          </Link>
        </>
      }
    >
      <form
        className="stack gap-4"
        onSubmit={send(async (form) => {
          await api("POST /api/v1/auth/sign-up", {
            body: { name: text(form, "name"), email: text(form, "email"), password: text(form, "password") },
          });
          setDone(true);
        })}
      >
        <PersonFields error={error} isNew />
        <FormProblem error={error} />
        <Button type="submit" look="do" isBusy={isBusy}>
          {words.auth.signUp}
        </Button>
      </form>
      <Providers />
    </Door>
  );
}

export function ForgottenPage() {
  const words = useWords();
  const { isBusy, error, send } = useSending();
  const [isSent, setSent] = useState(false);
  return (
    <Door
      title={words.auth.forgotten}
      text={isSent ? words.auth.linkSent : words.auth.forgottenText}
      foot={
        <Link to="/login" className="font-medium text-accent underline-offset-2 hover:underline">
          {words.auth.backToLogIn}
        </Link>
      }
    >
      {isSent ? null : (
        <form
          className="stack gap-4"
          onSubmit={send(async (form) => {
            await api("POST /api/v1/auth/reset", { body: { email: text(form, "email") } });
            setSent(true);
          })}
        >
          <Field label={words.auth.email}>
            {(given) => <Input name="email" type="email" autoComplete="username" required {...given} />}
          </Field>
          <FormProblem error={error} />
          <Button type="submit" look="do" isBusy={isBusy}>
            {words.auth.sendReset}
          </Button>
        </form>
      )}
    </Door>
  );
}
