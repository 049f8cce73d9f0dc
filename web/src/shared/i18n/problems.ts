// What the server says went wrong, in the language that is shown: by its code, and at a field by the reason.
// The server speaks English, so English translates nothing; what a language leaves out is said as the server said it.

import { words } from "@/shared/settings";

/** Facts of an error, as the API gives them. */
export type Facts = Readonly<Record<string, unknown>>;

/** How one language says them. */
export interface Problems {
  /** By the error's code. */
  readonly codes: Readonly<Record<string, (facts: Facts) => string>>;
  /** By the kind of a reason at a field. */
  readonly fields: Readonly<Record<string, (facts: Facts) => string>>;
}

/** The sentence for an error. */
export function sentence(code: string, facts: Facts, said: string): string {
  return words().problems.codes[code]?.(facts) ?? said;
}

/** The sentence at a field. */
export function fieldSentence(reason: unknown, said: string): string {
  if (typeof reason !== "object" || reason === null) return said;
  const facts = reason as Facts;
  return words().problems.fields[String(facts.kind)]?.(facts) ?? said;
}
