// What a run has given out so far, as its journal tells: enough to show until the run's own list is asked for.

import type { Graph, Json } from "@/graph-core/model";
import type { JournalEvent } from "@/graph-core/overlay";

/** Values of the pin `output`, the first ones of each node, and how many there were. */
export type Given = ReadonlyMap<string, { values: readonly Json[]; count: number }>;

export const NOTHING_GIVEN: Given = new Map();
export const MOST_KEPT = 200;

/** Add what events gave out; of each node the first values are kept and the others counted. */
export function gather(before: Given, events: readonly JournalEvent[]): Given {
  let after: Map<string, { values: readonly Json[]; count: number }> | null = null;
  for (const { body } of events) {
    const outputs = (body.outputs ?? []) as Array<[string, Json]>;
    for (const [pin, value] of outputs) {
      if (pin !== "output") continue;
      after ??= new Map(before);
      const node = String(body.node);
      const { values, count } = after.get(node) ?? { values: [], count: 0 };
      after.set(node, {
        values: values.length < MOST_KEPT ? [...values, value] : values,
        count: count + 1,
      });
    }
  }
  return after ?? before;
}

/** What output nodes have given out, by the names that their agent's builder gave them. */
export function named(given: Given, graph: Graph | undefined): Record<string, Json[]> {
  const found: Record<string, Json[]> = {};
  for (const node of graph?.nodes ?? []) {
    const name = node.constants?.name;
    const has = given.get(node.id);
    if (typeof name === "string" && has) (found[name] ??= []).push(...has.values);
  }
  return found;
}

/** How many values each name has been given, those that were not kept with them. */
export function countsOf(given: Given, graph: Graph | undefined): Record<string, number> {
  const found: Record<string, number> = {};
  for (const node of graph?.nodes ?? []) {
    const name = node.constants?.name;
    const has = given.get(node.id);
    if (typeof name === "string" && has) found[name] = (found[name] ?? 0) + has.count;
  }
  return found;
}
