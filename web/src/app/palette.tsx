import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Bot, CornerDownLeft, FileText, Search, SquareActivity, Zap } from "lucide-react";
import { type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { accountQuery, isAdmin } from "@/app/session";
import { recentAgentsQuery } from "@/features/library/queries";
import { recentRunsQuery } from "@/features/runs/queries";
import { offerTour } from "@/features/tour/tour";
import { ago } from "@/shared/format";
import { chooseLanguage, chooseTheme, useWords } from "@/shared/settings";

interface Choice {
  id: string;
  label: string;
  note?: string;
  icon: ReactNode;
  act: () => void;
}

const SHOWN = 12;
const MOST_AGENTS = 6;

/** How far a name is from what was typed: the same, beginning so, having it somewhere. */
function nearness(label: string, needle: string): number {
  const name = label.toLowerCase();
  if (name === needle) return 0;
  return name.startsWith(needle) ? 1 : 2;
}

/** Search everything by a few letters, and go there or do it. */
export function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const words = useWords();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const { data: agents } = useQuery(recentAgentsQuery(text));
  const { data: runs } = useQuery(recentRunsQuery);
  const { data: account } = useQuery(accountQuery);
  useEffect(() => dialog.current?.showModal(), []);

  const choices = useMemo(() => {
    const page = (label: string, to: string): Choice => ({
      id: to,
      label,
      icon: <FileText />,
      act: () => navigate({ to }),
    });
    const action = (label: string, act: () => void): Choice => ({ id: label, label, icon: <Zap />, act });
    const names = new Map(agents?.graphs.map((graph) => [graph.id, graph.name]));
    const still: Choice[] = [
      page(words.nav.home, "/"),
      page(words.nav.library, "/library"),
      page(words.nav.runs, "/runs"),
      page(words.nav.reviews, "/reviews"),
      page(words.nav.build, "/build"),
      page(words.nav.connections, "/connections"),
      page(words.nav.notifications, "/notifications"),
      ...(account && isAdmin(account) ? [page(words.nav.admin, "/admin")] : []),
      page(words.nav.account, "/account"),
      action(words.tour.start, offerTour),
      action(words.keyboard.title, onHelp),
      action(`${words.themes.title}: ${words.themes.light}`, () => chooseTheme("light")),
      action(`${words.themes.title}: ${words.themes.dark}`, () => chooseTheme("dark")),
      action(`${words.themes.title}: ${words.themes.system}`, () => chooseTheme("system")),
      action("English", () => chooseLanguage("en")),
      action("中文", () => chooseLanguage("zh")),
    ];
    const needle = text.trim().toLowerCase();
    const fits = (choice: Choice) => `${choice.label} ${choice.note ?? ""}`.toLowerCase().includes(needle);
    return [
      ...(agents?.graphs ?? [])
        .map(
          (graph): Choice => ({
            id: graph.id,
            label: graph.name || words.library.unnamed,
            note: graph.description,
            icon: <Bot />,
            act: () => navigate({ to: "/library/$agentId", params: { agentId: graph.id } }),
          }),
        )
        // While the next answer is on its way, the last one is shown as far as it fits.
        .filter(fits)
        .sort((a, b) => nearness(a.label, needle) - nearness(b.label, needle))
        .slice(0, MOST_AGENTS),
      ...still.filter(fits),
      ...(runs?.runs ?? [])
        .map(
          (run): Choice => ({
            id: run.id,
            label: names.get(run.graph_id) ?? words.runs.one,
            note: `${words.states[run.status]} · ${ago(run.queued_at)}`,
            icon: <SquareActivity />,
            act: () => navigate({ to: "/runs/$runId", params: { runId: run.id } }),
          }),
        )
        .filter(fits)
        .slice(0, 5),
    ].slice(0, SHOWN);
  }, [agents, runs, account, text, words, navigate, onHelp]);

  function take(choice: Choice | undefined) {
    if (choice === undefined) return;
    onClose();
    choice.act();
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      aria-label={words.palette.open}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === dialog.current && onClose()}
      className="mt-[12dvh] w-[calc(100%-2rem)] max-w-xl animate-rise overflow-hidden rounded-lg border bg-paper p-0 shadow-float"
    >
      <div className="row border-b px-4">
        <Search className="size-4 shrink-0 text-dim" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={choices[at] ? `${id}-${at}` : undefined}
          aria-label={words.palette.open}
          placeholder={words.palette.placeholder}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown" || event.key === "ArrowUp") {
              event.preventDefault();
              const step = event.key === "ArrowDown" ? 1 : -1;
              setAt((at + step + choices.length) % Math.max(choices.length, 1));
            } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
              event.preventDefault();
              take(choices[at]);
            }
          }}
          className="h-12 grow bg-transparent text-16 outline-none"
        />
      </div>
      <div
        id={`${id}-list`}
        role="listbox"
        aria-label={words.palette.found}
        className="max-h-96 overflow-y-auto p-1.5"
      >
        {choices.map((choice, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the search box has the keys
          <div
            key={choice.id}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onPointerMove={() => setAt(index)}
            onClick={() => take(choice)}
            className="row h-10 cursor-pointer rounded-md px-2.5 aria-selected:bg-wash [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-dim"
          >
            {choice.icon}
            <span className="shrink-0">{choice.label}</span>
            <span className="grow truncate text-13 text-dim">{choice.note}</span>
            {index === at ? <CornerDownLeft aria-hidden="true" /> : null}
          </div>
        ))}
        {choices.length === 0 ? (
          <p className="px-3 py-6 text-center text-dim">{words.palette.nothing}</p>
        ) : null}
      </div>
    </dialog>
  );
}
