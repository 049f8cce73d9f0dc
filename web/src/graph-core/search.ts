// Finding blocks by what people type: names, other words for the same, providers, and likeness of letters.
// No model of language is asked: what two words have in common in meaning stands in a table.

import type { BlockSpec } from "@/graph-core/model";
import { spaced } from "@/graph-core/text";

/** Words that people use for one another when they look for a block; a few of them in Chinese. */
const SAME: readonly string[][] = [
  ["mail", "email", "e-mail", "gmail", "smtp", "inbox", "newsletter", "邮件", "邮箱"],
  ["message", "chat", "dm", "slack", "discord", "telegram", "notify", "notification", "post", "消息", "通知"],
  ["tweet", "twitter", "x"],
  ["llm", "ai", "gpt", "model", "prompt", "generate", "claude", "answer", "ask", "人工智能", "模型"],
  ["math", "calculate", "calculator", "sum", "minus", "multiply", "divide", "arithmetic", "计算"],
  ["if", "condition", "branch", "compare", "decide", "when", "filter", "条件", "判断"],
  ["loop", "repeat", "each", "iterate", "items", "step", "循环"],
  ["http", "api", "request", "web", "url", "fetch", "call", "网络", "请求"],
  ["scrape", "crawl", "extract", "website", "page", "browse", "抓取", "网页"],
  ["search", "find", "look", "query", "google", "搜索", "查找"],
  ["picture", "image", "photo", "draw", "logo", "图片", "图像"],
  ["video", "film", "movie", "clip", "youtube", "视频"],
  ["audio", "speech", "voice", "sound", "music", "podcast", "transcribe", "语音", "音频"],
  ["sheet", "sheets", "spreadsheet", "csv", "excel", "table", "rows", "表格"],
  ["document", "doc", "docs", "pdf", "text", "file", "文档", "文件"],
  ["translate", "language", "翻译"],
  ["summarize", "summarise", "summary", "shorten", "digest", "摘要", "总结"],
  ["date", "time", "clock", "today", "now", "calendar", "schedule", "日期", "时间"],
  ["wait", "delay", "timer", "sleep", "pause", "countdown", "等待"],
  ["remember", "memory", "store", "save", "keep", "persist", "记忆", "保存"],
  ["list", "array", "collection", "列表"],
  ["dictionary", "object", "dict", "map", "key", "字典", "对象"],
  ["json", "parse", "decode"],
  ["database", "sql", "postgres", "mysql", "数据库"],
  ["code", "python", "javascript", "script", "program", "execute", "run", "代码"],
  ["approve", "review", "human", "person", "confirm", "审批", "人工"],
  ["trigger", "webhook", "event", "listen", "触发"],
  ["crm", "lead", "contact", "customer", "hubspot", "客户"],
  ["issue", "ticket", "task", "todo", "bug", "任务"],
  ["repository", "repo", "git", "github", "commit", "pull"],
  ["vector", "embedding", "semantic", "similar", "meaning", "向量"],
  ["template", "format", "fill", "placeholder", "模板"],
  ["regex", "regular", "pattern", "match"],
  ["input", "ask", "parameter", "form", "输入"],
  ["output", "result", "return", "give", "输出"],
  ["mcp", "tool", "tools", "protocol"],
];
const SYNONYMS = new Map<string, Set<string>>();
for (const group of SAME)
  for (const word of group) SYNONYMS.set(word, new Set([...(SYNONYMS.get(word) ?? []), ...group]));

/** Words that say nothing about which block is meant. */
const EMPTY = new Set(
  "a an and as at by do for from in into is it my of on or some something that the then this to with want i me".split(
    " ",
  ),
);
const LIKE = 0.55;

interface Indexed {
  name: string[];
  joined: string;
  others: Set<string>;
  about: string[];
}

const index = new WeakMap<BlockSpec, Indexed>();

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function indexOf(block: BlockSpec): Indexed {
  const known = index.get(block);
  if (known) return known;
  const providers = Object.values(block.input_schema.properties ?? {}).flatMap(
    (pin) => pin.credentials_provider ?? [],
  );
  const made: Indexed = {
    name: words(spaced(block.name)),
    joined: block.name.toLowerCase(),
    others: new Set(
      [...(block.aliases ?? []), ...(providers.length <= 3 ? providers : []), ...block.categories].flatMap(
        words,
      ),
    ),
    about: words(block.description),
  };
  index.set(block, made);
  return made;
}

/** How alike two words are by their letters, three at a time: 0 to 1. Small slips of the hand stay alike. */
export function likeness(one: string, other: string): number {
  const [a, b] = [trigrams(one), trigrams(other)];
  const shared = [...a].filter((part) => b.has(part)).length;
  return (2 * shared) / (a.size + b.size);
}

function trigrams(word: string): Set<string> {
  const padded = `  ${word} `;
  return new Set(Array.from({ length: padded.length - 2 }, (_, at) => padded.slice(at, at + 3)));
}

/** How well one word fits a block; 0 for not at all. */
function fits(word: string, block: Indexed): number {
  if (block.joined.startsWith(word)) return 9;
  if (block.name.includes(word)) return 8;
  if (block.name.some((part) => part.startsWith(word))) return 7;
  if (block.others.has(word)) return 6;
  if (word.length >= 3 && block.joined.includes(word)) return 5;
  const same = SYNONYMS.get(word);
  if (same && block.name.some((part) => same.has(part))) return 4;
  if (word.length >= 4 && block.name.some((part) => likeness(word, part) >= LIKE)) return 3;
  if (block.about.some((part) => part.startsWith(word))) return 2;
  if (
    same &&
    (block.about.some((part) => same.has(part)) || [...block.others].some((part) => same.has(part)))
  )
    return 1;
  return 0;
}

/** How well a block fits what was typed; 0 for not at all. Every word has to fit somehow; of a sentence, most of them. */
export function score(block: BlockSpec, text: string): number {
  const all = words(text);
  const meant = all.filter((word) => !EMPTY.has(word));
  const wanted = meant.length > 0 ? meant : all;
  if (wanted.length === 0) return 0;
  const indexed = indexOf(block);
  const points = wanted.map((word) => fits(word, indexed));
  const missed = points.filter((one) => one === 0).length;
  const mayMiss = wanted.length <= 2 ? 0 : Math.floor(wanted.length / 3);
  if (missed > mayMiss) return 0;
  return points.reduce((sum, one) => sum + one, 0) + 1 / (1 + indexed.joined.length);
}
