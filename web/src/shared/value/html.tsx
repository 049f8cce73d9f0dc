import DOMPurify from "dompurify";
import { useMemo, useState } from "react";
import { useWords } from "@/shared/settings";
import Code from "@/shared/value/code";
import { withoutActs } from "@/shared/value/inert";

const purify = DOMPurify();
// Whatever would ask somebody else for something is taken out: looking at a page of a run tells nobody.
purify.addHook("afterSanitizeAttributes", (node) => {
  for (const name of ["src", "poster", "background", "data"])
    if (node.hasAttribute(name) && !/^data:image\//.test(node.getAttribute(name) ?? ""))
      node.removeAttribute(name);
  if (node instanceof HTMLAnchorElement) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noreferrer noopener");
  }
});

const ALLOWED = {
  ALLOW_DATA_ATTR: false,
  USE_PROFILES: { html: true },
  FORBID_TAGS: [
    "style",
    "link",
    "meta",
    "base",
    "form",
    "iframe",
    "object",
    "embed",
    "video",
    "audio",
    "source",
  ],
  FORBID_ATTR: ["style", "srcset", "ping", "action", "formaction"],
};

/** A page that a run made: in a frame of its own without scripts, without our origin, without a way out. */
export default function Html({ text }: { text: string }) {
  const words = useWords();
  const [isSource, setSource] = useState(false);
  const page = useMemo(
    () =>
      // The frame has our policy, which knows no styles in a page; what is older than styles does as well.
      `<!doctype html><html><body bgcolor="#ffffff" text="#222222"><font face="system-ui, sans-serif">${purify.sanitize(withoutActs(text), ALLOWED)}</font></body></html>`,
    [text],
  );
  return (
    <div className="stack gap-2">
      {isSource ? (
        <Code text={text} language="xml" />
      ) : (
        <iframe
          title={words.value.page}
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          referrerPolicy="no-referrer"
          srcDoc={page}
          className="h-96 w-full resize-y rounded-md border bg-white"
        />
      )}
      <button
        type="button"
        className="w-fit text-13 text-accent underline underline-offset-2"
        onClick={() => setSource(!isSource)}
      >
        {isSource ? words.value.asPage : words.value.asSource}
      </button>
    </div>
  );
}
