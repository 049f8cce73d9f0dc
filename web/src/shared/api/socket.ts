// One socket for the whole page. It comes back by itself and goes on, for each run, after the last event it had.

import { create } from "zustand";
import { renewSession } from "@/shared/api/client";
import type { RunItem } from "@/shared/api/schema";

/** An event of a run's journal. */
export interface RunEvent {
  seq: number;
  kind: string;
  body: Record<string, unknown>;
  at: string;
}

/** A piece of a text that a node run is making. */
export interface Partial {
  node: string;
  node_run: number;
  pin: string;
  offset: number;
  text: string;
}

export interface RunWatcher {
  events(events: RunEvent[]): void;
  partial?(partial: Partial): void;
  end?(status: string): void;
}

interface RunWatch {
  id: string;
  since: number;
  watcher: RunWatcher;
  isOver: boolean;
}

export type Connection = "connecting" | "open" | "lost";
export const useConnection = create<{ state: Connection }>(() => ({ state: "connecting" }));

const LONGEST_PAUSE_MS = 8_000;
const NOT_ADMITTED = 4401;
const runs = new Map<string, Set<RunWatch>>();
const lists = new Set<(run: RunItem | null) => void>();
const inboxes = new Set<() => void>();
let socket: WebSocket | null = null;
let tries = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;
let batch: Array<[RunWatch, RunEvent]> = [];

function say(message: Record<string, unknown>): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** Hand events over once a frame: a run of ten thousand steps paints no more often than one of ten. */
function flush(): void {
  const ready = batch;
  batch = [];
  const byWatch = new Map<RunWatch, RunEvent[]>();
  for (const [watch, event] of ready) {
    const events = byWatch.get(watch);
    if (events) events.push(event);
    else byWatch.set(watch, [event]);
  }
  for (const [watch, events] of byWatch) watch.watcher.events(events);
}

function onMessage(text: string): void {
  const message = JSON.parse(text);
  const watches = [...(runs.get(message.run) ?? [])];
  switch (message.type) {
    case "hello":
      tries = 0;
      useConnection.setState({ state: "open" });
      break;
    case "ping":
      say({ type: "pong" });
      break;
    case "event":
      for (const watch of watches) {
        if (message.seq <= watch.since) continue;
        watch.since = message.seq;
        if (batch.length === 0) setTimeout(flush, 16);
        batch.push([watch, message]);
      }
      break;
    case "partial":
      for (const watch of watches) watch.watcher.partial?.(message);
      break;
    case "end":
      flush();
      for (const watch of watches) {
        watch.isOver = true;
        watch.watcher.end?.(message.status);
      }
      break;
    case "gap":
      if (message.run) subscribeRun(message.run);
      else for (const listener of lists) listener(null);
      break;
    case "inbox":
      for (const listener of inboxes) listener();
      break;
    case "run":
      for (const listener of lists) listener(message.run);
      break;
  }
}

function subscribeRun(id: string): void {
  const open = [...(runs.get(id) ?? [])].filter((watch) => !watch.isOver);
  if (open.length > 0) say({ type: "subscribe", run: id, since: Math.min(...open.map((one) => one.since)) });
}

/** Connect when what is being drawn has been drawn. */
function connectSoon(): void {
  if (socket) return;
  clearTimeout(waiting);
  waiting = setTimeout(connect);
}

function connect(): void {
  clearTimeout(waiting);
  if (socket || runs.size + lists.size + inboxes.size === 0) return;
  const made = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  socket = made;
  made.onopen = () => {
    for (const id of runs.keys()) subscribeRun(id);
    if (lists.size > 0) {
      say({ type: "subscribe", graph: "*" });
      // What happened while nobody listened is in no message: lists are asked for again.
      for (const listener of lists) listener(null);
    }
    if (inboxes.size > 0) say({ type: "subscribe", inbox: "*" });
  };
  made.onmessage = (event) => onMessage(event.data);
  made.onclose = async (event) => {
    socket = null;
    tries += 1;
    if (tries > 1) useConnection.setState({ state: "lost" });
    if (event.code === NOT_ADMITTED) await renewSession();
    // A quarter more or less, by chance: those who lost the server together do not come back together.
    const pause = Math.min(LONGEST_PAUSE_MS, 250 * 2 ** tries) * (0.75 + Math.random() / 2);
    waiting = setTimeout(connect, pause);
  };
}
addEventListener("online", () => {
  tries = 0;
  connect();
});

/** Follow a run from after an event of its journal; returns how to stop. */
export function watchRun(id: string, since: number, watcher: RunWatcher): () => void {
  const watch: RunWatch = { id, since, watcher, isOver: false };
  const all = runs.get(id) ?? new Set();
  runs.set(id, all.add(watch));
  connectSoon();
  subscribeRun(id);
  return () => {
    all.delete(watch);
    if (all.size > 0) return;
    runs.delete(id);
    say({ type: "unsubscribe", run: id });
  };
}

/** Hear when any of one's runs begins or ends, and null when some may have been missed; returns how to stop. */
export function watchRuns(listener: (run: RunItem | null) => void): () => void {
  lists.add(listener);
  connectSoon();
  if (lists.size === 1) say({ type: "subscribe", graph: "*" });
  return () => {
    lists.delete(listener);
    if (lists.size === 0) say({ type: "unsubscribe", graph: "*" });
  };
}

/** Hear when one's inbox may have changed; returns how to stop. */
export function watchInbox(listener: () => void): () => void {
  inboxes.add(listener);
  connectSoon();
  if (inboxes.size === 1) say({ type: "subscribe", inbox: "*" });
  return () => {
    inboxes.delete(listener);
    if (inboxes.size === 0) say({ type: "unsubscribe", inbox: "*" });
  };
}
