// Agents that run offline, from the repository's examples: each is fetched when it is taken.

export type ExampleKey = "wordReport" | "countdown" | "welcomeParty" | "carefulDivision" | "mailDesk";

export interface Example {
  key: ExampleKey;
  name: string;
  load: () => Promise<unknown>;
}

const FILES = import.meta.glob<unknown>("../../../../examples/agents/*.json", { import: "default" });

function example(key: ExampleKey, name: string): Example {
  const load = FILES[`../../../../examples/agents/${name}`];
  if (load === undefined) throw new Error(`there is no example ${name}`);
  return { key, name, load };
}

export const EXAMPLES: readonly Example[] = [
  example("wordReport", "word-report.json"),
  example("countdown", "countdown.json"),
  example("welcomeParty", "welcome-party.json"),
  example("carefulDivision", "careful-division.json"),
  example("mailDesk", "mail-desk.json"),
];
