import DOMPurify from "dompurify";
import { marked } from "marked";
import { useEffect, useMemo, useRef } from "react";
import { withoutActs } from "@/shared/value/inert";

// Pictures of other sites are links: nobody else is asked for anything by looking at a page of ours.
const purify = DOMPurify();
purify.addHook("afterSanitizeAttributes", (node) => {
  // Of classes, only a block of code keeps the one that names its language.
  const language = node.tagName === "CODE" ? /^language-[\w+-]+/.exec(node.className) : null;
  node.removeAttribute("class");
  if (language) node.className = language[0];
  // Of fields, only the boxes of a list of tasks stay, and nobody ticks them.
  if (node instanceof HTMLInputElement) {
    if (node.type === "checkbox") {
      node.disabled = true;
      node.setAttribute("aria-label", node.checked ? "✓" : "○");
    } else node.remove();
  }
  if (node instanceof HTMLAnchorElement) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noreferrer noopener");
  }
  if (
    node instanceof HTMLImageElement &&
    !/^(data:image\/|\/api\/v1\/files\/)/.test(node.getAttribute("src") ?? "")
  ) {
    const link = document.createElement("a");
    link.href = node.src;
    link.textContent = node.alt || node.src;
    link.target = "_blank";
    link.rel = "noreferrer noopener";
    node.replaceWith(link);
  }
});

const ALLOWED = {
  ALLOW_DATA_ATTR: false,
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["style", "form", "button", "textarea", "select", "iframe", "video", "audio", "source"],
  FORBID_ATTR: ["style", "id", "srcset"],
};

/** Markdown as a run made it: nobody knows who wrote it, so nothing of it acts. */
export default function Markdown({ text }: { text: string }) {
  const html = useMemo(
    () => purify.sanitize(withoutActs(marked.parse(text, { async: false, gfm: true })), ALLOWED),
    [text],
  );
  const ref = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever what is drawn is another text
  useEffect(() => {
    const blocks = [...(ref.current?.querySelectorAll<HTMLElement>("pre > code[class]") ?? [])];
    if (blocks.length === 0) return;
    let isGone = false;
    import("@/shared/value/code").then(({ coloured }) => {
      for (const block of isGone ? [] : blocks) {
        const inColours = coloured(block.textContent ?? "", block.className.slice("language-".length));
        if (inColours !== null) block.innerHTML = inColours;
      }
    });
    return () => {
      isGone = true;
    };
  }, [html]);
  // biome-ignore lint/security/noDangerouslySetInnerHtml: sanitised above
  return <div ref={ref} className="prose-text code-text" dangerouslySetInnerHTML={{ __html: html }} />;
}
