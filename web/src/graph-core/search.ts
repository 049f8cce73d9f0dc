// Finding blocks by what people mean: names first, then other words for the same from a vocabulary in English and
// Chinese, descriptions, services and pins, and likeness of letters. No model is asked: it answers as one types.

import type { BlockSpec } from "@/graph-core/model";
import { spaced } from "@/graph-core/text";
import { KNOWN, keyOf, stem, type Want, wantsOf, wordsOf } from "@/graph-core/words";

/** Where a word stands in a block. */
export type Place = "name" | "alias" | "service" | "category" | "about" | "pin";

/** Why a block was found: what was typed, the word of the block that answers it, and where that stands. */
export interface Reason {
  asked: string;
  found: string;
  place: Place;
}

export interface Found {
  block: BlockSpec;
  points: number;
  /** Empty where what was typed stands in the name: that explains itself. */
  why: Reason[];
}

/** How much a word says about a block, by where it stands. */
const STRENGTH: Record<Place, number> = {
  name: 0.8,
  alias: 0.8,
  service: 0.75,
  category: 0.4,
  about: 0.5,
  pin: 0.15,
};
const AS_TYPED = 1;
const BEGINNING = 0.9;
const INSIDE = 0.5;
const BEGINNING_OF_SAME = 0.6;
const LIKE = 0.5;
/** Added where the whole text is a name, or begins one. */
const IS_NAME = 1000;
const BEGINS_NAME = 4;
/** Added where all words of a name were asked for; in parts for fewer. */
const WHOLE_NAME = 1.5;
/** What a second word for the same adds. */
const ALSO = 0.3;
/** What a word weighs that nothing answers. */
const UNANSWERED = 3;
/** Of what was asked for, this share has to be answered. */
const LEAST = 0.3;
/** A block of a service that has been listed so often already counts less: others are to be seen too. */
const AGAIN = 0.93;
/** A block for which any of more services would do belongs to none. */
const FEW = 3;

interface Hit {
  strength: number;
  place: Place;
  word: string;
}

interface Index {
  blocks: BlockSpec[];
  joined: string[];
  names: string[][];
  services: string[];
  /** By stem, or by the stems of a phrase: the blocks that have it. */
  hits: Map<string, Map<number, Hit>>;
  /** Words as they are written, with their stems; those of names are known to be such. */
  written: Map<string, { stem: string; isOfName: boolean }>;
}

const indices = new WeakMap<BlockSpec[], Index>();

/** The services whose account a block uses; none where it is any of many. */
export function servicesOf(block: BlockSpec): string[] {
  const found = Object.values(block.input_schema.properties ?? {}).flatMap(
    (pin) => pin.credentials_provider ?? [],
  );
  return found.length <= FEW ? found : [];
}

function indexOf(blocks: BlockSpec[]): Index {
  const known = indices.get(blocks);
  if (known) return known;
  const index: Index = {
    blocks,
    joined: blocks.map((block) => block.name.toLowerCase()),
    names: blocks.map((block) => wordsOf(spaced(block.name)).map(stem)),
    services: blocks.map((block, at) => servicesOf(block)[0] ?? `#${at}`),
    hits: new Map(),
    written: new Map(),
  };
  blocks.forEach((block, at) => {
    note(index, at, "name", spaced(block.name));
    for (const alias of block.aliases ?? []) note(index, at, "alias", alias);
    for (const service of servicesOf(block)) note(index, at, "service", service.replaceAll("_", " "));
    for (const category of block.categories) note(index, at, "category", category.replaceAll("_", " "));
    note(index, at, "about", block.description);
    const pins = [block.input_schema, block.output_schema].flatMap((side) =>
      Object.entries(side.properties ?? {}),
    );
    for (const [name, pin] of pins)
      if (!pin.hidden && !pin.credentials_provider && name !== "error")
        note(index, at, "pin", `${name.replaceAll("_", " ")} ${pin.description ?? ""}`);
  });
  indices.set(blocks, index);
  return index;
}

/** Note where a text of a block stands; what stands in several places says more. */
function note(index: Index, at: number, place: Place, text: string): void {
  const words = wordsOf(text);
  const stems = words.map(stem);
  const terms = new Map(stems.map((one, nth) => [one, words[nth] as string]));
  if (place === "alias") terms.set(keyOf(text), text);
  for (const [term, word] of terms) {
    const strength = STRENGTH[place];
    const blocks = index.hits.get(term) ?? new Map<number, Hit>();
    index.hits.set(term, blocks);
    const hit = blocks.get(at);
    if (!hit) blocks.set(at, { strength, place, word });
    else if (hit.place !== place) hit.strength += (1 - hit.strength) * strength;
    if (place !== "pin") {
      const isOfName = place === "name" || index.written.get(word)?.isOfName === true;
      index.written.set(word, { stem: term, isOfName });
    }
  }
}

/** How alike two words are by their letters, three at a time: 0 to 1. Small slips of the hand stay alike. */
export function likeness(one: string, other: string): number {
  const [a, b] = [trigrams(one), trigrams(other)];
  let shared = 0;
  for (const part of a) if (b.has(part)) shared += 1;
  return (2 * shared) / (a.size + b.size);
}

