import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import django from "highlight.js/lib/languages/django";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import sql from "highlight.js/lib/languages/sql";
import xml from "highlight.js/lib/languages/xml";
import { type KeyboardEvent, useMemo, useRef } from "react";
import "@/shared/form/code-area.css";

const LANGUAGES = { bash, django, javascript, json, python, sql, xml };
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

/** Characters: colours of more than that would be late for each key. */
const MAX_COLOURED = 50_000;

/**
 * Code to type, in its colours: the browser's own text field, and the colours under it. So keys, screen readers and
 * phones have a text field like any other, and Tab goes on to the next.
 */
export default function CodeArea({
  language,
  text,
  placeholder,
  onChange,
  isWide,
  ...given
}: {
  language: string;
  text: string;
  placeholder?: string;
  onChange: (text: string) => void;
  isWide: boolean;
  id?: string;
  "aria-label"?: string;
  "aria-invalid"?: true;
  "aria-describedby"?: string;
}) {
  const under = useRef<HTMLPreElement>(null);
  // highlight.js escapes the text; what it adds are spans with classes.
  const coloured = useMemo(
    () =>
      text.length <= MAX_COLOURED && hljs.getLanguage(language)
        ? hljs.highlight(text, { language, ignoreIllegals: true }).value
        : null,
    [text, language],
  );
  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.nativeEvent.isComposing) return;
    // A new line begins as deep as the one before it.
    const area = event.currentTarget;
    const line = area.value.slice(0, area.selectionStart).split("\n").at(-1) ?? "";
    const indent = /^[ \t]*/.exec(line)?.[0] ?? "";
    if (indent === "") return;
    event.preventDefault();
    area.setRangeText(`\n${indent}`, area.selectionStart, area.selectionEnd, "end");
    onChange(area.value);
  }
  return (
    <div className={`code-area field ${isWide ? "code-area-wide" : ""}`}>
      <pre ref={under} aria-hidden="true">
        {coloured === null ? (
          text
        ) : (
          // biome-ignore lint/security/noDangerouslySetInnerHtml: highlight.js escaped it
          <code dangerouslySetInnerHTML={{ __html: coloured }} />
        )}
        {"\n"}
      </pre>
      <textarea
        value={text}
        placeholder={placeholder}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        rows={isWide ? 20 : Math.min(14, Math.max(4, text.split("\n").length))}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
        onScroll={(event) => {
          if (!under.current) return;
          under.current.scrollTop = event.currentTarget.scrollTop;
          under.current.scrollLeft = event.currentTarget.scrollLeft;
        }}
        {...given}
      />
    </div>
  );
}
