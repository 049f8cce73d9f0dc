import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ExternalLink, PlugZap } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { connect } from "@/features/connections/connect";
import { credentialsQuery, providersQuery } from "@/features/connections/queries";
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
import { Dialog } from "@/shared/ui/dialog";
import { Field, Input, Select } from "@/shared/ui/field";
import { SearchBox } from "@/shared/ui/search-box";
import { FormProblem, Problem, Skeletons } from "@/shared/ui/state";

/** What a connection is wanted for; everything is left out where a person looks around. */
export interface Wanted {
  providers?: readonly string[];
  /** Kinds of credentials that serve. */
  types?: readonly string[];
  scopes?: string[];
  /** The one that is to be connected again, or to be allowed more. */
  credential?: CredentialAnswer;
}

export function kindName(kind: string, { connections: { kinds } }: Messages): string {
  return kind in kinds ? kinds[kind as keyof typeof kinds] : kind;
}

/** Choose a provider, then give a key or connect an account. */
export function AddConnection({
  wanted = {},
  onAdded,
  onClose,
}: {
  wanted?: Wanted;
  onAdded?: (credential: CredentialAnswer) => void;
  onClose: () => void;
}) {
  const words = useWords();
  const client = useQueryClient();
  const providers = useQuery(providersQuery);
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<Provider | null>(null);
  const all = (providers.data ?? []).filter((one) => wanted.providers?.includes(one.id) ?? true);
  const provider = chosen ?? (all.length === 1 ? all[0] : undefined);
  if (provider)
    return (
      <AccessDialog
        provider={provider}
        wanted={wanted}
        onClose={onClose}
        onDone={(credential) => {
          client.invalidateQueries({ queryKey: credentialsQuery.queryKey });
          client.invalidateQueries({ queryKey: ["agents", "needs"] });
          onClose();
          onAdded?.(credential);
        }}
      />
    );
  const found = all.filter((one) => `${one.id} ${one.name}`.toLowerCase().includes(text.toLowerCase()));
  return (
    <Dialog title={words.connections.add} about={words.connections.chooseProvider} onClose={onClose}>
      <SearchBox label={words.connections.searchProviders} value={text} onSearch={setText} className="mb-3" />
      {providers.isPending ? <Skeletons count={4} className="h-9" /> : null}
      {providers.isError ? <Problem error={providers.error} onRetry={() => providers.refetch()} /> : null}
      {providers.isSuccess && found.length === 0 ? (
        <p className="py-4 text-dim">{words.connections.noProvider}</p>
      ) : null}
      <ul className="stack max-h-96 overflow-y-auto">
        {found.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              onClick={() => setChosen(one)}
              className="row min-h-9 w-full rounded-md px-2 py-1 text-left hover:bg-sunken"
            >
              <span className="grow">{one.name}</span>
              <span className="text-right text-13 text-dim">
                {listed(one.kinds.map((kind) => kindName(kind.type, words)))}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function AccessDialog({
  provider,
  wanted,
  onDone,
  onClose,
}: {
  provider: Provider;
  wanted: Wanted;
  onDone: (credential: CredentialAnswer) => void;
  onClose: () => void;
}) {
  const words = useWords();
  const types = wanted.credential ? [wanted.credential.type] : wanted.types;
  const kinds = provider.kinds.filter(({ type }) => types?.includes(type) ?? true);
  const secrets = kinds.filter(({ type }) => type !== "oauth2");
  const canConnect = provider.can_connect && secrets.length < kinds.length;
  return (
    <Dialog title={wanted.credential?.title ?? provider.name} onClose={onClose}>
      {canConnect ? (
        <div className={secrets.length > 0 ? "mb-5 border-b pb-5" : ""}>
          <AccountBox provider={provider} wanted={wanted} onDone={onDone} />
        </div>
      ) : null}
      {secrets.length > 0 ? (
        <SecretForm
          provider={provider}
          kinds={secrets}
          replaced={wanted.credential}
          isFirst={!canConnect}
          onDone={onDone}
        />
      ) : null}
      {!canConnect && secrets.length === 0 ? (
        <p className="text-dim">{words.connections.noClient(provider.name)}</p>
      ) : null}
    </Dialog>
  );
}

/** Begins a connection, and says that one goes on elsewhere. */
function AccountBox({
  provider,
  wanted,
  onDone,
}: {
  provider: Provider;
  wanted: Wanted;
  onDone: (credential: CredentialAnswer) => void;
}) {
  const words = useWords();
  const under = useRef<AbortController>(null);
  useEffect(() => () => under.current?.abort(), []);
  const connecting = useMutation({
    mutationFn: () => {
      under.current = new AbortController();
      return connect(
        {
          provider: provider.id,
          scopes: wanted.scopes ?? [],
          credential_id: wanted.credential?.id ?? null,
        },
        under.current.signal,
      );
    },
    onSuccess: onDone,
  });
  const hasLeft = under.current?.signal.aborted;
  return (
    <div className="stack items-start gap-3">
      <p className="text-dim" role={connecting.isPending ? "status" : undefined}>
        {connecting.isPending
          ? words.connections.goOnThere(provider.name)
          : words.connections.connectText(provider.name)}
      </p>
      {hasLeft ? null : <FormProblem error={connecting.error} />}
      <div className="row">
        <Button look="do" isBusy={connecting.isPending} onClick={() => connecting.mutate()}>
          <PlugZap className="size-4" />
          {wanted.credential ? words.connections.again : words.connections.connect}
        </Button>
        {connecting.isPending ? <Button onClick={() => under.current?.abort()}>{words.cancel}</Button> : null}
      </div>
    </div>
  );
}

function SecretForm({
  provider,
  kinds,
  replaced,
  isFirst,
  onDone,
}: {
  provider: Provider;
  kinds: Provider["kinds"];
  replaced: CredentialAnswer | undefined;
  isFirst: boolean;
  onDone: (credential: CredentialAnswer) => void;
}) {
  const words = useWords();
  const [kind, setKind] = useState<string>(kinds[0]?.type ?? "");
  const saving = useMutation({
    mutationFn: (form: FormData) => {
      const secret = secretOf(kind, form);
      return replaced
        ? api("PUT /api/v1/credentials/{credential_id}/secret", {
            path: { credential_id: replaced.id },
            body: { secret },
          })
        : api("POST /api/v1/credentials", {
            body: { provider: provider.id, title: String(form.get("title")), secret },
          });
    },
    onSuccess: onDone,
  });
  const errors = saving.error instanceof ApiError ? saving.error.fields : {};
  const source = kinds.find((one) => one.type === kind)?.get_it_at;
  return (
    <form
      className="stack gap-4"
      onSubmit={(event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        // It may have been opened from another form, which hears what comes up from here.
        event.stopPropagation();
        saving.mutate(new FormData(event.currentTarget));
      }}
    >
      {kinds.length > 1 ? (
        <Field label={words.connections.kind}>
          {(given) => (
            <Select value={kind} onChange={(event) => setKind(event.target.value)} {...given}>
              {kinds.map(({ type }) => (
                <option key={type} value={type}>
                  {kindName(type, words)}
                </option>
              ))}
            </Select>
          )}
        </Field>
      ) : null}
      {replaced ? null : (
        <Field label={words.connections.called} error={errors.title}>
          {(given) => <Input name="title" required maxLength={200} defaultValue={provider.name} {...given} />}
        </Field>
      )}
      {source ? (
        <a
          href={source}
          target="_blank"
          rel="noreferrer"
          className="row gap-1.5 self-start text-13 text-accent underline"
        >
          <ExternalLink className="size-3.5" />
          {words.connections.getItAt(new URL(source).host)}
        </a>
      ) : null}
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
      <FormProblem error={saving.error} />
      <Button type="submit" look={isFirst ? "do" : "plain"} className="self-start" isBusy={saving.isPending}>
        {words.connections.keep}
      </Button>
    </form>
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
