/* ---- The drawer: what reached the model, and the faults ---- */

import { counted } from "./column.js";
import { $, el } from "./dom.js";
import { replaceIfChanged } from "./drawing.js";
import { timeOf } from "./names.js";
import { platform, state } from "./state.js";
import { isInSight } from "./unread.js";
import { answerOf, attempt, call } from "./wire.js";

export function toggleDrawer(open = $("drawer").hidden) {
  $("drawer").hidden = !open;
  $("desk").classList.toggle("with-drawer", open);
  $("behind").setAttribute("aria-expanded", String(open));
  $("rail").classList.remove("open");
  if (open) refreshRequests();
  if (open) $("tab-model").focus();
  else if (isInSight("behind") && getComputedStyle($("behind")).visibility === "visible") $("behind").focus();
  else document.querySelector("#channel .menu")?.focus();
}

export function chooseTab(name) {
  for (const one of ["model", "faults"]) {
    $(`tab-${one}`).setAttribute("aria-selected", String(one === name));
    $(`tab-${one}`).tabIndex = one === name ? 0 : -1;
    $(`panel-${one}`).hidden = one !== name;
  }
}

export function onTabKey(event) {
  if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const other = $("panel-model").hidden ? "model" : "faults";
  chooseTab(other);
  $(`tab-${other}`).focus();
}

export async function refreshRequests() {
  if ($("drawer").hidden) return;
  const answer = await fetch("/api/requests").then(answerOf).catch(() => null);
  if (answer) drawRequests(answer.requests, answer.checks);
}

function drawRequests(requests, checks) {
  const panel = $("panel-model");
  const numbers = new Set(requests.map((one) => one.number));
  const alone = checks.filter((one) => !numbers.has(one.beside)).map((one) => [one.at, () => checkNode(one)]);
  const asked = requests.map((one, index) => [one.at, () => requestNode(one, index === 0, checks.filter((check) => check.beside === one.number))]);
  const all = [...asked, ...alone].sort((a, b) => b[0] - a[0]);
  replaceIfChanged(panel, JSON.stringify([requests, checks]), () => [
    el("p", {}, requests.length ? "The newest first. This is the whole of what the bot sent." : nothingReached()),
    ...all.map(([, node]) => node()),
  ]);
}

function nothingReached() {
  if (!state.model.stand_in) return `The bot talks to ${state.model.host} directly, so its requests do not pass through here.`;
  return "Nothing yet. Ask the bot something, and you see here exactly what it sends to its model.";
}

/* An answer folds as one: the request first, then what was checked while it was answered, the oldest first. */
function requestNode(request, isNewest, checks) {
  return el("details", { of: "request", open: isUnfolded(request.number, isNewest), "data-number": String(request.number) },
    el("summary", { onclick: (event) => unfold(request.number, event) }, el("b", {}, `#${request.number}`), el("span", {}, request.model || request.path), el("time", {}, timeOf(request.at)), el("span", { of: "facts" }, ...factsOf(request).map((fact) => el("span", {}, fact)))),
    ...request.messages.map(promptNode), ...checks.toSorted((a, b) => a.at - b.at).map(checkNode));
}

/* What somebody folded or unfolded stays so; else the newest is open. */
const isUnfolded = (key, isUsual) => state.unfolded.get(key) ?? isUsual;
const unfold = (key, event) => state.unfolded.set(key, !event.currentTarget.parentElement.open);

function checkNode(check) {
  const key = `c${check.number}`;
  const facts = [];
  if (check.took_ms !== null) facts.push(`took ${Math.round(check.took_ms)} ms`);
  if (check.beside) facts.push(`beside #${check.beside}`);
  if (check.first_token_ms !== null) facts.push(`whose first token came after ${Math.round(check.first_token_ms)} ms`);
  return el("details", { of: `request check${check.refused ? " refused" : ""}`, open: isUnfolded(key, false), "data-number": key },
    el("summary", { onclick: (event) => unfold(key, event) }, el("b", {}, "Check"), el("span", {}, check.verdict), el("time", {}, timeOf(check.at)), el("span", { of: "facts" }, ...facts.map((fact) => el("span", {}, fact)))),
    ...check.texts.map((text) => promptNode({ role: "checked", name: "", content: text })));
}

function factsOf(request) {
  const facts = [counted(request.messages.length, "message", "messages")];
  facts.push(`${request.tokens} tokens`);
  if (request.first_token_ms !== null) facts.push(`first token after ${Math.round(request.first_token_ms)} ms`);
  if (request.outcome) facts.push(request.outcome);
  return [...facts, ...request.parameters];
}

function promptNode(message) {
  return el("div", { of: "prompt" }, el("header", {}, el("span", { of: `role ${message.role}` }, message.role), message.name ? el("span", {}, message.name) : null), el("pre", {}, message.content));
}

export function drawFaults() {
  const on = state.faults.filter((fault) => fault.value && fault.value !== fault.choices[0]).length;
  const here = state.faults.filter((fault) => ["", state.place.platform].includes(fault.platform));
  $("lamp").hidden = !on;
  replaceIfChanged($("lamp"), String(on), () => [counted(on, "fault", "faults")]);
  replaceIfChanged($("panel-faults"), JSON.stringify(here), () => [el("p", {}, `What goes wrong on ${platform().name} in real life, on request. Switch one on, then ask the bot something.`), ...faultNodes(here)]);
}

function faultNodes(faults) {
  const groups = [...new Set(faults.map((fault) => fault.group))];
  return groups.flatMap((group) => [el("h3", {}, group), ...faults.filter((fault) => fault.group === group).map(faultNode)]);
}

function faultNode(fault) {
  const set = (value) => attempt(() => call("faults", { platform: fault.platform, name: fault.name, value }));
  const id = `fault-${fault.platform}-${fault.name}`;
  return el("div", { of: "fault" }, el("label", { for: id }, fault.label), el("small", {}, fault.note), el("span", { of: "control" }, FAULT_CONTROLS[fault.kind](fault, id, set)));
}

const FAULT_CONTROLS = {
  switch: (fault, id, set) => el("input", { of: "switch", type: "checkbox", role: "switch", id, checked: Boolean(fault.value), onchange: (event) => set(event.target.checked) }),
  button: (fault, id, set) => el("button", { of: "button", type: "button", id, onclick: () => set(true) }, "Do it"),
  choice: (fault, id, set) => el("select", { id, onchange: (event) => set(event.target.value) }, ...fault.choices.map((one) => el("option", { value: one, selected: one === fault.value }, one))),
};
