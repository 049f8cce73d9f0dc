// Who is here: asking the API as them, logging in and out, and the links in mails.

const $ = (id) => document.getElementById(id);
let renewing = null; // one refresh for all who need one
let providers = []; // by whom one can log in, too

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
  code: {
    title: "One more step", act: "Log in", fields: ["code"], others: ["log-in"],
    hint: "Your account asks for a code from your app, too.",
    send: (values) => ask("POST", "/api/v1/auth/providers/finish", { ...values, token: token() }),
  },
  reset: {
    title: "Choose a new password", act: "Save", fields: ["password"],
    done: "Your password is changed. Log in with it.", next: "log-in",
    send: (values) => ask("POST", "/api/v1/auth/reset/use", { ...values, token: token() }),
  },
};
const problems = {
  "auth.sign_in_failed": "The log-in was not begun in this browser, took too long, or was not proven. Begin again.",
  "auth.sign_in_cancelled": "The provider did not let you in, or you did not want to. Begin again, or log in in another way.",
  "auth.sign_in_unconfirmed": "Your address is not confirmed on both sides. Confirm it at the provider; or log in by password or mailed link, and link the provider then.",
  "auth.sign_up_closed": "This account at the provider is linked to no account here, and nobody can sign up by themselves. Log in in another way and link it, or ask whoever runs this installation.",
  "auth.suspended": "This account is suspended. Ask whoever runs this installation.",
  "auth.provider_not_found": "Nobody logs in here by this provider.",
  "identity.taken": "This account at the provider is linked to another account here. Unlink it there first.",
  unavailable: "The provider does not answer just now. Try again in a while.",
};
const labels = { email: "Address", name: "Your name", password: "Password", code: "Code from your app" };
const words = { "log-in": "Log in instead", "sign-up": "Make an account", forgotten: "Password forgotten?" };

function behind(name) {
  return new URLSearchParams(location.hash.slice(1)).get(name) ?? "";
}

function token() {
  return behind("token");
}

// Where somebody goes on to who has logged in: the consent page waits for them, other pages are steps on the way.
function here() {
  if (location.pathname === "/oauth/authorize") return location.pathname + location.search;
  const back = location.pathname === "/auth/code" ? new URL(behind("back") || "/", location.origin) : null;
  return back?.origin === location.origin ? back.pathname + back.search : "/";
}

function goOn() {
  const to = here();
  if (to === location.pathname + location.search) location.reload();
  else location.replace(to);
}

function providerButtons(providers) {
  return providers.map(({ name, title }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `Log in by ${title}`;
    button.addEventListener("click", async () => {
      try {
        const { url } = await ask("POST", `/api/v1/auth/providers/${name}/start`, { back: here() });
        location.assign(url);
      } catch (error) {
        tell(error.message);
      }
    });
    return button;
  });
}

function show(name, said) {
  const step = steps[name];
  const dialog = $("door");
  $("door-title").textContent = step.title;
  $("door-hint").textContent = said ?? step.hint ?? "";
  $("door-fields").replaceChildren(...step.fields.map(field));
  $("door-act").textContent = step.act;
  $("door-problem").hidden = true;
  $("door-providers").replaceChildren(...(name === "log-in" || name === "sign-up" ? providerButtons(providers) : []));
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
    else goOn();
  } catch (error) {
    if (error.code === "auth.totp_required" && !event.target.querySelector("[name=code]")) {
      $("door-fields").append(field("code"));
      event.target.querySelector("[name=code]").focus();
    }
    tell(error.message);
  }
});

$("log-out")?.addEventListener("click", async () => {
  await api("POST", "/api/v1/auth/logout");
  location.replace("/");
});
$("set-up")?.addEventListener("click", () => show("set-up"));

// Resolves with the account once somebody is in.
export async function enter() {
  const state = await ask("GET", "/api/v1/auth");
  providers = state.providers;
  const path = location.pathname;
  if (path === "/auth/code") { show("code"); return new Promise(() => {}); }
  if (path === "/auth/log-in" && behind("problem")) {
    show("log-in", problems[behind("problem")] ?? "The log-in did not work. Begin again.");
    history.replaceState(null, "", "/");
    return new Promise(() => {});
  }
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
    if ($("log-out")) $("log-out").hidden = !state.is_set_up;
    if ($("set-up")) $("set-up").hidden = state.is_set_up;
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
