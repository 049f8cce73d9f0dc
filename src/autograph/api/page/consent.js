// What an app asks for, and the person's answer. The app's words are shown as text and never as markup.

import { api, enter } from "./door.js";

const $ = (id) => document.getElementById(id);
const names = ["client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method"];
const query = new URLSearchParams(location.search);
const request = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""]));

function refuse(error) {
  $("consent-problem").textContent = error.message;
  $("consent-problem").hidden = false;
  // Nobody is sent anywhere by a link alone: who wants to go back presses the button.
  const back = error.details?.redirect_to;
  $("consent-return").hidden = !back;
  $("consent-return").addEventListener("click", () => location.assign(back));
}

async function answer(allow) {
  $("consent-allow").disabled = $("consent-deny").disabled = true;
  try {
    const { redirect_to: to } = await api("POST", "/api/v1/oauth/consent", { ...request, allow });
    location.assign(to);
  } catch (error) {
    refuse(error);
  }
}

function scopeLine({ words, was_given: wasGiven }) {
  const line = document.createElement("li");
  line.textContent = wasGiven ? `${words} (allowed before)` : words;
  return line;
}

await enter();
try {
  if (names.some((name) => query.getAll(name).length > 1)) throw new Error("The app asks for something twice. Nothing was given to it.");
  const asked = await api("POST", "/api/v1/oauth/authorize", request);
  $("consent-title").textContent = `${asked.app} wants to act for you`;
  $("consent-about").textContent = [asked.description, asked.website].filter(Boolean).join(" · ");
  $("consent-scopes").replaceChildren(...asked.scopes.map(scopeLine));
  $("consent-host").textContent = asked.returns_to;
  for (const id of ["consent-asked", "consent-allow", "consent-deny"]) $(id).hidden = false;
  $("consent-title").focus();
} catch (error) {
  refuse(error);
}
$("consent-allow").addEventListener("click", () => answer(true));
$("consent-deny").addEventListener("click", () => answer(false));
