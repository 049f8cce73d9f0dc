// Providers send people back here; what they carry goes to the API, and out of the address.

import { api } from "./door.js";

const query = new URLSearchParams(location.search);
const told = document.getElementById("told");
history.replaceState(null, "", "/connect");

async function finish() {
  const body = { state: query.get("state") ?? "" };
  for (const name of ["code", "error", "error_description"]) {
    if (query.has(name)) body[name] = query.get(name);
  }
  const done = await api("POST", "/api/v1/connections/finish", body);
  const lacks = done.missing_scopes.length ? ` Not granted: ${done.missing_scopes.join(", ")}.` : "";
  told.textContent = `${done.credential.title} is connected.${lacks} You can close this window.`;
  return { ok: true, credential: done.credential };
}

const news = new BroadcastChannel("autograph-connections");
finish().catch((error) => {
  told.textContent = error.message;
  return { ok: false, message: error.message };
}).then((result) => news.postMessage({ state: query.get("state"), ...result }));
