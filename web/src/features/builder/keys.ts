import { useEffect, useRef } from "react";
import { isTyping } from "@/app/shell";
import { act } from "@/features/builder/store";

export function useKeys(acts: Record<string, () => unknown>): void {
  const latest = useRef(acts);
  latest.current = acts;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isControl = event.ctrlKey || event.metaKey;
      const isGlobal = isControl && ["s", "Enter"].includes(event.key);
      if ((isTyping(event) && !isGlobal) || document.querySelector("dialog[open]")) return;
      const key = `${isControl ? "ctrl+" : ""}${isControl && event.shiftKey ? "shift+" : ""}${event.key.toLowerCase()}`;
      const found = latest.current[key];
      if (!found || event.altKey) return;
      event.preventDefault();
      found();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

/** Nodes go over the system's clipboard as JSON: to other agents, tabs and people. */
export function useClipboard(copied: () => { nodes: unknown[] }, paste: (text: string) => void): void {
  const latest = useRef({ copied, paste });
  latest.current = { copied, paste };
  useEffect(() => {
    const isText = (event: Event) => {
      const target = event.target as HTMLElement;
      return (
        /^(INPUT|TEXTAREA)$/.test(target.tagName) ||
        String(getSelection()) !== "" ||
        document.querySelector("dialog[open]") !== null
      );
    };
    const onCopy = (event: ClipboardEvent) => {
      const part = latest.current.copied();
      if (isText(event) || part.nodes.length === 0) return;
      event.preventDefault();
      event.clipboardData?.setData("text/plain", JSON.stringify(part, null, 2));
      if (event.type === "cut")
        act({
          kind: "remove",
          nodes: (part.nodes as Array<{ id: string }>).map((node) => node.id),
          links: [],
        });
    };
    const onPaste = (event: ClipboardEvent) => {
      if (isText(event)) return;
      latest.current.paste(event.clipboardData?.getData("text/plain") ?? "");
    };
    document.addEventListener("copy", onCopy);
    document.addEventListener("cut", onCopy);
    document.addEventListener("paste", onPaste);
    return () => {
      document.removeEventListener("copy", onCopy);
      document.removeEventListener("cut", onCopy);
      document.removeEventListener("paste", onPaste);
    };
  }, []);
}
