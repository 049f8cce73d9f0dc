import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import {
  CircleUserRound,
  House,
  Inbox,
  KeyRound,
  LibraryBig,
  Plus,
  Search,
  Settings2,
  SquareActivity,
  WifiOff,
} from "lucide-react";
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { KeyboardHelp } from "@/app/keyboard";
import { accountQuery, authQuery, isAdmin, logOut } from "@/app/session";
import { Bell, useLiveInbox } from "@/features/notifications/bell";
import { openReviewsQuery } from "@/features/reviews/queries";
import { isUnderWay, useTour } from "@/features/tour/tour";
import { useConnection, watchRuns } from "@/shared/api/socket";
import { chooseLanguage, chooseTheme, useSettings, useWords } from "@/shared/settings";
import { Menu, type MenuItem } from "@/shared/ui/menu";
import { Kbd, Sliced } from "@/shared/ui/state";

const TourGuide = lazy(() =>
  import("@/features/tour/tour-guide").then((module) => ({ default: module.TourGuide })),
);
const Palette = lazy(() => import("@/app/palette").then((module) => ({ default: module.Palette })));

/** Around every page of somebody who is known. */
export function Shell() {
  return (
    <Sliced
      fallback={
        <p className="boot">
          <Mark />
          Autograph
        </p>
      }
    >
      <Frame />
    </Sliced>
  );
}

function Frame() {
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const isCanvas = useLocation({ select: ({ pathname }) => pathname.startsWith("/build") });
  const isWide = useIsWide();
  const words = useWords();
  const isTouring = useTour((tour) => isUnderWay(tour.stage));
  useLiveLists();
  useLiveInbox();
  useShortcuts({ palette: () => setPaletteOpen(true), help: () => setHelpOpen(true) });
  const main = useRef<HTMLElement>(null);

  return (
    <div className={`flex min-h-dvh ${isCanvas ? "h-dvh overflow-hidden" : ""}`}>
      <button
        type="button"
        onClick={() => main.current?.focus()}
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-paper focus:px-3 focus:py-2"
      >
        {words.nav.skip}
      </button>
      {isWide ? (
        <Rail isSlim={isCanvas} onSearch={() => setPaletteOpen(true)} onHelp={() => setHelpOpen(true)} />
      ) : null}
      <div className="stack min-w-0 grow max-md:pb-16">
        <OfflineNotice />
        {isCanvas || isWide ? null : <TopLine onSearch={() => setPaletteOpen(true)} />}
        <main ref={main} tabIndex={-1} className="min-h-0 grow outline-none">
          <Outlet />
        </main>
      </div>
      {isWide ? null : <BottomBar />}
      {isPaletteOpen ? (
        <Suspense>
          <Palette onClose={() => setPaletteOpen(false)} onHelp={() => setHelpOpen(true)} />
        </Suspense>
      ) : null}
      {isTouring ? (
        <Suspense>
          <TourGuide />
        </Suspense>
      ) : null}
      {isHelpOpen ? <KeyboardHelp onClose={() => setHelpOpen(false)} /> : null}
    </div>
  );
}

const wide = matchMedia("(min-width: 768px)");

function whenWidthChanges(act: () => void): () => void {
  wide.addEventListener("change", act);
  return () => wide.removeEventListener("change", act);
}

/** Whether there is room for the rail; a phone has the top line and the bottom bar instead. */
function useIsWide(): boolean {
  return useSyncExternalStore(whenWidthChanges, () => wide.matches);
}

/** Lists of runs and reviews are asked for again when a run begins or ends anywhere. */
function useLiveLists(): void {
  const client = useQueryClient();
  useEffect(
    () =>
      watchRuns(() => {
        client.invalidateQueries({ queryKey: ["runs"] });
        client.invalidateQueries({ queryKey: ["reviews"] });
      }),
    [client],
  );
}

