/* ---- The composer ---- */

import { columns } from "./columns.js";
import { commandOf, spotOf } from "./commands.js";
import { closeSuggestions, insert, onSuggestionKey, suggest } from "./completion.js";
import { el, icon, iconButton } from "./dom.js";
import { beginEdit } from "./editing.js";
import { drawEnclosed, enclose, micButton, recordingNode } from "./enclosures.js";
import { form } from "./forms.js";
import { channelName, isDirect } from "./names.js";
import { channelOf, me, person, placeKey, platform, postsOf, rootOf, shownInChannel, state } from "./state.js";
import { encode } from "./typed.js";
import { attempt, call, upload } from "./wire.js";

export function makeComposer(kind) {
  const composer = { kind, place: null, enclosed: [], recorder: null, picking: null, replying: null };
  composer.area = el("textarea", { rows: "1", "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": `suggest-${kind}`, id: kind === "channel" ? "write" : "write-reply" });
  composer.list = el("ul", { of: "suggestions", role: "listbox", id: `suggest-${kind}`, "aria-label": "Suggestions", hidden: true });
  composer.chips = el("div", { of: "enclosed" });
  composer.bar = el("div", { of: "replying", hidden: true });
  composer.left = el("span", { of: "left", role: "status" });
  composer.hint = el("span", { of: "hint" });
  composer.picker = el("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files to attach", onchange: () => { enclose(composer, composer.picker.files); composer.picker.value = ""; } });
  composer.sendButton = el("button", { of: "send", type: "button", "aria-label": "Send", title: "Send", disabled: true, onclick: () => send(composer) }, icon("send"));
  composer.tools = el("div", { of: "tools" });
  composer.node = el("div", { of: "composer" }, composer.list, composer.bar, composer.chips, composer.area, composer.tools, composer.picker);
  drawTools(composer);
  listenToComposer(composer);
  composer.focus = () => composer.area.focus({ preventScroll: true });
  composer.fill = (text) => { composer.area.value = text; composer.focus(); wrote(composer); };
  composer.draw = (place) => moveComposer(composer, place);
  return composer;
}

export function drawTools(composer) {
  const broadcast = composer.place && form(composer.place.platform).broadcasts && composer.kind === "thread" ? broadcastBox(composer) : null;
  const sound = composer.recorder ? recordingNode(composer) : micButton(composer);
  composer.tools.replaceChildren(
    iconButton("clip", "Attach files", () => composer.picker.click()), sound,
    iconButton("at", "Mention somebody", () => insert(composer, "@")), broadcast ?? "",
    composer.hint, composer.left, composer.sendButton);
}

/* What helps at this moment: how a command goes on, or how a message is sent; and how much room is left. */
function drawHint(composer) {
  const { place, area } = composer;
  const { most } = platform(place.platform);
  const used = commandOf(place, area.value.trim());
  const option = used?.command.option;
  const usual = composer.kind === "thread" ? "" : "Enter sends, Shift+Enter makes a new line";
  composer.hint.textContent = used ? (option ? `${option.name}: ${option.about}` : used.command.about) : usual;
  const left = most ? most - [...encode(area.value.trim(), place.platform)].length : Infinity;
  composer.left.textContent = left < 200 ? String(left) : "";
  composer.left.classList.toggle("over", left < 0);
  composer.sendButton.disabled = left < 0 || (!area.value.trim() && !composer.enclosed.length);
}

/* ---- Replies: the message that one answers stands over the box until it is sent ---- */

export function replyTo(composer, post) {
  composer.replying = post;
  drawReplying(composer);
  composer.focus();
}

function drawReplying(composer) {
  const { replying, bar } = composer;
  bar.hidden = !replying;
  const stop = () => { composer.replying = null; drawReplying(composer); composer.focus(); };
  bar.replaceChildren(...(replying ? ["Replying to ", el("b", {}, person(replying.user).real_name), iconButton("close", "Do not reply to it", stop)] : []));
}

