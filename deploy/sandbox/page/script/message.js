/* ---- One message ---- */

import { renderText } from "./blocks.js";
import { dots } from "./column.js";
import { columns } from "./columns.js";
import { menuButton, menusIn, spotOf } from "./commands.js";
import { replyTo } from "./composer.js";
import { el, icon, iconButton } from "./dom.js";
import { askToDelete, beginEdit, editorOf } from "./editing.js";
import { fileNode } from "./files.js";
import { form } from "./forms.js";
import { avatar, shortTimeOf, timeOf } from "./names.js";
import { goTo } from "./place.js";
import { channelOf, me, person, placeKey, platform, rootOf, state, statusIn } from "./state.js";
import { partNodes } from "./parts.js";
import { decode } from "./typed.js";
import { attempt, call } from "./wire.js";

export function postRow(place, post, how) {
  const key = `post-${post.id}`;
  if (post.opened) return { key, signature: String(post.version), make: () => openedNode(place, post) };
  const editing = state.editing === post.id;
  const known = platform(place.platform);
  const about = place.thread ? {} : {
    unread: state.unread.get(placeKey({ ...place, thread: post.id })) ?? 0,
    status: statusIn(place, post.id),
    thread: form(place.platform).threadNames ? known.threads.get(post.id) : null,
    open: state.place.thread === post.id,
  };
  const answered = post.reply_to ? known.posts.get(post.channel)?.get(post.reply_to) ?? null : null;
  const summary = (how.replies ?? []).map((reply) => reply.id).join();
  const signature = JSON.stringify([post.version, answered?.version, how.compact, editing, summary, about, me(), menusIn(place)]);
  return { key, signature, make: () => postNode(place, post, { ...how, ...about, editing, answered }) };
}

/* The system message of a thread that was opened without a message to begin from. */
function openedNode(place, post) {
  const go = () => goTo({ ...place, thread: post.opened });
  return el("article", { of: "system" }, icon("thread"), el("div", {}, el("b", {}, person(post.user, place.platform).real_name), " started a thread: ",
    el("button", { of: "link-button", type: "button", onclick: go }, post.text || "Thread"), " ", el("time", {}, timeOf(post.at))));
}

function postNode(place, post, how) {
  const known = person(post.user, place.platform);
  const author = post.shown_as ? { ...known, real_name: post.shown_as } : known;
  const above = aboveOf(place, post, how);
  const classes = ["row", how.compact && "compact", how.root && "root", post.deleted && "gone", above && "above-it", post.only_for && "whisper"].filter(Boolean).join(" ");
  const node = el("article", { of: classes, "data-post": post.id, "data-user": post.user, "aria-label": `${post.deleted ? "Deleted" : author.real_name}, ${timeOf(post.at)}` });
  const plain = how.compact || post.deleted;
  if (post.deleted) node.append(el("span", { of: "avatar bin", "aria-hidden": "true" }, icon("delete")));
  else node.append(how.compact ? el("span", { of: "stamp", "aria-hidden": "true" }, shortTimeOf(post.at)) : avatar(post.user, "", place.platform, post.shown_as));
  node.append(el("div", { of: "body" }, ...[above, plain ? null : byline(author, post)].filter(Boolean), ...contentOf(place, post, how)));
  if (!how.editing && !post.deleted && !post.thinking) node.append(actionsOf(place, post));
  return node;
}

/* What stands over a message: the one that it replies to, or the command that it answers. */
function aboveOf(place, post, { answered }) {
  if (post.command) return aboveNode(place, post.command.user, " used ", el("code", {}, post.command.menu ? post.command.name : `/${post.command.name}`));
  if (!post.reply_to) return null;
  if (!answered) return el("div", { of: "above" }, "The message that this answers is gone.");
  const text = decode(answered.text, place.platform).replace(/\s+/g, " ").slice(0, 160) || (answered.files.length ? "Attachment" : "…");
  return aboveNode(place, answered.user, el("button", { type: "button", "aria-label": `Go to: ${text}`, onclick: (event) => flash(event.target, answered.id) }, text));
}

function aboveNode(place, user, ...rest) {
  return el("div", { of: "above" }, avatar(user, "small", place.platform), el("b", {}, person(user, place.platform).real_name), ...rest);
}

