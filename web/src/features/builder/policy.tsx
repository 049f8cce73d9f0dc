import { act } from "@/features/builder/store";
import type { GraphNode, Policy } from "@/graph-core/model";
import { useWords } from "@/shared/settings";
import { Field, Input, Select } from "@/shared/ui/field";

export function PolicyFields({ node }: { node: GraphNode }) {
  const words = useWords();
  const policy = node.policy ?? {};
  const change = (next: Policy) =>
    act({
      kind: "policy",
      node: node.id,
      policy: Object.fromEntries(
        Object.entries({ ...policy, ...next }).filter(([, value]) => value !== undefined),
      ),
    });
  const whole = (text: string) => (/^\d+$/.test(text) && Number(text) > 0 ? Number(text) : undefined);
  return (
    <details>
      <summary className="w-fit text-13 text-dim hover:text-ink">{words.builder.policy}</summary>
      <div className="mt-3 stack gap-3">
        <Field label={words.builder.timeout}>
          {(given) => (
            <Input
              inputMode="numeric"
              value={policy.timeout ?? ""}
              onChange={(event) => change({ timeout: whole(event.target.value) } as Policy)}
              {...given}
            />
          )}
        </Field>
        <Field label={words.builder.retries}>
          {(given) => (
            <Input
              inputMode="numeric"
              value={policy.retry?.max ?? ""}
              onChange={(event) => {
                const max = whole(event.target.value);
                change({ retry: max ? { backoff: 1, ...policy.retry, max } : undefined } as Policy);
              }}
              {...given}
            />
          )}
        </Field>
        <Field label={words.builder.onError}>
          {(given) => (
            <Select
              value={policy.on_error ?? ""}
              onChange={(event) => change({ on_error: event.target.value || undefined } as Policy)}
              {...given}
            >
              <option value="">{words.builder.asAgent}</option>
              {(["route", "ignore", "fail_fast"] as const).map((one) => (
                <option key={one} value={one}>
                  {words.builder.onErrors[one]}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
    </details>
  );
}