/** Whether a key was meant for a text that is being written. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function useShortcuts({ palette, help }: { palette: () => void; help: () => void }): void {
  const navigate = useNavigate();
  const acts = useRef({ palette, help });
  acts.current = { palette, help };
  useEffect(() => {
    let isAfterG = false;
    const goTo: Record<string, string> = {
      h: "/",
      l: "/library",
      r: "/runs",
      v: "/reviews",
      b: "/build",
      c: "/connections",
    };
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        acts.current.palette();
        return;
      }
      if (
        isTyping(event) ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        document.querySelector("dialog[open]")
      )
        return;
      const to = goTo[event.key];
      if (isAfterG && to) {
        event.preventDefault();
        navigate({ to });
      }
      isAfterG = event.key === "g";
      if (event.key === "?") acts.current.help();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [navigate]);
}

/** What a phone has no rail for. */
function TopLine({ onSearch }: { onSearch: () => void }) {
  const words = useWords();
  return (
    <div className="sticky top-0 z-30 row h-12 justify-between border-b bg-ground px-3">
      <Link to="/" aria-label="Autograph">
        <Mark />
      </Link>
      <div className="row gap-1">
        <button
          type="button"
          aria-label={words.palette.open}
          onClick={onSearch}
          className="grid size-10 place-items-center rounded-md text-dim [&_svg]:size-4.5"
        >
          <Search />
        </button>
        <Bell wide="hidden" side="below" />
      </div>
    </div>
  );
}

function useOpenReviews(): number {
  const { data } = useQuery(openReviewsQuery);
  return data?.reviews.length ?? 0;
}

function Rail({ isSlim, onSearch, onHelp }: { isSlim: boolean; onSearch: () => void; onHelp: () => void }) {
  const words = useWords();
  const waiting = useOpenReviews();
  const { data: account } = useQuery(accountQuery);
  const wide = isSlim ? "hidden" : "max-lg:hidden";
  return (
    <nav
      aria-label={words.nav.label}
      className={`sticky top-0 z-30 stack h-dvh shrink-0 gap-1 border-r bg-sunken/60 p-2 ${isSlim ? "w-14" : "w-14 lg:w-56 lg:p-3"}`}
    >
      <Link to="/" className="row mb-2 h-10 rounded-md px-2" aria-label="Autograph">
        <Mark />
        <span className={`font-semibold text-16 tracking-tight ${wide}`}>Autograph</span>
      </Link>
      <button
        type="button"
        onClick={onSearch}
        title={words.palette.open}
        className="tap row mb-2 h-9 rounded-md border border-edge bg-paper px-2 text-dim hover:border-dim hover:text-ink"
      >
        <Search className="size-4 shrink-0" />
        <span className={`grow text-left ${wide.replace("hidden", "sr-only")}`}>{words.palette.open}</span>
        <span className={wide} aria-hidden="true">
          <Kbd>Ctrl K</Kbd>
        </span>
      </button>
      <Entry to="/" icon={<House />} label={words.nav.home} wide={wide} />
      <Entry to="/library" icon={<LibraryBig />} label={words.nav.library} wide={wide} />
      <Entry to="/runs" icon={<SquareActivity />} label={words.nav.runs} wide={wide} />
      <Entry to="/reviews" icon={<Inbox />} label={words.nav.reviews} wide={wide} count={waiting} />
      <Entry to="/build" icon={<Plus />} label={words.nav.build} wide={wide} />
      <Entry to="/connections" icon={<KeyRound />} label={words.nav.connections} wide={wide} />
      {account && isAdmin(account) ? (
        <Entry to="/admin" icon={<Settings2 />} label={words.nav.admin} wide={wide} />
      ) : null}
      <div className="grow" />
      <Bell wide={wide} side="right" />
      <AccountMenu onHelp={onHelp} wide={wide} />
    </nav>
  );
}

function Entry({
  to,
  icon,
  label,
  wide,
  count = 0,
}: {
  to: string;
  icon: ReactNode;
  label: string;
  wide: string;
  count?: number;
}) {
  return (
    <Link
      to={to}
      title={label}
      activeProps={{ className: "bg-paper text-ink font-medium shadow-[inset_0_0_0_1px_var(--line)]" }}
      inactiveProps={{ className: "text-dim hover:bg-paper/70 hover:text-ink" }}
      className="tap row relative h-9 rounded-md px-2.5 [&_svg]:size-4.5 [&_svg]:shrink-0"
    >
      {icon}
      <span className={`grow ${wide.replace("hidden", "sr-only")}`}>{label}</span>
      {count > 0 ? (
        <span
          className={`grid h-5 min-w-5 place-items-center rounded-full bg-wait px-1.5 font-semibold text-12 text-paper ${wide === "hidden" ? "absolute -top-1 -right-1" : "max-lg:absolute max-lg:-top-1 max-lg:-right-1"}`}
        >
          {count > 49 ? "50+" : count}
        </span>
      ) : null}
    </Link>
  );
}

