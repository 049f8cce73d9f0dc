// Words as they are looked for: in English by their stems, in Chinese by the longest phrase that is known.

import vocabulary from "@/graph-core/vocabulary.json";

/** Words that say nothing about what is meant. */
const EMPTY = new Set(
  "a am an and are as at be by can do does for from i in into is it its let me my of on or our over please s so some somebody someone something that the their them then this to up us want we what which who will with you your".split(
    " ",
  ),
);
const EMPTY_HAN = new Set(
  "的了一个张段封给把到我你他在和与用为是将从里这那些请帮想要成进行下个条篇份次能会可以".split(""),
);
const STEMS = new Map<string, string>();
const MOST_WORDS = 4;
const MOST_HAN = 8;

/** A thing that was asked for: what was typed, and the stems that stand for it, each with how well (0 to 1). */
export interface Want {
  asked: string;
  /** The stem of what was typed; the stems of several words with spaces between. */
  own: string;
  others: ReadonlyMap<string, number>;
}

type Answers = Map<string, number>;

/** Words of a text in small letters, "e-mail" as one; what is written in Chinese is apart from the rest. */
export function wordsOf(text: string): string[] {
  return (
    text
      .toLowerCase()
      .replace(/(?<![\p{L}-])(\p{L}{1,3})-(?=\p{L}{2,})/gu, "$1")
      .replace(/\p{Script=Han}+/gu, " $& ")
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** What is left of an English word without its ending, so that "draws", "drawing" and "draw" are one. */
export function stem(word: string): string {
  const known = STEMS.get(word);
  if (known !== undefined) return known;
  const made = withoutEnding(word);
  STEMS.set(word, made);
  return made;
}

function withoutEnding(word: string): string {
  let left = word;
  if (left.length > 4 && left.endsWith("ies")) left = `${left.slice(0, -3)}y`;
  else if (left.length > 3 && left.endsWith("s") && !/[su]s$|news$/.test(left)) left = left.slice(0, -1);
  const bare = left.replace(/(ing|ed|er|or)$/, "");
  if (bare !== left && bare.length >= 3 && /[aeiouy]/.test(bare))
    left = bare.replace(/([^aeiousl])\1$/, "$1");
  return left.length > 3 ? left.replace(/e$/, "") : left;
}

/** An entry of the vocabulary: words of the catalogue, the best first, and what people type who mean them. */
interface Entry {
  found?: string;
  /** Instead of `found`: words that stand for one another too. */
  same?: string;
  asked: string;
}

/** What people type, and the stems that stand for it. */
const PHRASES = new Map<string, Answers>();
/** The single words of it as they are typed. */
export const KNOWN = new Map<string, Answers>();
const FIRST_SHARE = 0.8;
const SHARE_STEP = 0.08;
const LEAST_SHARE = 0.4;
for (const { found, same, asked } of vocabulary as Entry[]) {
  const answers = (same ?? found ?? "").split(" ");
  for (const phrase of [...(same ? answers : []), ...asked.split(", ")]) {
    const key = keyOf(phrase);
    const known = PHRASES.get(key) ?? new Map<string, number>();
    answers.forEach((answer, at) => {
      const share = Math.max(LEAST_SHARE, FIRST_SHARE - SHARE_STEP * at);
      if (stem(answer) !== key) known.set(stem(answer), Math.max(share, known.get(stem(answer)) ?? 0));
    });
    PHRASES.set(key, known);
    if (wordsOf(phrase).length === 1) KNOWN.set(phrase, known);
  }
}

/** The stems of a phrase that mean something. */
export function keyOf(phrase: string): string {
  const words = wordsOf(phrase);
  const meant = words.filter((word) => !EMPTY.has(word));
  return (meant.length > 0 ? meant : words).map(stem).join(" ");
}

function isHan(word: string): boolean {
  return /^\p{Script=Han}/u.test(word);
}

/** What somebody asks for who types this: known phrases of several words first, then single ones. */
export function wantsOf(text: string): Want[] {
  const all = wordsOf(text);
  const meant = all.filter((word) => !EMPTY.has(word));
  const words = meant.length > 0 ? meant : all;
  const wants: Want[] = [];
  for (let at = 0; at < words.length; ) {
    const word = words[at] as string;
    if (isHan(word)) {
      wants.push(...wantsOfHan(word));
      at += 1;
      continue;
    }
    let length = Math.min(MOST_WORDS, words.length - at);
    while (
      length > 1 &&
      !PHRASES.has(
        words
          .slice(at, at + length)
          .map(stem)
          .join(" "),
      )
    )
      length -= 1;
    const own = words
      .slice(at, at + length)
      .map(stem)
      .join(" ");
    wants.push({ asked: words.slice(at, at + length).join(" "), own, others: PHRASES.get(own) ?? new Map() });
    at += length;
  }
  return wants;
}

/** Chinese has no spaces: the longest known phrase at each place; what is unknown is wanted all the same. */
function wantsOfHan(text: string): Want[] {
  const wants: Want[] = [];
  let unknown = "";
  const keepUnknown = () => {
    if (unknown) wants.push({ asked: unknown, own: unknown, others: new Map() });
    unknown = "";
  };
  for (let at = 0; at < text.length; ) {
    let length = Math.min(MOST_HAN, text.length - at);
    while (length > 0 && !PHRASES.has(text.slice(at, at + length))) length -= 1;
    const phrase = text.slice(at, at + Math.max(1, length));
    if (length > 0) {
      keepUnknown();
      wants.push({ asked: phrase, own: phrase, others: PHRASES.get(phrase) ?? new Map() });
    } else if (!EMPTY_HAN.has(phrase)) unknown += phrase;
    at += phrase.length;
  }
  keepUnknown();
  return wants;
}
