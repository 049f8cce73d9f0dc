import { queryOptions, useQuery } from "@tanstack/react-query";
import { Check, ChevronsUpDown, Search } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { api } from "@/shared/api/client";
import type { ModelAnswer } from "@/shared/api/schema";
import { textOf, type WidgetProps } from "@/shared/form/boxes";
import { number } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Dialog } from "@/shared/ui/dialog";
import { Problem, Skeletons } from "@/shared/ui/state";

const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: () => api("GET /api/v1/models"),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Names that lead to models which no list has: `provider:model`, `model@https://host/v1`. */
const ELSEWHERE = /^[\w-]+:.+|.+@https?:\/\/.+/;

/** Which model answers: by provider, with what it costs. */
export function ModelBox({ schema, value, onChange, given }: WidgetProps) {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  const { data } = useQuery(modelsQuery);
  const name = textOf(value ?? schema.default);
  const model = data?.find((one) => one.id === name);
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
        className="field row justify-between text-left"
        {...given}
      >
        <span className="min-w-0 grow truncate">
          {model?.name ?? (name || words.form.choose)}
          {model ? <span className="ml-2 text-12 text-dim">{model.provider_title}</span> : null}
        </span>
        <ChevronsUpDown className="size-4 shrink-0 text-dim" />
      </button>
      {isOpen ? (
        <Choice
          kind={KINDS.has(String(schema["x-models"])) ? String(schema["x-models"]) : "text"}
          title={schema.title || words.editing.model}
          chosen={name}
          onChoose={(id) => {
            onChange(id);
            setOpen(false);
          }}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </>
  );
}

/** Models that write no text; what a pin wants besides (code, search) is written. */
const KINDS = new Set(["embedding", "picture", "transcript", "verdict"]);

function Choice({
  kind,
  title,
  chosen,
  onChoose,
  onClose,
}: {
  kind: string;
  title: string;
  chosen: string;
  onChoose: (id: string) => void;
  onClose: () => void;
}) {
  const words = useWords();
  const id = useId();
  const models = useQuery(modelsQuery);
  const [text, setText] = useState("");
  const [hovered, setAt] = useState<number | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const groups = useMemo(() => grouped(models.data ?? [], kind, text), [models.data, kind, text]);
  const flat = groups.flatMap(([, all]) => all);
  const at =
    hovered ??
    Math.max(
      0,
      flat.findIndex((one) => one.id === chosen),
    );
  const own = ELSEWHERE.test(text.trim()) && !flat.some((one) => one.id === text.trim()) ? text.trim() : null;
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  });
  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((at + step + flat.length) % Math.max(1, flat.length));
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      const found = own ?? flat[at]?.id;
      if (found) onChoose(found);
    }
  }
  let place = -1;
  return (
    <Dialog title={title} about={words.editing.modelAbout} onClose={onClose} isWide>
      <div className="stack gap-3">
        <div className="field row">
          <Search className="size-4 text-dim" />
          <input
            autoFocus
            role="combobox"
            aria-expanded="true"
            aria-controls={`${id}-list`}
            aria-activedescendant={flat[at] ? `${id}-${at}` : undefined}
            aria-label={words.editing.searchModels}
            placeholder={words.editing.searchModels}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setAt(0);
            }}
            onKeyDown={onKeyDown}
            className="min-w-0 grow bg-transparent outline-none"
          />
        </div>
        {models.isPending ? <Skeletons count={4} className="h-10" /> : null}
        {models.isError ? <Problem error={models.error} onRetry={() => models.refetch()} /> : null}
        {own ? (
          <button
            type="button"
            onClick={() => onChoose(own)}
            className="rounded-md border px-3 py-2 text-left hover:bg-sunken"
          >
            {words.editing.takeModel(own)}
          </button>
        ) : null}
        <div ref={list} id={`${id}-list`} role="listbox" aria-label={title} className="stack gap-3">
          {groups.map(([provider, all]) => (
            // biome-ignore lint/a11y/useSemanticElements: options of a list, in groups
            <div key={provider} role="group" aria-label={provider}>
              <p className="sticky top-0 bg-paper py-1 text-12 text-dim">{provider}</p>
              {all.map((one) => {
                place += 1;
                const index = place;
                return (
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the search box has the keys
                  <div
                    key={one.id}
                    id={`${id}-${index}`}
                    role="option"
                    tabIndex={-1}
                    aria-selected={index === at}
                    onPointerMove={() => setAt(index)}
                    onClick={() => onChoose(one.id)}
                    className="row cursor-pointer rounded-md px-2 py-1.5 aria-selected:bg-wash"
                  >
                    <Check
                      className={`size-4 shrink-0 text-accent ${one.id === chosen ? "" : "invisible"}`}
                    />
                    <span className="min-w-0 grow">
                      <span className="block truncate font-medium">{one.name}</span>
                      <span className="block truncate font-mono text-12 text-dim">{one.id}</span>
                    </span>
                    <span className="shrink-0 text-right text-12 text-dim tabular-nums">
                      <span className="block">
                        {one.rates
                          ? words.editing.rates(number(one.rates.input), number(one.rates.output))
                          : words.editing.flat(one.flat)}
                      </span>
                      {one.window ? (
                        <span className="block">{words.editing.window(number(one.window))}</span>
                      ) : null}
                    </span>
                  </div>
                );
              })}
            </div>
          ))}
        </div>
        {models.data && flat.length === 0 && !own ? (
          <p className="py-4 text-center text-dim">{words.editing.noModels}</p>
        ) : null}
      </div>
    </Dialog>
  );
}

/** Models of a kind that have every word of a text, by provider; what needs no key comes first. */
export function grouped(models: ModelAnswer[], kind: string, text: string): Array<[string, ModelAnswer[]]> {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, ModelAnswer[]>();
  for (const one of models) {
    const words = `${one.id} ${one.name} ${one.maker} ${one.provider_title}`.toLowerCase();
    if (one.kind !== kind || !wanted.every((word) => words.includes(word))) continue;
    groups.set(one.provider_title, [...(groups.get(one.provider_title) ?? []), one]);
  }
  return [...groups].sort(
    ([a, [one]], [b, [other]]) =>
      Number(other?.is_keyless ?? false) - Number(one?.is_keyless ?? false) || a.localeCompare(b),
  );
}
