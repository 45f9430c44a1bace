/* ---- Drawing. Everything is drawn again from `state`, once a frame; rows that did not change are left alone. ---- */

import { columns } from "./columns.js";
import { $, el, icon } from "./dom.js";
import { drawFaults } from "./drawer.js";
import { avatar, channelName, isDirect } from "./names.js";
import { become, goTo, lastPlace, visibleChannels } from "./place.js";
import { channelOf, me, person, platform, state } from "./state.js";
import { attempt, call } from "./wire.js";
import { drawOwnLinks } from "./own.js";
import { drawModal } from "./views.js";
import { listedThreads, unreadIn, unreadInThread, unreadOn } from "./unread.js";

let frame = 0;

export function render() {
  frame ||= requestAnimationFrame(() => { frame = 0; draw(); });
}

function draw() {
  if (!channelOf()) return;
  document.body.dataset.platform = state.place.platform;
  drawBanner();
  drawOwnLinks();
  drawRail();
  drawWho();
  drawDesk();
  columns.channel.draw({ ...state.place, thread: null });
  if (state.place.thread) columns.thread.draw(state.place);
  drawFaults();
  drawModal();
}

function drawBanner() {
  const found = [" The answers come from ", el("b", {}, state.model.name), `, which was found on this machine: ${state.model.where}.`];
  const set = [" The answers come from the ", el("b", {}, `real model at ${state.model.host}`), "."];
  const real = el("span", {}, "A ", el("b", {}, "pretend Slack and Discord"), here(), ".", ...(state.model.is_found ? found : set));
  const pretend = el("span", {}, "A ", el("b", {}, "pretend Slack and Discord"), here(), ". The answers come from a ", el("b", {}, "stand-in"), ", not a language model.", state.hears ? "" : " It does not understand recordings: its recogniser cannot be installed for this Python.", ...smallModel());
  replaceIfChanged($("banner"), JSON.stringify([state.model, state.hears, state.smallModel]), () => [state.model.stand_in ? pretend : real]);
}

/* What a narrow window leaves out. */
const here = () => el("span", { of: "roomy" }, " on your own machine");

/* What the page offers in place of the stand-in, in one click, and how that goes. */
function smallModel() {
  const { state: stands, told } = state.smallModel;
  if (!stands || stands === "here") return [];
  const want = () => attempt(() => call("small-model/want", {}));
  const button = el("button", { of: "link-button", type: "button", onclick: want }, stands === "failed" ? "Try again" : "Use it");
  return [" ", el("span", { "aria-live": "polite" }, told), " ", ...(stands === "wanted" ? [] : [button])];
}

export function replaceIfChanged(node, signature, make) {
  if (node.dataset.signature === signature) return;
  node.dataset.signature = signature;
  node.replaceChildren(...make());
}

function drawDesk() {
  $("desk").classList.toggle("with-thread", Boolean(state.place.thread));
  $("thread").hidden = !state.place.thread;
  const unread = [...state.platforms.keys()].reduce((sum, name) => sum + unreadOn(name), 0);
  document.title = `${unread ? `(${unread}) ` : ""}${isDirect(channelOf()) ? "" : "#"}${channelName(channelOf())} · Confab sandbox`;
}

function drawRail() {
  const known = platform();
  const shape = [...state.platforms.values()].map((one) => [one.online, [...one.channels.keys()], [...one.threads.values()], one.posts.size]);
  const signature = JSON.stringify([state.place, state.me, [...state.unread], shape, state.clock]);
  replaceIfChanged($("switches"), signature, () => [...state.platforms.values()].map(switchNode));
  replaceIfChanged($("rail-head"), JSON.stringify([known.platform, known.online]), () => [
    el("strong", {}, known.place),
    el("span", { of: known.online ? "" : "away" }, el("i", { "aria-hidden": "true" }), `${known.name}, ${known.online ? "bot online" : "bot offline"}`),
  ]);
  replaceIfChanged($("places"), signature, () => railOf(known));
}

function switchNode(known) {
  const current = known.platform === state.place.platform;
  const unread = current ? 0 : unreadOn(known.platform);
  const label = [known.name, known.online ? "" : "bot offline", unread ? `${unread} unread` : ""].filter(Boolean).join(", ");
  return el("button", { of: unread ? "switch-to unread" : "switch-to", type: "button", "aria-current": current ? "true" : null, "aria-label": label, title: known.place, onclick: () => { if (!current) goTo(lastPlace(known.platform)); } },
    el("span", { of: "tile" }, icon(known.platform), unread ? el("span", { of: "count", "aria-hidden": "true" }, String(unread)) : null), el("span", { "aria-hidden": "true" }, known.name));
}

function railOf(known) {
  const open = visibleChannels(known.platform);
  const groups = [["Channels", open.filter((one) => !isDirect(one))], ["Direct messages", open.filter(isDirect)]];
  return groups.filter(([, list]) => list.length).flatMap(([title, list]) => [
    el("h2", { of: "group-name" }, title),
    el("ul", { "aria-label": `${known.name}: ${title}` }, ...list.map((one) => el("li", {}, placeButton(one, known.platform), threadsOf(one, known.platform)))),
  ]);
}

function threadsOf(one, name) {
  const listed = listedThreads(name, one.id);
  return listed.length ? el("ul", { of: "threads", "aria-label": `Threads in ${one.name}` }, ...listed.map((thread) => el("li", {}, threadButton(thread, name)))) : null;
}

function threadButton(one, name) {
  const unread = unreadInThread(name, one);
  const current = state.place.platform === name && state.place.thread === one.id;
  return railButton({ name: one.name, unread, current, go: { platform: name, channel: one.channel, thread: one.id } });
}

/* On a phone the rail goes once a place is chosen; whoever changes the platform goes on choosing. */
function railButton({ name, unread, current, go, sign }) {
  const choose = () => { $("rail").classList.remove("open"); goTo(go); };
  return el("button", { of: unread ? "place unread" : "place", type: "button", "aria-current": current ? "true" : null, "aria-label": `${name}${unread ? `, ${unread} unread` : ""}`, onclick: choose },
    sign, el("span", { of: "label" }, name), unread ? el("span", { of: "count", "aria-hidden": "true" }, String(unread)) : null);
}

function placeButton(one, name) {
  const current = state.place.platform === name && state.place.channel === one.id && !(state.place.thread && platform(name).threads.has(state.place.thread));
  const other = one.members.find((id) => id !== me(name));
  const sign = one.kind === "im" ? avatar(other, "small", name) : el("span", { of: "sign", "aria-hidden": "true" }, signOf(one));
  return railButton({ name: channelName(one, name), unread: unreadIn(name, one.id), current, go: { platform: name, channel: one.id, thread: null }, sign });
}

function signOf(one) {
  if (one.kind === "mpim") return String(one.members.length - 1);
  return one.kind === "group" ? icon("lock") : "#";
}

function drawWho() {
  replaceIfChanged($("who"), JSON.stringify([state.place.platform, me()]), () => {
    const people = [...platform().people.values()].filter((one) => !one.is_bot);
    const choice = el("select", { id: "me", "aria-label": "Who you are", onchange: (event) => become(event.target.value) },
      ...people.map((one) => el("option", { value: one.id, selected: one.id === me() }, one.real_name)));
    return [avatar(me()), el("span", { of: "text" }, el("strong", {}, person(me()).real_name), el("small", {}, "Be someone else")), icon("switch"), choice];
  });
}
