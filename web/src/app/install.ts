// What makes these pages an app: a service worker, and going on with a newer version when there is one.

import { words } from "@/shared/settings";
import { tell } from "@/shared/ui/toast";

const LOOK_EVERY_MS = 30 * 60_000;

/** Register the service worker, and offer a newer version of the pages when it has come. */
export function install(): void {
  // A part of an older build that is no longer there.
  addEventListener("vite:preloadError", offer);
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  navigator.serviceWorker.addEventListener("message", (event) => {
    if (event.data?.type === "build" && event.data.entry !== entry()) offer();
  });
  addEventListener("load", async () => {
    const made = await navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" });
    const look = () => {
      made.update().catch(() => {});
      made.active?.postMessage({ type: "look" });
    };
    setInterval(look, LOOK_EVERY_MS);
    addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
  });
}

/** The script that this page began with: its name changes with every build. */
function entry(): string {
  return document.querySelector<HTMLScriptElement>('script[type="module"]')?.src.replace(/^.*\//, "") ?? "";
}

let isOffered = false;

function offer(): void {
  if (isOffered) return;
  isOffered = true;
  const { errors } = words();
  tell(errors.newVersion, { label: errors.reload, act: () => location.reload() });
}
