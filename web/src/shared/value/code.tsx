import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { useMemo } from "react";

const KNOWN = { bash, css, diff, go, java, javascript, json, python, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(KNOWN)) hljs.registerLanguage(name, language);
const MOST = 50_000;

/** Code as HTML whose only tags are those of its colours: everything of the text itself is escaped. */
export function coloured(text: string, language = ""): string | null {
  if (text.length > MOST) return null;
  if (hljs.getLanguage(language)) return hljs.highlight(text, { language }).value;
  return language ? null : hljs.highlightAuto(text).value;
}

/** Code, in colours where its language is known or can be told. */
export default function Code({ text, language = "" }: { text: string; language?: string }) {
  const html = useMemo(() => coloured(text, language), [text, language]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <pre tabIndex={0} className="code-text max-h-96 overflow-auto rounded-md bg-sunken p-3 font-mono text-12">
      {html === null ? (
        text
      ) : (
        // biome-ignore lint/security/noDangerouslySetInnerHtml: the highlighter escapes what it is given
        <code dangerouslySetInnerHTML={{ __html: html }} />
      )}
    </pre>
  );
}
