// The small page: agents, runs, and one run live. It keeps nothing: the API is asked, the socket tells.

import { api, enter } from "./door.js";

const $ = (id) => document.getElementById(id);
const agents = new Map();
const runs = new Map();
let socket = null;
let shown = null; // {id, seq}

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function say(id, message) {
  $(id).textContent = message ?? "";
  $(id).hidden = !message;
}

function explain(error) {
  const errors = error.details?.errors ?? {};
  const lines = Object.entries(errors).map(([where, what]) =>
    typeof what === "string" ? `${where}: ${what}` : Object.entries(what).map(([pin, text]) => `${where || "graph"} ${pin}: ${text}`).join("; "));
  return [error.message, ...lines].join("\n");
}

function drawAgents() {
  const rows = [...agents.values()].map((agent) => {
    const row = element("li");
    const run = element("button", "Run", "do");
    run.addEventListener("click", () => openStart(agent.id));
    row.append(element("span", agent.name, "name"), run);
    return row;
  });
  $("agents").replaceChildren(...rows);
  $("no-agents").hidden = rows.length > 0;
}

function drawRuns() {
  const newest = [...runs.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, 50);
  const rows = newest.map((run) => {
    const row = element("li");
    const open = element("button", agents.get(run.graph_id)?.name ?? run.graph_id, "plain name");
    open.addEventListener("click", () => showRun(run.id));
    const when = element("span", new Date(run.queued_at).toLocaleTimeString(), "quiet");
    row.append(open, when, element("span", run.status, `state ${run.status}`));
    return row;
  });
  $("runs").replaceChildren(...rows);
  $("no-runs").hidden = rows.length > 0;
}

async function load() {
  const [saved, ran] = await Promise.all([api("GET", "/api/v1/graphs?limit=200"), api("GET", "/api/v1/runs")]);
  agents.clear();
  for (const agent of saved.graphs) agents.set(agent.id, agent);
  for (const run of ran.runs) runs.set(run.id, run);
  drawAgents();
  drawRuns();
}

// starting a run

async function openStart(id) {
  const agent = await api("GET", `/api/v1/graphs/${id}`);
  $("start-title").textContent = `Run ${agent.name}`;
  $("fields").replaceChildren(...Object.entries(agent.input_schema.properties).map(([name, pin]) => field(name, pin)));
  say("start-problem", null);
  $("start").dataset.agent = id;
  $("start").showModal();
}

function field(name, pin) {
  const label = element("label", undefined, "field");
  label.append(element("span", pin.description ? `${pin.title ?? name}: ${pin.description}` : pin.title ?? name));
  let input;
  if (pin.enum) {
    input = element("select");
    input.append(...pin.enum.map((one) => element("option", String(one))));
  } else {
    input = element("input");
  }
  input.name = name;
  if (pin.default !== undefined) input.value = typeof pin.default === "string" ? pin.default : JSON.stringify(pin.default);
  input.dataset.type = pin.type ?? (pin.anyOf ? "several" : "any");
  label.append(input);
  return label;
}

function valueOf(input) {
  if (input.dataset.type !== "any") return input.value;
  try { return JSON.parse(input.value); } catch { return input.value; }
}

$("start-cancel").addEventListener("click", () => $("start").close());
$("start-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const inputs = {};
  for (const input of $("fields").querySelectorAll("[name]")) if (input.value !== "") inputs[input.name] = valueOf(input);
  try {
    const run = await api("POST", `/api/v1/graphs/${$("start").dataset.agent}/execute`, { inputs });
    $("start").close();
    runs.set(run.id, run);
    drawRuns();
    showRun(run.id);
  } catch (error) {
    say("start-problem", explain(error));
  }
});

$("file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  try {
    say("problem", null);
    await api("POST", "/api/v1/graphs", await file.text());
    await load();
  } catch (error) {
    say("problem", explain(error));
  }
});

// one run, live

function showRun(id) {
  if (shown) send({ type: "unsubscribe", run: shown.id });
  shown = { id, seq: 0 };
  $("run").hidden = false;
  $("events").replaceChildren();
  $("outputs").replaceChildren();
  drawState({ status: runs.get(id)?.status ?? "running" });
  send({ type: "subscribe", run: id, since: 0 });
}

function drawState(run) {
  const name = agents.get(runs.get(shown.id)?.graph_id)?.name ?? "Run";
  $("run-title").textContent = name;
  const state = element("span", run.status, `state ${run.status}`);
  $("run-state").replaceChildren(state, element("span", run.error ? ` · ${run.error.message}` : ""));
}

function drawEvent(event) {
  shown.seq = event.seq;
  const body = event.body;
  const told = body.message ?? (body.outputs ?? []).map(([pin, value]) => `${pin} = ${JSON.stringify(value)}`).join(", ");
  const row = element("li");
  row.append(
    element("span", String(event.seq), "quiet"), element("span", event.kind.replace(".", " ")),
    element("span", body.node ?? "", "quiet"), element("span", told ?? ""));
  $("events").append(row);
  $("events").scrollTop = $("events").scrollHeight;
}

async function finish(id) {
  const run = await api("GET", `/api/v1/runs/${id}`);
  runs.set(id, run);
  drawRuns();
  if (shown?.id !== id) return;
  drawState(run);
  $("outputs").replaceChildren(...Object.entries(run.outputs).flatMap(([name, values]) =>
    values.flatMap((value) => [element("dt", name), element("dd", typeof value === "string" ? value : JSON.stringify(value, null, 2))])));
}

// the socket

function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  socket.addEventListener("open", () => {
    $("connection").textContent = "live";
    send({ type: "subscribe", graph: "*" });
    if (shown) send({ type: "subscribe", run: shown.id, since: shown.seq });
    load();
  });
  socket.addEventListener("close", () => {
    $("connection").textContent = "connection lost, trying again";
    setTimeout(connect, 1000);
  });
  socket.addEventListener("message", ({ data }) => hear(JSON.parse(data)));
}

function hear(message) {
  if (message.type === "ping") send({ type: "pong" });
  else if (message.type === "run") { runs.set(message.run.id, message.run); drawRuns(); }
  else if (message.type === "event" && message.run === shown?.id && message.seq > shown.seq) drawEvent(message);
  else if (message.type === "end") finish(message.run);
  else if (message.type === "gap") message.run ? send({ type: "subscribe", run: message.run, since: message.since }) : load();
}

await enter();
connect();
