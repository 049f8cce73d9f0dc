// What a page of somebody else brings along that our policy refuses anyway.

const TAG = /<[a-z][^>]*>/gi;
const OPENS = /<style\b/gi;
const CLOSES = /<\/style\s*>/gi;
const ACTS = /\s(style|on[a-z]+)(\s*=)/gi;

/**
 * Take styles and handlers out of HTML before it is parsed: browsers note each of them as refused, even in a document
 * that nobody sees. What makes it safe is the sanitiser behind this; what slips through here is noted, no more.
 */
export function withoutActs(html: string): string {
  return withoutStyles(html).replace(TAG, (tag) => tag.replace(ACTS, " data-was-$1$2"));
}

/** Goes through the text once, however many styles are opened and never closed in it. */
function withoutStyles(html: string): string {
  let kept = "";
  let at = 0;
  for (;;) {
    OPENS.lastIndex = at;
    const opens = OPENS.exec(html);
    if (!opens) return kept + html.slice(at);
    CLOSES.lastIndex = opens.index;
    const closes = CLOSES.exec(html);
    if (!closes) return kept + html.slice(at);
    kept += html.slice(at, opens.index);
    at = CLOSES.lastIndex;
  }
}
