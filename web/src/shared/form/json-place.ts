// Where a text stops being JSON: browsers say it in words of their own, or not at all.

export interface Place {
  /** Characters before it. */
  offset: number;
  /** From 1. */
  line: number;
  column: number;
}

const TOKEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they may not stand in a text of JSON
  /\s+|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/y;

/** The first place at which a text is no JSON; null where it is. */
export function placeOfError(text: string): Place | null {
  const offset = offsetOfError(text);
  if (offset === null) return null;
  const before = text.slice(0, offset).split("\n");
  return { offset, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

type Wanted = "value" | "value or ]" | "name" | "name or }" | ":" | ", or end";

function offsetOfError(text: string): number | null {
  const open: string[] = [];
  let wanted: Wanted = "value";
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return at;
    const next: Wanted | null = token.trim() === "" ? wanted : follow(token, wanted, open);
    if (next === null) return at;
    wanted = next;
    at += token.length;
  }
  return open.length === 0 && wanted === ", or end" ? null : text.length;
}

/** What may come after a token; null where it may not stand there. */
function follow(token: string, wanted: Wanted, open: string[]): Wanted | null {
  switch (wanted) {
    case ":":
      return token === ":" ? "value" : null;
    case "name":
    case "name or }":
      if (token === "}" && wanted === "name or }") return close(open, "{");
      return token.startsWith('"') ? ":" : null;
    case ", or end":
      if (token === "," && open.length > 0) return open.at(-1) === "{" ? "name" : "value";
      if (token === "}" || token === "]") return close(open, token === "}" ? "{" : "[");
      return null;
    default:
      if (token === "]" && wanted === "value or ]") return close(open, "[");
      if (token === "{" || token === "[") {
        open.push(token);
        return token === "{" ? "name or }" : "value or ]";
      }
      return /^[\]},:]$/.test(token) ? null : ", or end";
  }
}

function close(open: string[], bracket: string): Wanted | null {
  return open.pop() === bracket ? ", or end" : null;
}
