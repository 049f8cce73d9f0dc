import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Archive, FileUp, FolderOpen, FolderPlus, Plus, Search, Star, Trash2 } from "lucide-react";
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { type LibraryActs, useLibraryActs, useLiveAgents } from "@/features/library/acts";
import { AgentCard } from "@/features/library/agent-card";
import { Breadcrumb, FolderCard, pathOf } from "@/features/library/folders";
import { FirstMinute, ImportProblem, useImport } from "@/features/library/importing";
import { foldersQuery, isBrowsing, type LibrarySearch, libraryQuery } from "@/features/library/queries";
import { SHELVES, SORTS, STATUSES } from "@/features/library/search";
import type { CountsAnswer, FolderAnswer, LibraryAgentAnswer } from "@/shared/api/schema";
import { number } from "@/shared/format";
import { oneOf } from "@/shared/search";
import { useWords } from "@/shared/settings";
import { Button, buttonClass } from "@/shared/ui/button";
import { Select } from "@/shared/ui/field";
import { Empty, Page, Problem, ShowMore, Sliced } from "@/shared/ui/state";

const RunDialog = lazy(() =>
  import("@/features/runs/run-dialog").then((module) => ({ default: module.RunDialog })),
);
const dialogs = () => import("@/features/library/folder-dialogs");
const FolderDialog = lazy(() => dialogs().then((module) => ({ default: module.FolderDialog })));
const MoveDialog = lazy(() => dialogs().then((module) => ({ default: module.MoveDialog })));
const FolderDeletion = lazy(() => dialogs().then((module) => ({ default: module.FolderDeletion })));
const PAUSE_MS = 200;
const GRID = "grid gap-3 sm:grid-cols-2 xl:grid-cols-3";

/** What is asked in a window over the page. */
type Asked =
  | { what: "run"; agent: LibraryAgentAnswer }
  | { what: "move"; agent: LibraryAgentAnswer }
  | { what: "folder"; folder?: FolderAnswer }
  | { what: "move-folder"; folder: FolderAnswer }
  | { what: "delete-folder"; folder: FolderAnswer };

