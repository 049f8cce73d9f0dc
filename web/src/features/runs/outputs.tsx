import { Check, Copy, Download } from "lucide-react";
import { useState } from "react";
import type { Json } from "@/graph-core/model";
import { number } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button } from "@/shared/ui/button";
import { textOfValue } from "@/shared/value/kinds";
import { download, ValueActions, ValueView } from "@/shared/value/value-view";

type Values = Record<string, Json[]>;

/** What a run gave out, each as its kind deserves. */
export function Outputs({
  outputs,
  counts = {},
  texts = {},
  isOver,
}: {
  outputs: Values;
  /** How many values there are, where not all of them are handed in. */
  counts?: Readonly<Record<string, number>>;
  texts?: Readonly<Record<string, string>>;
  isOver: boolean;
}) {
  const words = useWords();
  const entries = Object.entries(outputs);
  const making = Object.entries(texts);
  if (entries.length === 0 && making.length === 0)
    return isOver ? <p className="card px-5 py-4 text-dim">{words.runs.noOutputs}</p> : null;
  return (
    <section aria-label={words.runs.outputs} className="stack gap-3">
      {entries.length > 1 ? <AllActions outputs={outputs} /> : null}
      {entries.map(([name, values]) => (
        <article key={name} className="card min-w-0">
          <header className="row justify-between border-b py-1.5 pr-2 pl-5">
            <h2 className="min-w-0 truncate font-medium text-13 text-dim">
              {name}
              {values.length > 1 ? (
                <span className="ml-2 rounded-full bg-sunken px-2 py-0.5 text-12">
                  {number(counts[name] ?? values.length)}
                </span>
              ) : null}
            </h2>
            <ValueActions value={values.length === 1 ? values[0] : values} name={name} />
          </header>
          <ValueList values={values} />
        </article>
      ))}
      {making.map(([key, text]) => (
        <article key={key} className="card border-live/40 px-5 py-4">
          <p className="whitespace-pre-wrap">
            {text}
            <span className="ml-0.5 inline-block h-4 w-1.5 animate-breathe bg-live align-text-bottom" />
          </p>
        </article>
      ))}
    </section>
  );
}

/** Copy and download for everything at once. */
function AllActions({ outputs }: { outputs: Values }) {
  const words = useWords();
  const [isCopied, setCopied] = useState(false);
  return (
    <div className="row justify-end">
      <Button
        small
        look="quiet"
        onClick={async () => {
          await navigator.clipboard.writeText(asText(outputs));
          setCopied(true);
          setTimeout(() => setCopied(false), 1500);
        }}
      >
        {isCopied ? <Check className="size-4" /> : <Copy className="size-4" />}
        {words.runs.copyAll}
      </Button>
      <Button small look="quiet" onClick={() => download(outputs, "outputs")}>
        <Download className="size-4" />
        {words.runs.downloadAll}
      </Button>
    </div>
  );
}

/** All outputs in one text, for pasting where people read. */
function asText(outputs: Values): string {
  return Object.entries(outputs)
    .map(([name, values]) => `${name}\n${values.map((one) => textOfValue(one)).join("\n")}`)
    .join("\n\n");
}

const AT_FIRST = 10;
const MOST_SMALL = 200;

function isSmall(value: Json): boolean {
  return typeof value !== "object" && textOfValue(value).length <= 24;
}

function ValueList({ values }: { values: Json[] }) {
  const words = useWords();
  const [shown, setShown] = useState(AT_FIRST);
  // Many small values in a row, as a loop gives them, are read as a row.
  if (values.length > 2 && values.every(isSmall))
    return (
      <ol className="flex flex-wrap gap-1.5 px-5 py-3.5">
        {values.slice(0, MOST_SMALL).map((value, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: values have no name but their place
          <li key={index} className="rounded-md bg-sunken px-2 py-0.5 font-mono text-13">
            {textOfValue(value)}
          </li>
        ))}
        {values.length > MOST_SMALL ? (
          <li className="text-dim">… {number(values.length - MOST_SMALL)}</li>
        ) : null}
      </ol>
    );
  return (
    <div className="divide-y">
      {values.slice(0, shown).map((value, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: values have no name but their place
        <div key={index} className="overflow-x-auto px-5 py-3.5">
          <ValueView value={value} />
        </div>
      ))}
      {values.length > shown ? (
        <Button small look="quiet" className="m-2" onClick={() => setShown(shown * 5)}>
          {words.showMore}
        </Button>
      ) : null}
    </div>
  );
}
