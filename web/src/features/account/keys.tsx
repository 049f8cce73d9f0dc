import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy, KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { Section } from "@/features/account/section";
import { ApiError, api } from "@/shared/api/client";
import type { ApiKeyAnswer, Scope } from "@/shared/api/schema";
import { dateTime } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { Confirm, Dialog } from "@/shared/ui/dialog";
import { Field, Input } from "@/shared/ui/field";
import { Ago, FormProblem, Problem, Skeletons } from "@/shared/ui/state";
import { tell, tellError } from "@/shared/ui/toast";

const keysQuery = { queryKey: ["api-keys"], queryFn: () => api("GET /api/v1/api-keys") };

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

export function Keys() {
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
