import DOMPurify from "dompurify";
import { marked } from "marked";
import { useMemo } from "react";

// Pictures of other sites are links: nobody else is asked for anything by looking at a page of ours.
DOMPurify.addHook("afterSanitizeAttributes", (node) => {
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
  USE_PROFILES: { html: true },
  FORBID_TAGS: [
    "style",
    "form",
    "input",
    "button",
    "textarea",
    "select",
    "iframe",
    "video",
    "audio",
    "source",
  ],
  FORBID_ATTR: ["style", "class", "id", "srcset"],
};

/** Markdown as a run made it: nobody knows who wrote it, so nothing of it acts. */
export default function Markdown({ text }: { text: string }) {
  const html = useMemo(
    () => DOMPurify.sanitize(marked.parse(text, { async: false, gfm: true }), ALLOWED),
    [text],
  );
  // biome-ignore lint/security/noDangerouslySetInnerHtml: sanitised on the line above
  return <div className="prose-text" dangerouslySetInnerHTML={{ __html: html }} />;
}
