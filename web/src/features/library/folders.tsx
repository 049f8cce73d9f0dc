import { Link, useSearch } from "@tanstack/react-router";
import {
  ChevronRight,
  Folder as FolderIcon,
  FolderInput,
  MoreHorizontal,
  Pencil,
  Trash2,
} from "lucide-react";
import { Fragment } from "react";
import type { LibraryActs } from "@/features/library/acts";
import { drags, useDropPlace } from "@/features/library/dragging";
import type { FolderAnswer } from "@/shared/api/schema";
import { useWords } from "@/shared/settings";
import { Menu } from "@/shared/ui/menu";

/** From the outermost folder to this one. */
export function pathOf(folders: readonly FolderAnswer[], id: string | null | undefined): FolderAnswer[] {
  const path: FolderAnswer[] = [];
  let at = folders.find((one) => one.id === id);
  while (at && !path.includes(at)) {
    path.unshift(at);
    at = folders.find((one) => one.id === at?.parent_id);
  }
  return path;
}

export function FolderMark({ folder }: { folder: FolderAnswer }) {
  return (
    <span
      aria-hidden="true"
      className="grid size-9 shrink-0 place-items-center rounded-md bg-sunken text-16"
      style={
        folder.color
          ? { backgroundColor: `color-mix(in oklch, ${folder.color} 18%, var(--paper))` }
          : undefined
      }
    >
      {folder.icon ?? (
        <FolderIcon
          className="size-4 text-dim"
          style={folder.color ? { color: folder.color, fill: folder.color } : undefined}
        />
      )}
    </span>
  );
}

/** A folder that is opened by a click, and takes what is dropped on it. */
export function FolderCard({
  folder,
  acts,
  onEdit,
  onMove,
  onDelete,
}: {
  folder: FolderAnswer;
  acts: LibraryActs;
  onEdit: () => void;
  onMove: () => void;
  onDelete: () => void;
}) {
  const words = useWords();
  const { sort } = useSearch({ strict: false });
  const { isOver, place } = useDropPlace(folder, acts);
  return (
    <li
      className={`card tap row relative p-3 hover:border-edge ${isOver ? "border-accent! bg-wash!" : ""}`}
      {...place}
      {...drags("folder", folder)}
    >
      <FolderMark folder={folder} />
      <span className="min-w-0 grow">
        <Link
          to="/library"
          search={{ sort, folder: folder.id }}
          draggable={false}
          className="block truncate font-medium after:absolute after:inset-0 after:rounded-lg"
        >
          {folder.name}
        </Link>
        <span className="text-12 text-dim">
          {words.library.holds(folder.agent_count, folder.subfolder_count)}
        </span>
      </span>
      <div className="relative z-10">
        <Menu
          label={words.library.moreOf(folder.name)}
          trigger={<MoreHorizontal />}
          items={[
            { label: words.library.changeFolder, icon: <Pencil />, onSelect: onEdit },
            { label: words.library.moveTo, icon: <FolderInput />, onSelect: onMove },
            "line",
            { label: words.library.deleteFolder, icon: <Trash2 />, isDanger: true, onSelect: onDelete },
          ]}
        />
      </div>
    </li>
  );
}

/** Where one is: each step takes what is dropped on it. `isWhole`: its end is where one is, and leads nowhere. */
export function Breadcrumb({
  path,
  acts,
  isWhole = true,
}: {
  path: readonly FolderAnswer[];
  acts: LibraryActs;
  isWhole?: boolean;
}) {
  const words = useWords();
  return (
    <nav aria-label={words.library.whereabouts}>
      <ol className="row -ml-1.5 flex-wrap gap-1 text-dim">
        <Step folder={null} name={words.nav.library} acts={acts} />
        {path.map((folder, index) => (
          <Fragment key={folder.id}>
            <li aria-hidden="true">
              <ChevronRight className="size-4" />
            </li>
            {isWhole && index === path.length - 1 ? (
              <li aria-current="page" className="px-1.5 font-medium text-ink">
                {folder.name}
              </li>
            ) : (
              <Step folder={folder} name={folder.name} acts={acts} />
            )}
          </Fragment>
        ))}
      </ol>
    </nav>
  );
}

function Step({ folder, name, acts }: { folder: FolderAnswer | null; name: string; acts: LibraryActs }) {
  const { isOver, place } = useDropPlace(folder, acts);
  const { sort } = useSearch({ strict: false });
  return (
    <li {...place} className={`tap rounded-md ${isOver ? "bg-wash text-accent" : ""}`}>
      <Link
        to="/library"
        search={{ sort, folder: folder?.id }}
        className="block rounded-md px-1.5 py-1 hover:text-ink"
      >
        {name}
      </Link>
    </li>
  );
}