export function LibraryPage() {
  const words = useWords();
  const navigate = useNavigate({ from: "/library" });
  const wanted = useSearch({ from: "/shell/library" });
  const agents = useInfiniteQuery(libraryQuery(wanted));
  const folders = useQuery(foldersQuery);
  const acts = useLibraryActs();
  const take = useImport(wanted.folder);
  const input = useRef<HTMLInputElement>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [isOver, setOver] = useState(false);
  useLiveAgents();

  const all = agents.data?.pages.flatMap((page) => page.agents) ?? [];
  const counts = agents.data?.pages[0]?.counts ?? null;
  const tree = folders.data ?? [];
  const browsing = isBrowsing(wanted);
  const path = browsing ? pathOf(tree, wanted.folder) : [];
  const shown = browsing ? tree.filter((one) => one.parent_id === (path.at(-1)?.id ?? null)) : [];
  const isNew = browsing && counts?.total === 0 && tree.length === 0 && folders.isSuccess;
  const takeFiles = () => input.current?.click();

  return (
    <section
      aria-label={words.nav.library}
      className="relative min-h-full"
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => event.currentTarget.contains(event.relatedTarget as Node) || setOver(false)}
      onDrop={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(false);
        take.files([...event.dataTransfer.files]);
      }}
    >
      <Page
        title={path.at(-1)?.name ?? words.nav.library}
        aside={
          isNew ? null : (
            <>
              <Button onClick={() => setAsked({ what: "folder" })}>
                <FolderPlus className="size-4" />
                <span className="max-sm:sr-only">{words.library.newFolder}</span>
              </Button>
              <Button onClick={takeFiles} isBusy={take.isBusy}>
                <FileUp className="size-4" />
                <span className="max-sm:sr-only">{words.library.import}</span>
              </Button>
              <Link to="/build" className={buttonClass("do")}>
                <Plus className="size-4" />
                {words.library.new}
              </Link>
            </>
          )
        }
      >
        <input
          ref={input}
          type="file"
          accept=".json,application/json"
          multiple
          hidden
          aria-label={words.library.import}
          onChange={(event) => {
            take.files([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
        {isNew ? null : <Toolbar wanted={wanted} counts={counts} />}
        {path.length > 0 ? (
          <div className="-mt-1 mb-4">
            <Breadcrumb path={path} acts={acts} />
          </div>
        ) : null}
        {shown.length > 0 ? (
          <ul aria-label={words.library.folders} className={`${GRID} mb-4`}>
            {shown.map((folder) => (
              <FolderCard
                key={folder.id}
                folder={folder}
                acts={acts}
                onEdit={() => setAsked({ what: "folder", folder })}
                onMove={() => setAsked({ what: "move-folder", folder })}
                onDelete={() => setAsked({ what: "delete-folder", folder })}
              />
            ))}
          </ul>
        ) : null}
        {agents.isPending ? (
          <div className={GRID}>
            {["a", "b", "c", "d", "e", "f"].map((one) => (
              <div key={one} className="skeleton h-44 animate-breathe" />
            ))}
          </div>
        ) : agents.isError ? (
          <Problem error={agents.error} onRetry={() => agents.refetch()} />
        ) : isNew ? (
          <FirstMinute onImport={takeFiles} take={take} />
        ) : all.length === 0 ? (
          <Nothing wanted={wanted} hasFolders={shown.length > 0} />
        ) : (
          <Sliced>
            <ul aria-label={words.library.agents} className={GRID}>
              {all.map((agent) => (
                <AgentCard
                  key={agent.id}
                  agent={agent}
                  acts={acts}
                  place={browsing ? null : (pathOf(tree, agent.folder_id).at(-1)?.name ?? null)}
                  onRun={() => setAsked({ what: "run", agent })}
                  onMove={() => setAsked({ what: "move", agent })}
                  onEdit={() => navigate({ to: "/build/$agentId", params: { agentId: agent.id } })}
                />
              ))}
            </ul>
            <ShowMore of={agents} />
          </Sliced>
        )}
      </Page>
      {isOver ? (
        <div className="pointer-events-none absolute inset-3 z-20 grid place-items-center rounded-lg border-2 border-accent border-dashed bg-wash/90">
          <p className="row text-20">
            <FileUp className="size-6" />
            {words.library.dropHere}
          </p>
        </div>
      ) : null}
      {take.problem ? <ImportProblem problem={take.problem} onClose={take.forget} /> : null}
      <Window asked={asked} acts={acts} parentId={path.at(-1)?.id ?? null} onClose={() => setAsked(null)} />
    </section>
  );
}

function Window({
  asked,
  acts,
  parentId,
  onClose,
}: {
  asked: Asked | null;
  acts: LibraryActs;
  parentId: string | null;
  onClose: () => void;
}) {
  if (!asked) return null;
  return (
    <Suspense>
      {asked.what === "run" ? <RunDialog agentId={asked.agent.id} onClose={onClose} /> : null}
      {asked.what === "move" ? <MoveDialog agent={asked.agent} acts={acts} onClose={onClose} /> : null}
      {asked.what === "folder" ? (
        <FolderDialog folder={asked.folder} parentId={parentId} onClose={onClose} />
      ) : null}
      {asked.what === "move-folder" ? (
        <MoveDialog folder={asked.folder} acts={acts} onClose={onClose} />
      ) : null}
      {asked.what === "delete-folder" ? <FolderDeletion folder={asked.folder} onClose={onClose} /> : null}
    </Suspense>
  );
}

/** Tabs, search, filters with how many agents each would show, order. All of it is in the address. */
function Toolbar({ wanted, counts }: { wanted: LibrarySearch; counts: CountsAnswer | null }) {
  const words = useWords();
  const navigate = useNavigate({ from: "/library" });
  const change = (part: LibrarySearch) =>
    // Filters go through all folders: one is left when a filter is set, and comes back by the way back.
    navigate({ search: (old) => ({ ...old, folder: undefined, ...part }) });
  return (
    <div className="mb-5 stack gap-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3 border-b">
        <nav aria-label={words.library.which} className="row -mb-px gap-1">
          <Tab
            isOn={!wanted.favorites}
            to={{ ...wanted, folder: undefined, favorites: undefined }}
            count={counts?.total}
          >
            {words.library.all}
          </Tab>
          <Tab
            isOn={Boolean(wanted.favorites)}
            to={{ ...wanted, folder: undefined, favorites: true }}
            count={counts?.favorites}
          >
            <Star className="size-4" aria-hidden="true" />
            {words.library.favorites}
          </Tab>
        </nav>
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <SearchBox />
        <span className="grow max-sm:hidden" />
        <Select
          className="w-auto! max-sm:grow"
          aria-label={words.library.shelf}
          value={wanted.shelf ?? ""}
          onChange={(event) => change({ shelf: oneOf(SHELVES, event.target.value), status: undefined })}
        >
          <option value="">{words.library.shelves.kept}</option>
          {SHELVES.map((one) => (
            <option key={one} value={one}>
              {words.library.shelves[one]}
            </option>
          ))}
        </Select>
        <Select
          className="w-auto! max-sm:grow"
          aria-label={words.library.sort}
          value={wanted.sort ?? "updated"}
          onChange={(event) => {
            const sort = oneOf(SORTS, event.target.value);
            navigate({ search: (old) => ({ ...old, sort: sort === "updated" ? undefined : sort }) });
          }}
        >
          {SORTS.map((one) => (
            <option key={one} value={one}>
              {words.library.sorts[one]}
            </option>
          ))}
        </Select>
      </div>
      {wanted.shelf === "deleted" ? null : (
        <fieldset className="flex gap-2 overflow-x-auto py-0.5 max-sm:-mx-4 max-sm:px-4">
          <legend className="sr-only">{words.library.filter}</legend>
          {STATUSES.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={wanted.status === one}
              onClick={() => change({ status: wanted.status === one ? undefined : one })}
              className="tap row h-8 shrink-0 rounded-full border px-3 text-13 hover:bg-sunken aria-pressed:border-accent aria-pressed:bg-wash aria-pressed:font-medium"
            >
              {words.library.statuses[one]}
              <span className="text-dim">{counts ? number(counts[one]) : "…"}</span>
            </button>
          ))}
        </fieldset>
      )}
    </div>
  );
}