export function Mark() {
  return (
    <svg viewBox="0 0 32 32" className="size-7 shrink-0" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" strokeWidth="2.5" strokeLinecap="round" strokeLinejoin="round">
        <path d="M8 24c3-1 6-14 8-14s2 14 8 14M11 18.5h9" />
      </g>
      <circle cx="16" cy="9" r="2.6" fill="var(--on-accent)" />
    </svg>
  );
}

/** What a person can change about what they see. */
export function useLookItems(): Array<MenuItem | "line"> {
  const words = useWords();
  const { theme, language } = useSettings();
  return [
    ...(["system", "light", "dark"] as const).map((one) => ({
      label: words.themes[one],
      isChecked: theme === one,
      onSelect: () => chooseTheme(one),
    })),
    "line" as const,
    { label: "English", isChecked: language === "en", onSelect: () => chooseLanguage("en") },
    { label: "中文", isChecked: language === "zh", onSelect: () => chooseLanguage("zh") },
  ];
}

function AccountMenu({ onHelp, wide }: { onHelp: () => void; wide: string }) {
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { data: account } = useQuery(accountQuery);
  const { data: state } = useQuery(authQuery);
  const look = useLookItems();
  async function leave() {
    await logOut(client);
    navigate({ to: "/login" });
  }
  return (
    <Menu
      label={account ? `${words.nav.account}: ${account.name}` : words.nav.account}
      side="top"
      align="start"
      triggerClass="tap row h-10 w-full rounded-md px-2 text-left hover:bg-paper"
      trigger={
        <>
          <CircleUserRound className="size-5 shrink-0 text-dim" />
          <span className={`truncate ${wide}`}>{account?.name ?? "…"}</span>
        </>
      }
      items={[
        { label: words.nav.account, onSelect: () => navigate({ to: "/account" }) },
        { label: words.keyboard.title, onSelect: onHelp },
        "line",
        ...look,
        "line",
        state?.is_set_up
          ? { label: words.auth.logOut, onSelect: leave }
          : { label: words.auth.setUp, onSelect: () => navigate({ to: "/welcome" }) },
      ]}
    />
  );
}

function BottomBar() {
  const words = useWords();
  const waiting = useOpenReviews();
  const entries = [
    { to: "/", icon: <House />, label: words.nav.home },
    { to: "/library", icon: <LibraryBig />, label: words.nav.library },
    { to: "/runs", icon: <SquareActivity />, label: words.nav.runs },
    { to: "/reviews", icon: <Inbox />, label: words.nav.reviews, count: waiting },
    { to: "/account", icon: <CircleUserRound />, label: words.nav.account },
  ];
  return (
    <nav
      aria-label={words.nav.label}
      className="fixed inset-x-0 bottom-0 z-30 flex h-16 border-t bg-paper pb-[env(safe-area-inset-bottom)]"
    >
      {entries.map(({ to, icon, label, count }) => (
        <Link
          key={to}
          to={to}
          activeProps={{ className: "text-accent" }}
          inactiveProps={{ className: "text-dim" }}
          className="stack relative grow basis-0 items-center justify-center gap-1 text-12 [&_svg]:size-5"
        >
          {icon}
          {label}
          {count ? <span className="absolute top-2 left-1/2 ml-2 size-2.5 rounded-full bg-wait" /> : null}
        </Link>
      ))}
    </nav>
  );
}

/** Says that what is seen may be old, and goes by itself. */
function OfflineNotice() {
  const words = useWords();
  const connection = useConnection((one) => one.state);
  const [isOffline, setOffline] = useState(!navigator.onLine);
  useEffect(() => {
    const look = () => setOffline(!navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  if (!isOffline && connection !== "lost") return null;
  return (
    <div
      role="status"
      className="row justify-center border-wait/40 border-b bg-wait-wash px-4 py-2 text-13 text-wait"
    >
      <WifiOff className="size-4" />
      {isOffline ? words.offline.offline : words.offline.lost}
    </div>
  );
}
