// Who is here: asking the API as them, logging in and out, and the links in mails.

const $ = (id) => document.getElementById(id);
let renewing = null; // one refresh for all who need one

async function ask(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  const data = text ? JSON.parse(text) : null;
  if (!answer.ok) throw Object.assign(new Error(data.message), data, { status: answer.status });
  return data;
}

export async function api(method, path, body) {
  try {
    return await ask(method, path, body);
  } catch (error) {
    if (error.status !== 401 || path.startsWith("/api/v1/auth/")) throw error;
    renewing ??= ask("POST", "/api/v1/auth/refresh").finally(() => { renewing = null; });
    try {
      await renewing;
    } catch {
      location.reload();
      throw error;
    }
    return await ask(method, path, body);
  }
}

const steps = {
  "set-up": {
    title: "Set up your account", act: "Set up", fields: ["email", "name", "password"],
    hint: "From then on everybody logs in here. What you have made so far stays yours.",
    send: (values) => ask("POST", "/api/v1/auth/set-up", values),
  },
  "log-in": {
    title: "Log in", act: "Log in", fields: ["email", "password"], others: ["sign-up", "forgotten"],
    send: (values) => ask("POST", "/api/v1/auth/login", values),
  },
  "sign-up": {
    title: "Make an account", act: "Sign up", fields: ["email", "name", "password"], others: ["log-in"],
    done: "Your account is made, or was there before. Log in; a mail to confirm your address is on its way.", next: "log-in",
    send: (values) => ask("POST", "/api/v1/auth/sign-up", values),
  },
  forgotten: {
    title: "Choose a new password", act: "Send a link", fields: ["email"], others: ["log-in"],
    done: "If there is such an account, a link is on its way.", next: "log-in",
    send: (values) => ask("POST", "/api/v1/auth/reset", values),
  },
  reset: {
    title: "Choose a new password", act: "Save", fields: ["password"],
    done: "Your password is changed. Log in with it.", next: "log-in",
    send: (values) => ask("POST", "/api/v1/auth/reset/use", { ...values, token: token() }),
  },
};
const labels = { email: "Address", name: "Your name", password: "Password", code: "Code from your app" };
const words = { "log-in": "Log in instead", "sign-up": "Make an account", forgotten: "Password forgotten?" };

function token() {
  return new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
}

function show(name, said) {
  const step = steps[name];
  const dialog = $("door");
  $("door-title").textContent = step.title;
  $("door-hint").textContent = said ?? step.hint ?? "";
  $("door-fields").replaceChildren(...step.fields.map(field));
  $("door-act").textContent = step.act;
  $("door-problem").hidden = true;
  $("door-others").replaceChildren(...(step.others ?? []).map((other) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = words[other];
    button.addEventListener("click", () => show(other));
    return button;
  }));
  dialog.dataset.step = name;
  if (!dialog.open) dialog.showModal();
}

function field(name) {
  const label = document.createElement("label");
  label.className = "field";
  const input = document.createElement("input");
  input.name = name;
  input.required = name !== "code";
  input.type = name === "password" ? "password" : name === "email" ? "email" : "text";
  input.autocomplete = { email: "username", password: "current-password", name: "name", code: "one-time-code" }[name];
  const text = document.createElement("span");
  text.textContent = labels[name];
  label.append(text, input);
  return label;
}

function tell(message) {
  $("door-problem").textContent = message;
  $("door-problem").hidden = false;
}

$("door").addEventListener("cancel", (event) => event.preventDefault());
$("door-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = $("door").dataset.step;
  const step = steps[name];
  const values = Object.fromEntries(new FormData(event.target));
  try {
    await step.send(values);
    if (step.next) show(step.next, step.done);
    else location.replace("/");
  } catch (error) {
    if (error.code === "auth.totp_required" && !event.target.querySelector("[name=code]")) {
      $("door-fields").append(field("code"));
      event.target.querySelector("[name=code]").focus();
    }
    tell(error.message);
  }
});

$("log-out").addEventListener("click", async () => {
  await api("POST", "/api/v1/auth/logout");
  location.replace("/");
});
$("set-up").addEventListener("click", () => show("set-up"));

// Resolves with the account once somebody is in.
export async function enter() {
  const state = await ask("GET", "/api/v1/auth");
  const path = location.pathname;
  if (path === "/auth/reset") { show("reset"); return new Promise(() => {}); }
  if (path === "/auth/verify") await followed("/api/v1/auth/verify", "Your address is confirmed.");
  if (path === "/auth/log-in") await followed("/api/v1/auth/link/use");
  try {
    const account = await api("GET", "/api/v1/account").catch(async (error) => {
      if (error.status !== 401) throw error;
      await ask("POST", "/api/v1/auth/refresh");
      return ask("GET", "/api/v1/account");
    });
    $("who").textContent = account.name;
    $("log-out").hidden = !state.is_set_up;
    $("set-up").hidden = state.is_set_up;
    return account;
  } catch {
    delete steps["log-in"].others;
    steps["log-in"].others = state.sign_up === "open" ? ["sign-up", "forgotten"] : ["forgotten"];
    show(state.is_set_up ? "log-in" : "set-up");
    return new Promise(() => {});
  }
}

async function followed(path, said) {
  try {
    await ask("POST", path, { token: token() });
    if (said) { show("log-in", said); history.replaceState(null, "", "/"); }
    else location.replace("/");
  } catch (error) {
    show("log-in", error.message);
  }
  return new Promise(() => {});
}
