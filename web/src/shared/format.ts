// Numbers, dates and sizes by the language that is shown.

import { grouped, type Unit } from "@/shared/i18n/numbers";
import { useSettings, words } from "@/shared/settings";

const RELATIVE: Array<[Unit, number]> = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

function locale(): string {
  return useSettings.getState().language === "zh" ? "zh-CN" : "en";
}

/** One format for each language: to make one costs a phone more than to use it a thousand times. */
function byLocale<Format>(make: (locale: string) => Format): () => Format {
  const made = new Map<string, Format>();
  return () => {
    const name = locale();
    const format = made.get(name) ?? make(name);
    made.set(name, format);
    return format;
  };
}

const lists = byLocale((name) => new Intl.ListFormat(name, { type: "conjunction", style: "narrow" }));
const numbers = byLocale((name) => new Intl.NumberFormat(name));
const dateTimes = byLocale(
  (name) => new Intl.DateTimeFormat(name, { dateStyle: "medium", timeStyle: "short" }),
);

/** "a, b, c". */
export function listed(names: readonly string[]): string {
  return lists().format(names);
}

export function number(value: number): string {
  return Number.isSafeInteger(value) ? grouped(value) : numbers().format(value);
}

/** "3 minutes ago". */
export function ago(iso: string, now = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  for (const [unit, size] of RELATIVE) {
    if (Math.abs(seconds) >= size || unit === "second")
      return words().relative[unit](Math.round(seconds / size));
  }
  return "";
}

export function dateTime(iso: string): string {
  return dateTimes().format(new Date(iso));
}

/** "13:07:42", where the person is. */
export function time(iso: string): string {
  const at = new Date(iso);
  const parts = [at.getHours(), at.getMinutes(), at.getSeconds()];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

/** "240 ms", "3.2 s", "4 min 10 s". */
export function duration(ms: number): string {
  if (ms < 1) return "<1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = size;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