function flash(from, id) {
  const row = from.closest(".log").querySelector(`[data-post="${CSS.escape(id)}"]`);
  row?.scrollIntoView({ block: "center", behavior: "smooth" });
  row?.classList.add("flash");
  setTimeout(() => row?.classList.remove("flash"), 1200);
}

function byline(author, post) {
  const exact = new Date(post.at * 1000);
  return el("div", { of: "by" }, el("strong", {}, author.real_name), author.is_bot ? el("span", { of: "tag" }, "APP") : null,
    el("time", { datetime: exact.toISOString(), title: exact.toLocaleString() }, timeOf(post.at)));
}

function contentOf(place, post, how) {
  if (how.editing) return [editorOf(place, post)];
  const written = (text) => renderText(text, { dialect: post.dialect, platform: place.platform, depth: 0 });
  const said = el("div", { of: "said" }, written(post.text));
  if (post.edited) (said.lastElementChild?.matches("p, li") ? said.lastElementChild : said).append(" ", el("span", { of: "edited" }, "(edited)"));
  return [
    post.broadcast && !place.thread ? alsoSent(place, post) : null,
    post.thinking ? el("div", { of: "thinking" }, dots(), `${person(post.user, place.platform).name} is thinking…`) : null,
    ...(post.parts?.length ? partsOf(place, post) : [post.text ? said : null]),
    ...(post.forwarded ?? []).map((text) => el("div", { of: "forwarded" }, el("small", {}, "Forwarded"), el("div", { of: "said" }, written(text)))),
    post.files.length ? el("div", { of: "files" }, ...post.files.map(fileNode)) : null,
    how.replies?.length || how.status || how.thread ? repliesOf(place, post, how) : null,
    post.only_for ? el("div", { of: "only" }, icon("eye"), "Only you can see this") : null,
  ].filter(Boolean);
}

/* A message in parts; what is pressed or chosen there, the bot is told. */
function partsOf(place, post) {
  const tell = (button, value) => attempt(() => call("press", { ...spotOf(place), id: post.id, button, value }));
  return partNodes(post.parts, { dialect: post.dialect, platform: place.platform, depth: 0 }, { press: (button) => tell(button.id), choose: (menu, value) => tell(menu.id, value) });
}

function alsoSent(place, post) {
  return el("div", { of: "also" }, "replied to", el("button", { of: "link-button", type: "button", onclick: () => goTo({ ...place, thread: post.thread }) }, "a thread"));
}

function repliesOf(place, post, how) {
  const replies = how.replies ?? [];
  const authors = [...new Set(replies.map((reply) => reply.user))].slice(0, 4);
  const last = replies.at(-1);
  const number = form(place.platform).counted(replies.length);
  return el("button", { of: "replies", type: "button", "aria-expanded": String(how.open), onclick: () => goTo({ ...place, thread: post.id }) },
    el("span", { of: "faces" }, ...authors.map((id) => avatar(id, "small", place.platform))),
    how.thread ? el("b", { of: "name" }, how.thread.name) : null,
    how.thread ? el("span", { of: "last" }, number) : last ? el("b", {}, number) : null,
    how.status ? el("span", { of: "last" }, dots(), ` ${how.status}`) : null,
    last && !how.status ? el("span", { of: "last" }, `last at ${timeOf(last.at)}`) : null,
    how.unread ? el("span", { of: "new", title: `${how.unread} new` }) : null);
}

function actionsOf(place, post) {
  const own = post.user === me(place.platform);
  const { startsThreads, startThread, replies } = form(place.platform);
  const composer = place.thread ? columns.thread.composer : columns.channel.composer;
  const buttons = [
    replies && !post.only_for && iconButton("answer", "Reply", () => replyTo(composer, post)),
    !place.thread && !post.only_for && startsThreads(channelOf(place)) && iconButton(...startThread, () => goTo({ ...place, thread: rootOf(post) })),
    menusIn(place).length && !post.only_for && menuButton(place, post),
    own && post.text && iconButton("edit", "Edit", () => beginEdit(post.id)),
    own && iconButton("delete", "Delete", () => askToDelete(place, post), { of: "danger" }),
  ].filter(Boolean);
  return buttons.length ? el("div", { of: "actions", role: "group", "aria-label": "What to do with this message" }, ...buttons) : "";
}
