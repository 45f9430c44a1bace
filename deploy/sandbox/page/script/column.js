/* ---- A column: the channel, or one thread of it ---- */

import { makeComposer } from "./composer.js";
import { $, el, iconButton } from "./dom.js";
import { render, replaceIfChanged } from "./drawing.js";
import { emptyState } from "./empty.js";
import { acceptDrops } from "./enclosures.js";
import { form } from "./forms.js";
import { postRow } from "./message.js";
import { channelName, dayOf, isDirect } from "./names.js";
import { goTo } from "./place.js";
import { drawHome, hasHome, homeTabs, isAtHome, openHome } from "./views.js";
import { channelOf, isReply, me, person, placeKey, platform, postsOf, rootOf, shownInChannel, state, statusIn } from "./state.js";

export function makeColumn(host, kind) {
  const log = el("div", { of: "log", role: "log", "aria-label": kind === "thread" ? "Messages in this thread" : "Messages", tabindex: "0" });
  const inner = el("div", { of: "inner" });
  const head = el("header", { of: "column-head" });
  const status = el("div", { of: "status", "aria-live": "polite" });
  const composer = makeComposer(kind);
  const home = el("section", { of: "home", hidden: true, tabindex: "0", "aria-label": "Home of the app" });
  log.append(inner);
  host.append(head, log, home, status, composer.node);
  const column = { host, kind, head, log, home, inner, status, composer, place: null, stick: true };
  log.addEventListener("scroll", () => { column.stick = isAtEnd(log); });
  new ResizeObserver(() => { if (column.stick) log.scrollTop = log.scrollHeight; }).observe(inner);
  column.toEnd = () => { column.stick = true; requestAnimationFrame(() => { log.scrollTop = log.scrollHeight; }); };
  column.draw = (place) => drawColumn(column, place);
  acceptDrops(host, composer);
  return column;
}

const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 60;

function drawColumn(column, place) {
  column.place = place;
  drawHead(column, place);
  const rows = column.kind === "thread" ? threadRows(place) : channelRows(place);
  reconcile(column.inner, rows);
  drawHome(column.home, place);
  for (const node of [column.log, column.status, column.composer.node]) node.hidden = isAtHome(place);
  drawStatus(column, place);
  column.composer.draw(place);
  if (column.stick) column.log.scrollTop = column.log.scrollHeight;
}

function drawHead(column, place) {
  const one = channelOf(place);
  const signature = JSON.stringify([placeKey(place), me(), one, state.atHome, platform(place.platform).threads.get(place.thread)]);
  replaceIfChanged(column.head, signature, () => (column.kind === "thread" ? threadHead(place, one) : channelHead(place, one)));
}

/* Who opens the home is shown it as it is for them now: the bot is told. */
function goHome(isHome) {
  state.atHome = isHome;
  if (isHome) openHome();
  render();
}

function channelHead(place, one) {
  const names = one.members.map((id) => person(id).name).join(", ");
  const note = one.kind === "im" ? "Direct message: no mention is needed here" : `${one.members.length} members: ${names}`;
  const absent = one.members.includes(platform().bot) ? "" : `${person(platform().bot).name} ${form().unheard}`;
  return [
    iconButton("menu", "Channels", () => $("rail").classList.toggle("open"), { of: "menu" }),
    el("div", { of: "text" }, el("h2", { id: "channel-title" }, `${isDirect(one) ? "" : "# "}${channelName(one)}`), el("p", {}, absent || note)),
    hasHome(place) ? homeTabs(place, goHome) : "",
  ];
}

function threadHead(place, one) {
  const title = platform(place.platform).threads.get(place.thread)?.name ?? "Thread";
  return [
    el("div", { of: "text" }, el("h2", { id: "thread-title", title }, title), el("p", {}, `${isDirect(one) ? "" : "#"}${channelName(one)}`)),
    iconButton("close", "Close the thread", closeThread),
  ];
}

/* Whoever closes a thread goes on where it was opened: at its message, if that is shown. */
export function closeThread() {
  const { thread } = state.place;
  goTo({ ...state.place, thread: null });
  requestAnimationFrame(() => requestAnimationFrame(() => $("channel").querySelector(`[data-post="${CSS.escape(thread)}"] .replies`)?.focus()));
}

function drawStatus(column, place) {
  const text = statusIn(place);
  replaceIfChanged(column.status, text, () => (text ? [dots(), text] : []));
}

export const dots = () => el("span", { of: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));

/* A row is {key, signature, make}: its node is made anew only where the signature changed. */
function reconcile(parent, rows) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const nodes = rows.map((row) => {
    const known = old.get(row.key);
    return known?.dataset.signature === row.signature ? known : newRow(row);
  });
  const keep = new Set(nodes);
  for (const node of old.values()) if (!keep.has(node)) node.remove();
  nodes.forEach((node, index) => { if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null); });
}

function newRow(row) {
  const node = row.make();
  node.dataset.key = row.key;
  node.dataset.signature = row.signature;
  return node;
}

function channelRows(place) {
  const posts = postsOf(place);
  const roots = posts.filter(shownInChannel);
  if (!roots.length) return [{ key: "empty", signature: `${placeKey(place)}/${me()}`, make: () => emptyState(place) }];
  const replies = groupByRoot(posts.filter(isReply));
  return withDays(roots, (post, compact) => postRow(place, post, { compact, replies: replies.get(post.id) ?? [] }));
}

function groupByRoot(posts) {
  const groups = new Map();
  for (const post of posts) groups.set(rootOf(post), [...(groups.get(rootOf(post)) ?? []), post]);
  return groups;
}

function withDays(posts, rowOf) {
  return posts.flatMap((post, index) => {
    const before = posts[index - 1];
    const fresh = !before || dayOf(before.at) !== dayOf(post.at);
    const row = rowOf(post, !fresh && follows(before, post));
    return fresh ? [dayRow(post.at), row] : [row];
  });
}

const stands = (post) => post.deleted || post.broadcast || post.reply_to || post.command || post.opened || post.only_for;
const follows = (before, post) => before.user === post.user && before.shown_as === post.shown_as && !stands(before) && !stands(post) && post.at - before.at < 300;
const dayRow = (at) => ({ key: `day-${dayOf(at)}`, signature: "", make: () => el("div", { of: "day" }, dayOf(at)) });

function threadRows(place) {
  const posts = postsOf(place);
  const root = posts.find((post) => post.id === place.thread);
  const replies = posts.filter((post) => isReply(post) && post.thread === place.thread);
  const count = { key: "count", signature: String(replies.length), make: () => el("div", { of: "count-line" }, form(place.platform).counted(replies.length)) };
  const rows = replies.map((post, index) => postRow(place, post, { compact: index > 0 && follows(replies[index - 1], post) }));
  return [...(root ? [postRow(place, root, { root: true })] : []), ...(replies.length ? [count] : []), ...rows];
}

export const counted = (number, one, many) => `${number} ${number === 1 ? one : many}`;