function broadcastBox(composer) {
  composer.broadcast ??= el("input", { type: "checkbox" });
  return el("label", { of: "broadcast" }, composer.broadcast, "also to the channel");
}

function listenToComposer(composer) {
  composer.area.addEventListener("input", () => wrote(composer));
  composer.area.addEventListener("click", () => suggest(composer));
  composer.area.addEventListener("blur", () => closeSuggestions(composer));
  composer.area.addEventListener("keydown", (event) => onComposerKey(composer, event));
  composer.area.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    enclose(composer, event.clipboardData.files);
  });
}

function moveComposer(composer, place) {
  if (composer.place && placeKey(composer.place) === placeKey(place)) return;
  const moved = composer.place?.platform !== place.platform;
  composer.place = place;
  composer.replying = null;
  drawReplying(composer);
  if (moved) drawTools(composer);
  composer.area.value = state.drafts.get(placeKey(place)) ?? "";
  composer.enclosed = [];
  drawEnclosed(composer);
  const one = channelOf(place);
  const where = `${isDirect(one) ? "" : "#"}${channelName(one)}`;
  composer.area.placeholder = place.thread ? "Reply…" : `Message ${where}`;
  composer.area.setAttribute("aria-label", place.thread ? `Reply in this thread in ${where}` : `Message ${where}`);
  wrote(composer);
  closeSuggestions(composer);
}

export function wrote(composer) {
  state.drafts.set(placeKey(composer.place), composer.area.value);
  drawHint(composer);
  growArea(composer.area);
  suggest(composer);
}

function growArea(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

function onComposerKey(composer, event) {
  if (event.isComposing) return;
  if (composer.picking && onSuggestionKey(composer, event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send(composer);
  }
  if (event.key === "Escape" && composer.replying) {
    event.stopPropagation();
    composer.replying = null;
    drawReplying(composer);
  }
  if (event.key === "ArrowUp" && !composer.area.value) editLastOwn(composer, event);
}

function editLastOwn(composer, event) {
  const { place } = composer;
  const own = postsOf(place).filter((post) => post.user === me() && !post.deleted && post.text && (place.thread ? rootOf(post) === place.thread : shownInChannel(post)));
  if (!own.length) return;
  event.preventDefault();
  beginEdit(own.at(-1).id);
}

async function send(composer) {
  const { place, enclosed, area, replying } = composer;
  const text = area.value.trim();
  if (composer.sendButton.disabled) return;
  const work = workOf(composer, text);
  area.value = "";
  composer.enclosed = [];
  composer.replying = null;
  drawReplying(composer);
  drawEnclosed(composer);
  wrote(composer);
  (place.thread ? columns.thread : columns.channel).toEnd();
  const sent = await attempt(work);
  if (composer.broadcast) composer.broadcast.checked = false;
  if (!sent) giveBack(composer, text, enclosed, replying);
}

/* Return what sending does: the use of a command, or one or more messages. */
function workOf(composer, text) {
  const { place, enclosed, replying } = composer;
  const used = enclosed.length ? null : commandOf(place, text);
  if (used) return () => call("use", { ...spotOf(place), name: used.command.name, text: encode(used.behind, place.platform) });
  const message = { ...spotOf(place), reply_to: replying?.id, broadcast: composer.broadcast?.checked ?? false };
  return () => deliver(place, encode(text, place.platform), enclosed, message);
}

function giveBack(composer, text, enclosed, replying) {
  composer.enclosed = [...enclosed, ...composer.enclosed];
  drawEnclosed(composer);
  if (replying) replyTo(composer, replying);
  composer.fill(composer.area.value || text);
}

async function deliver(place, text, enclosed, message) {
  const isAlone = (one) => form(place.platform).voiceAlone && one.seconds !== undefined;
  const together = enclosed.filter((one) => !isAlone(one));
  let sent = {};
  for (const one of enclosed.filter(isAlone)) sent = await call("say", { ...message, text: "", files: [await upload(one, place)] });
  const files = [];
  for (const one of together) files.push(await upload(one, place));
  return text || files.length ? call("say", { ...message, text, files }) : sent;
}
