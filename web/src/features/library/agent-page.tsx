import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { MoreHorizontal, Pencil, Play } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useLibraryActs, useLiveAgents } from "@/features/library/acts";
import { agentItems, FavoriteButton } from "@/features/library/agent-card";
import { AgentRuns } from "@/features/library/agent-runs";
import { Breadcrumb, pathOf } from "@/features/library/folders";
import { agentQuery, foldersQuery, libraryAgentQuery } from "@/features/library/queries";
import { AGENT_TABS, type AgentTab } from "@/features/library/search";
import { FeedbackOfAgent } from "@/features/runs/feedback";
import type { Schema } from "@/graph-core/model";
import type { LibraryAgentAnswer } from "@/shared/api/schema";
import { number } from "@/shared/format";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Menu } from "@/shared/ui/menu";
import { Page, Skeletons } from "@/shared/ui/state";

const RunDialog = lazy(() =>
  import("@/features/runs/run-dialog").then((module) => ({ default: module.RunDialog })),
);
const Presets = lazy(() =>
  import("@/features/library/agent-presets").then((one) => ({ default: one.Presets })),
);
const Triggers = lazy(() =>
  import("@/features/library/agent-triggers").then((one) => ({ default: one.Triggers })),
);
const Versions = lazy(() =>
  import("@/features/library/agent-versions").then((one) => ({ default: one.Versions })),
);
const AgentSettings = lazy(() =>
  import("@/features/library/agent-settings").then((one) => ({ default: one.AgentSettings })),
);
const MoveDialog = lazy(() =>
  import("@/features/library/folder-dialogs").then((one) => ({ default: one.MoveDialog })),
);

/** One agent: its runs, what it is run with, what starts it, its versions, and how it is held back. */
export function AgentPage() {
  const words = useWords();
  const navigate = useNavigate();
  const { agentId } = useParams({ from: "/shell/library/$agentId" });
  const { tab } = useSearch({ from: "/shell/library/$agentId" });
  const agent = useQuery(libraryAgentQuery(agentId));
  const acts = useLibraryActs();
  const [isRunning, setRunning] = useState(false);
  const [isMoving, setMoving] = useState(false);
  useLiveAgents();
  if (agent.isError) throw agent.error;
  if (agent.isPending)
    return (
      <Page title={<span className="skeleton inline-block h-8 w-64 animate-breathe" />}>
        <Skeletons />
      </Page>
    );
  const { data } = agent;
  return (
    <Page
      title={data.name || words.library.unnamed}
      aside={
        <>
          <FavoriteButton agent={data} acts={acts} />
          <Button look="do" onClick={() => setRunning(true)}>
            <Play className="size-4" />
            {words.runs.run}
          </Button>
          <Link to="/build/$agentId" params={{ agentId }} className={buttonClass()}>
            <Pencil className="size-4" />
            {words.library.edit}
          </Link>
          <Menu
            label={words.more}
            trigger={<MoreHorizontal />}
            items={agentItems(words, data, acts, {
              onMove: () => setMoving(true),
              onRemoved: () => navigate({ to: "/library" }),
            })}
          />
        </>
      }
    >
      <div className="-mt-4 mb-5 stack gap-1">
        <Whereabouts agent={data} acts={acts} />
        {data.description ? <p className="max-w-2xl text-16 text-dim">{data.description}</p> : null}
      </div>
      <Tabs agent={data} tab={tab} />
      <Suspense fallback={<Skeletons />}>
        {tab === "presets" ? (
          <Presets agentId={agentId} />
        ) : tab === "triggers" ? (
          <Triggers agentId={agentId} />
        ) : tab === "versions" ? (
          <Versions agentId={agentId} />
        ) : tab === "settings" ? (
          <AgentSettings agentId={agentId} />
        ) : (
          <div className="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_18rem]">
            <AgentRuns agentId={agentId} onRun={() => setRunning(true)} />
            <div className="stack gap-4">
              <TakesAndGives agentId={agentId} />
              <FeedbackOfAgent agentId={agentId} />
            </div>
          </div>
        )}
      </Suspense>
      {isRunning ? (
        <Suspense>
          <RunDialog agentId={agentId} onClose={() => setRunning(false)} />
        </Suspense>
      ) : null}
      {isMoving ? (
        <Suspense>
          <MoveDialog agent={data} acts={acts} onClose={() => setMoving(false)} />
        </Suspense>
      ) : null}
    </Page>
  );
}

function Whereabouts({
  agent,
  acts,
}: {
  agent: LibraryAgentAnswer;
  acts: ReturnType<typeof useLibraryActs>;
}) {
  const words = useWords();
  const { data: folders = [] } = useQuery(foldersQuery);
  const path = pathOf(folders, agent.folder_id);
  if (agent.archived_at)
    return (
      <p className="text-13 text-dim">
        <Link to="/library" search={{ shelf: "archived" }} className="underline underline-offset-2">
          {words.library.shelves.archived}
        </Link>
      </p>
    );
  return path.length > 0 ? <Breadcrumb path={path} acts={acts} isWhole={false} /> : null;
}

function Tabs({ agent, tab }: { agent: LibraryAgentAnswer; tab: AgentTab | undefined }) {
  const words = useWords();
  const counts: Record<AgentTab, number | null> = {
    presets: agent.presets,
    triggers: agent.triggers,
    versions: agent.latest_version,
    settings: null,
  };
  const one = (name: AgentTab | undefined, label: string, count: string | null) => (
    <Link
      key={name ?? "runs"}
      to="/library/$agentId"
      params={{ agentId: agent.id }}
      search={name ? { tab: name } : {}}
      activeProps={{}}
      aria-current={tab === name ? "page" : undefined}
      className={`row h-10 shrink-0 border-b-2 px-3 ${tab === name ? "border-accent font-medium" : "border-transparent text-dim hover:text-ink"}`}
    >
      {label}
      {count === null ? null : <span className="font-normal text-13 text-dim">{count}</span>}
    </Link>
  );
  return (
    <nav aria-label={words.library.tabs.label} className="row mb-5 gap-1 overflow-x-auto border-b">
      {one(undefined, words.nav.runs, agent.runs > 10_000 ? "10,000+" : number(agent.runs))}
      {AGENT_TABS.map((name) => {
        const count = counts[name];
        return one(name, words.library.tabs[name], count === null ? null : number(count));
      })}
    </nav>
  );
}

function TakesAndGives({ agentId }: { agentId: string }) {
  const words = useWords();
  const { data } = useQuery(agentQuery(agentId));
  if (!data) return <Skeletons count={2} className="h-24" />;
  return (
    <aside aria-label={words.library.takes} className="stack gap-4">
      <Pins
        title={words.library.takes}
        schema={data.input_schema as Schema}
        none={words.library.takesNothing}
      />
      <Pins
        title={words.library.gives}
        schema={data.output_schema as Schema}
        none={words.library.givesNothing}
      />
    </aside>
  );
}

function Box({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="card p-4">
      <h2 className="mb-2 text-13 text-dim">{title}</h2>
      {children}
    </section>
  );
}

function Pins({ title, schema, none }: { title: string; schema: Schema; none: string }) {
  const pins = Object.entries(schema.properties ?? {});
  return (
    <Box title={title}>
      {pins.length === 0 ? <p className="text-dim">{none}</p> : null}
      <ul className="stack gap-2">
        {pins.map(([name, pin]) => (
          <li key={name}>
            <span className="font-medium">{pin.title || name}</span>
            {pin.description ? <p className="text-13 text-dim">{pin.description}</p> : null}
          </li>
        ))}
      </ul>
    </Box>
  );
}
