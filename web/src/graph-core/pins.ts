// Dynamic pin names: how `values_#_who` or `items_$_0` select from a value, or build one. Mirrors graph/pins.py.

import { repr } from "@/graph-core/text";

export const MAX_INDEX = 1_000;
const SEPARATORS = /(_\$_|_#_|_@_)/;
const SELF_TOOL_PREFIX = "tools_^_";
const SHOWN = 20;

export type PathStep = string | number;

/** A pin name, taken apart; `broken` says why it is no path though it looks like one. */
export interface Pin {
  base: string;
  path: PathStep[];
  broken: string | null;
}

/** Whether an output pin leads to a node that is a tool. */
export function isToolPin(name: string): boolean {
  return name === "tools" || name.startsWith(SELF_TOOL_PREFIX);
}

export function parsePin(name: string): Pin {
  const plain: Pin = { base: name, path: [], broken: null };
  if (name.startsWith(SELF_TOOL_PREFIX)) return plain;
  const parts = name.split(SEPARATORS);
  if (parts.length === 1) return plain;
  const [base = "", ...rest] = parts;
  if (base === "") return { ...plain, broken: "it names no pin before the first separator" };
  const path: PathStep[] = [];
  for (let at = 0; at < rest.length; at += 2) {
    const separator = rest[at] ?? "";
    const step = rest[at + 1] ?? "";
    if (step === "") return { ...plain, broken: `nothing follows ${repr(separator)}` };
    if (separator !== "_$_") {
      path.push(step);
      continue;
    }
    if (!/^[0-9]+$/.test(step))
      return { ...plain, broken: `a list index is a whole number from 0, not ${repr(step)}` };
    if (step.replace(/^0+/, "").length > String(MAX_INDEX).length || Number(step) > MAX_INDEX)
      return { ...plain, broken: `list index ${step.slice(0, SHOWN)} is over ${MAX_INDEX}` };
    path.push(Number(step));
  }
  return { base, path, broken: null };
}