function Tab({
  isOn,
  to,
  count,
  children,
}: {
  isOn: boolean;
  to: LibrarySearch;
  count: number | undefined;
  children: ReactNode;
}) {
  return (
    <Link
      to="/library"
      search={to}
      activeProps={{}}
      aria-current={isOn ? "page" : undefined}
      className={`row h-10 border-b-2 px-3 ${isOn ? "border-accent font-medium" : "border-transparent text-dim hover:text-ink"}`}
    >
      {children}
      <span className="font-normal text-13 text-dim">{count === undefined ? "" : number(count)}</span>
    </Link>
  );
}

function SearchBox() {
  const words = useWords();
  const navigate = useNavigate({ from: "/library" });
  const { search = "" } = useSearch({ from: "/shell/library" });
  const [text, setText] = useState(search);
  const sent = useRef(search);
  useEffect(() => {
    // What comes from elsewhere, a link or the way back, is shown; what was typed here is newer than its echo.
    if (search !== sent.current) setText(search);
    sent.current = search;
  }, [search]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      navigate({
        search: (old) => ({ ...old, folder: undefined, search: text || undefined }),
        replace: true,
      });
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, navigate]);
  return (
    <div className="relative w-full max-w-md">
      <Search className="absolute top-2.5 left-3 size-4 text-dim" aria-hidden="true" />
      <input
        type="search"
        aria-label={words.library.search}
        placeholder={words.library.search}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="field pl-9"
      />
    </div>
  );
}

/** Why there is nothing to see, and one way on. */
function Nothing({ wanted, hasFolders }: { wanted: LibrarySearch; hasFolders: boolean }) {
  const words = useWords();
  const all = (
    <Link to="/library" className={buttonClass()}>
      {words.library.showAll}
    </Link>
  );
  if (wanted.search)
    return (
      <Empty
        icon={<Search />}
        title={words.library.nothingFound(wanted.search)}
        text={words.library.nothingFoundText}
      >
        {all}
      </Empty>
    );
  if (wanted.shelf === "deleted")
    return <Empty icon={<Trash2 />} title={words.library.noneDeleted} text={words.library.noneDeletedText} />;
  if (wanted.shelf === "archived")
    return (
      <Empty icon={<Archive />} title={words.library.noneArchived} text={words.library.noneArchivedText} />
    );
  if (wanted.status)
    return (
      <Empty icon={<Search />} title={words.library.noneSuch} text={words.library.noneSuchText}>
        {all}
      </Empty>
    );
  if (wanted.favorites)
    return (
      <Empty icon={<Star />} title={words.library.noFavorites} text={words.library.noFavoritesText}>
        {all}
      </Empty>
    );
  if (wanted.folder)
    return hasFolders ? null : (
      <Empty icon={<FolderOpen />} title={words.library.emptyFolder} text={words.library.emptyFolderText}>
        {all}
      </Empty>
    );
  return hasFolders ? null : (
    <Empty icon={<FolderOpen />} title={words.library.allFiled} text={words.library.allFiledText} />
  );
}