const TRIGRAMS = new Map<string, Set<string>>();

function trigrams(word: string): Set<string> {
  const known = TRIGRAMS.get(word);
  if (known) return known;
  const padded = `  ${word} `;
  const made = new Set(Array.from({ length: padded.length - 2 }, (_, at) => padded.slice(at, at + 3)));
  TRIGRAMS.set(word, made);
  return made;
}

/** The stems that answer what is wanted, and how well. */
function answersTo(want: Want, index: Index): Map<string, number> {
  const answers = new Map<string, number>();
  const add = (term: string, share: number) => {
    if (index.hits.has(term) && share > (answers.get(term) ?? 0)) answers.set(term, share);
  };
  add(want.own, AS_TYPED);
  for (const [other, share] of want.others) add(other, share);
  if (want.asked.includes(" ")) return answers;
  for (const [word, { stem, isOfName }] of index.written) {
    if (word.startsWith(want.asked)) add(stem, BEGINNING);
    else if (isOfName && want.asked.length >= 4 && word.includes(want.asked)) add(stem, INSIDE);
  }
  if (want.others.size === 0 && want.asked.length >= 3)
    for (const [word, others] of KNOWN)
      if (word.startsWith(want.asked))
        for (const [other, share] of others) add(other, share * BEGINNING_OF_SAME);
  if (answers.size === 0 && want.asked.length >= 4) {
    for (const [word, { stem, isOfName }] of index.written)
      if (isOfName && likeness(word, want.asked) >= LIKE) add(stem, likeness(word, want.asked) * INSIDE);
    for (const [word, others] of KNOWN)
      if (likeness(word, want.asked) >= LIKE)
        for (const [other, share] of others) add(other, share * BEGINNING_OF_SAME);
  }
  return answers;
}

interface Answer extends Reason {
  points: number;
  /** What the word that is told is worth. */
  told: number;
  isLiteral: boolean;
}

/** What answers a want, by block, and what the want weighs: much where few blocks answer it. */
function answered(want: Want, index: Index): { by: Map<number, Answer>; weight: number } {
  const by = new Map<number, Answer>();
  for (const [term, share] of answersTo(want, index))
    for (const [at, hit] of index.hits.get(term) ?? []) {
      const points = share * hit.strength;
      const isLiteral = hit.word.includes(want.asked) || term === want.own;
      const known = by.get(at);
      const sum = known ? Math.max(points, known.points) + ALSO * Math.min(points, known.points) : points;
      // What was typed itself explains more than another word for it.
      const told = points + (isLiteral ? 1 : 0);
      if (known && known.told >= told) known.points = sum;
      else by.set(at, { points: sum, told, asked: want.asked, found: hit.word, place: hit.place, isLiteral });
    }
  const sum = [...by.values()].reduce((total, one) => total + one.points, 0);
  return { by, weight: by.size > 0 ? Math.log(1 + index.blocks.length / (1 + sum)) : UNANSWERED };
}

/** The blocks that fit what was typed, the best first. */
export function search(blocks: BlockSpec[], text: string): Found[] {
  const index = indexOf(blocks);
  const wants = wantsOf(text).map((want) => answered(want, index));
  if (wants.length === 0) return [];
  const all = wants.reduce((sum, want) => sum + want.weight, 0);
  const typed = wordsOf(text).join("");
  const found: Array<Found & { service: string }> = [];
  for (const [at, block] of index.blocks.entries()) {
    const answers = wants.flatMap(({ by }) => by.get(at) ?? []);
    const share = wants.reduce((sum, { by, weight }) => sum + (by.has(at) ? weight : 0), 0) / all;
    const joined = index.joined[at] as string;
    if (joined !== typed && !joined.startsWith(typed) && answers.length < LEAST * wants.length) continue;
    const worth = wants.reduce((sum, { by, weight }) => sum + weight * (by.get(at)?.points ?? 0), 0);
    const inName = answers.filter((one) => one.place === "name");
    const names = index.names[at] as string[];
    const named = Math.min(1, inName.length / names.length);
    const points =
      worth * share +
      WHOLE_NAME * named +
      (joined === typed ? IS_NAME : joined.startsWith(typed) ? BEGINS_NAME : 0);
    const explains = inName.some((one) => one.isLiteral) || joined.startsWith(typed);
    const why = explains ? [] : answers.map(({ asked, found, place }) => ({ asked, found, place }));
    found.push({ block, points, why, service: index.services[at] as string });
  }
  return varied(found);
}

/** Sort so that one service does not fill the list. */
function varied(found: Array<Found & { service: string }>): Found[] {
  const best = (one: Found, other: Found) =>
    other.points - one.points || one.block.name.length - other.block.name.length;
  const seen = new Map<string, number>();
  return found
    .sort(best)
    .map(({ service, ...one }) => {
      const times = seen.get(service) ?? 0;
      seen.set(service, times + 1);
      return { ...one, points: one.points * AGAIN ** times };
    })
    .sort(best);
}
