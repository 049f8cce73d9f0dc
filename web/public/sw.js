// What the installed app does while nobody answers. It keeps two things: files under /assets, whose names change with
// what is in them, and the page, which is the same for everybody. Answers of the API are never kept.

const PAGE = "page";
const ASSETS = "assets-";
const ENTRY = /\/assets\/([\w.-]+\.js)"/;

self.addEventListener("install", (event) => {
  event.waitUntil(keepPage().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(asset(request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(still(request));
});

/** The page as the server has it; as it was, while nobody answers. */
async function page(event) {
  try {
    const answer = await fetch(event.request);
    if (answer.ok && answer.headers.get("content-type")?.startsWith("text/html"))
      event.waitUntil(keep(answer.clone()));
    return answer;
  } catch (error) {
    const kept = await (await caches.open(PAGE)).match("/");
    if (kept) return kept;
    throw error;
  }
}

/** A file whose name says what is in it: asked for once. */
async function asset(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  const build = await current();
  if (answer.ok && build) (await caches.open(ASSETS + build)).put(request, answer.clone());
  return answer;
}

/** A file whose name stays: the newest there is. */
async function still(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(request);
    if (kept) return kept;
    throw error;
  }
}

/** The name of the script that the kept page begins with: it stands for the whole build. */
async function current() {
  const kept = await (await caches.open(PAGE)).match("/");
  return kept ? ENTRY.exec(await kept.text())?.[1] : undefined;
}

/** Keep a page with what it begins with, and let go of what belongs to builds before it. */
async function keep(answer) {
  const text = await answer.clone().text();
  const build = ENTRY.exec(text)?.[1];
  if (!build || build === (await current())) return;
  const named = text.matchAll(/(?:src|href)="(\/(?:assets|static)\/[^"]+)"/g);
  const names = new Set(Array.from(named, (found) => found[1])); // a file that is named twice is kept once
  await (await caches.open(ASSETS + build)).addAll([...names]);
  await (await caches.open(PAGE)).put("/", answer);
  for (const name of await caches.keys())
    if (name.startsWith(ASSETS) && name !== ASSETS + build) await caches.delete(name);
  for (const client of await self.clients.matchAll()) client.postMessage({ type: "build", entry: build });
}

async function keepPage() {
  const answer = await fetch("/", { headers: { accept: "text/html" }, cache: "no-cache" });
  if (answer.ok) await keep(answer);
}

// A tab that was left open asks whether there is a newer version.
self.addEventListener("message", (event) => {
  if (event.data?.type === "look") event.waitUntil(keepPage().catch(() => {}));
});

// A push is a JSON object: {title, body, url}. Its tag is its address, so that the same thing is shown once.
self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data?.json() ?? {};
  } catch {
    return;
  }
  if (typeof said.title !== "string") return;
  const url = typeof said.url === "string" && said.url.startsWith("/") ? said.url : "/";
  event.waitUntil(
    self.registration.showNotification(said.title, {
      body: typeof said.body === "string" ? said.body : "",
      icon: "/static/icon-192.png",
      badge: "/static/icon-192.png",
      tag: url,
      data: { url },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url ?? "/", location.origin);
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then((open) => {
      const here = open.find((client) => "focus" in client);
      return here ? here.focus().then((client) => client.navigate(url.href)) : self.clients.openWindow(url.href);
    }),
  );
});
