import { Link } from "@tanstack/react-router";
import {
  Archive,
  ArchiveRestore,
  CircleAlert,
  Copy,
  Download,
  FolderInput,
  MoreHorizontal,
  Pencil,
  Play,
  Radio,
  RotateCcw,
  Star,
  Trash2,
} from "lucide-react";
import type { ReactNode } from "react";
import { exportAgent, type LibraryActs } from "@/features/library/acts";
import { drags } from "@/features/library/dragging";
import type { LibraryAgentAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Button, IconButton } from "@/shared/ui/button";
import { Menu, type MenuItem } from "@/shared/ui/menu";
import { Ago, StateBadge } from "@/shared/ui/state";

/** An agent: what it is, how its last run went, what of it needs somebody, and all that can be done with it. */
export function AgentCard({
  agent,
  acts,
  place,
  onRun,
  onMove,
  onEdit,
}: {
  agent: LibraryAgentAnswer;
  acts: LibraryActs;
  /** The folder that it is in, where that is not plain from where it is shown. */
  place: string | null;
  onRun: () => void;
  onMove: () => void;
  onEdit: () => void;
}) {
  const words = useWords();
  const name = agent.name || words.library.unnamed;
  const isDeleted = agent.deleted_at !== null;
  return (
    <li
      className="card tap relative stack min-h-44 p-4 hover:border-edge"
      {...(isDeleted ? {} : drags("agent", agent))}
    >
      <div className="flex items-start gap-1">
        <h2 className="min-w-0 grow text-16 [overflow-wrap:anywhere]">
          {isDeleted ? (
            name
          ) : (
            <Link
              to="/library/$agentId"
              params={{ agentId: agent.id }}
              draggable={false}
              className="after:absolute after:inset-0 after:rounded-lg"
            >
              {name}
            </Link>
          )}
        </h2>
        {isDeleted ? (
          <Button small onClick={() => acts.restore(agent)}>
            <RotateCcw className="size-4" />
            {words.library.restore}
          </Button>
        ) : (
          <div className="relative z-10 -mt-1 -mr-1 flex">
            <FavoriteButton agent={agent} acts={acts} />
            <Menu
              label={words.library.moreOf(name)}
              trigger={<MoreHorizontal />}
              items={agentItems(words, agent, acts, { onMove, onEdit })}
            />
          </div>
        )}
      </div>
      {place ? <p className="mt-0.5 text-12 text-dim">{place}</p> : null}
      <p className="mt-1 line-clamp-2 text-dim">{agent.description}</p>
      <div className="grow" />
      <Signs agent={agent} />
      <div className="row mt-3 min-h-8 text-13 text-dim">
        {agent.last_run ? (
          <>
            <StateBadge state={agent.last_run.status} />
            <Ago at={agent.last_run.queued_at} />
          </>
        ) : (
          <span>{words.library.neverRun}</span>
        )}
        <span className="grow" />
        {isDeleted ? null : (
          <Button
            small
            look="quiet"
            aria-label={words.runs.runNamed(name)}
            onClick={onRun}
            className="relative z-10 -mr-2 text-accent!"
          >
            <Play className="size-4" />
            {words.runs.run}
          </Button>
        )}
      </div>
    </li>
  );
}

export function FavoriteButton({ agent, acts }: { agent: LibraryAgentAnswer; acts: LibraryActs }) {
  const words = useWords();
  return (
    <IconButton
      label={words.library.favorite(agent.name || words.library.unnamed)}
      aria-pressed={agent.is_favorite}
      onClick={() => acts.favorite(agent, !agent.is_favorite)}
      className={agent.is_favorite ? "text-wait!" : ""}
    >
      <Star className={agent.is_favorite ? "fill-current" : ""} />
    </IconButton>
  );
}

/** What of an agent needs somebody, and what goes on; links lead there. */
function Signs({ agent }: { agent: LibraryAgentAnswer }) {
  const words = useWords();
  const signs: ReactNode[] = [];
  if (agent.reviews > 0)
    signs.push(
      <Link key="reviews" to="/reviews" className="font-medium text-wait underline underline-offset-2">
        {words.library.toReview(agent.reviews)}
      </Link>,
    );
  if (agent.broken > 0)
    signs.push(
      <Link
        key="broken"
        to="/library/$agentId"
        params={{ agentId: agent.id }}
        search={{ tab: "triggers" }}
        className="inline-flex items-center gap-1 font-medium text-bad underline underline-offset-2"
      >
        <CircleAlert className="size-3.5" aria-hidden="true" />
        {words.library.broken(agent.broken)}
      </Link>,
    );
  if (agent.last_run?.error)
    signs.push(
      <Link
        key="error"
        to="/runs/$runId"
        params={{ runId: agent.last_run.id }}
        className="line-clamp-1 text-bad underline underline-offset-2"
      >
        {agent.last_run.error}
      </Link>,
    );
  if (agent.running > 0)
    signs.push(
      <span key="running" className="text-live">
        {words.library.runningNow(agent.running)}
      </span>,
    );
  if (agent.listening > 0)
    signs.push(
      <span key="listening" className="inline-flex items-center gap-1 text-dim">
        <Radio className="size-3.5" aria-hidden="true" />
        {words.library.listening(agent.listening)}
      </span>,
    );
  if (agent.runs > 0)
    signs.push(
      <span key="runs" className="text-dim">
        {words.library.runs(agent.runs)}
      </span>,
    );
  if (signs.length === 0) return null;
  return (
    <div className="relative z-10 mt-3 flex w-fit max-w-full flex-wrap gap-x-3 gap-y-1 text-13">{signs}</div>
  );
}

/** What can be done with an agent, wherever it is shown. */
export function agentItems(
  words: ReturnType<typeof useWords>,
  agent: LibraryAgentAnswer,
  acts: LibraryActs,
  { onMove, onEdit, onRemoved }: { onMove: () => void; onEdit?: () => void; onRemoved?: () => void },
): Array<MenuItem | "line"> {
  const isArchived = agent.archived_at !== null;
  return [
    ...(onEdit ? [{ label: words.library.edit, icon: <Pencil />, onSelect: onEdit }] : []),
    { label: words.library.duplicate, icon: <Copy />, onSelect: () => acts.duplicate(agent) },
    { label: words.library.moveTo, icon: <FolderInput />, onSelect: onMove },
    isArchived
      ? {
          label: words.library.unarchive,
          icon: <ArchiveRestore />,
          onSelect: () => acts.archive(agent, false),
        }
      : { label: words.library.archive, icon: <Archive />, onSelect: () => acts.archive(agent, true) },
    "line",
    { label: words.library.export, icon: <Download />, onSelect: () => exportAgent(agent, "autograph") },
    { label: words.library.exportAutoGpt, icon: <Download />, onSelect: () => exportAgent(agent, "autogpt") },
    "line",
    {
      label: words.library.delete,
      icon: <Trash2 />,
      isDanger: true,
      onSelect: () => {
        acts.remove(agent);
        onRemoved?.();
      },
    },
  ];
}
