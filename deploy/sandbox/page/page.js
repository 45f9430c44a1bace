"use strict";

/* ---- The DOM, a little shorter. Text goes in as text nodes only: nothing here ever parses a message as HTML. ---- */

const $ = (id) => document.getElementById(id);

function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) setAttribute(node, key, value);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function setAttribute(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else node.setAttribute(key === "of" ? "class" : key, value === true ? "" : value);
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

function iconButton(name, label, onclick, extra = {}) {
  const { of = "", ...rest } = extra;
  return el("button", { of: `icon-button ${of}`, type: "button", "aria-label": label, title: label, onclick, ...rest }, icon(name));
}

function toast(text) {
  const node = el("div", { of: "toast" }, text);
  $("toasts").append(node);
  setTimeout(() => node.remove(), 6000);
}

/* ---- What the page knows. The sandbox sends it whole on every connection, then change by change. ---- */

const state = {
  model: { stand_in: true, host: "", name: "", where: "", is_found: false },
  platforms: new Map(),
  me: {},
  place: { platform: "slack", channel: "", thread: null },
  faults: [],
  commands: {},
  last: new Map(),
  editing: null,
  unread: new Map(),
  drafts: new Map(),
  clock: 0,
};

const platform = (name = state.place.platform) => state.platforms.get(name);
const channelOf = (place = state.place) => platform(place.platform)?.channels.get(place.channel);
const me = (name = state.place.platform) => state.me[name];
const person = (id, name = state.place.platform) => platform(name)?.people.get(id) ?? { id, name: id, real_name: id, is_bot: false };
const placeKey = (place) => `${place.platform}/${place.channel}/${place.thread ?? ""}`;
const byTime = (a, b) => a.at - b.at;
const rootOf = (post) => post.thread ?? post.id;
const isReply = (post) => Boolean(post.thread) && post.thread !== post.id;

function takeWhole(message) {
  state.platforms = new Map(message.platforms.map((given) => [given.platform, newPlatform(given)]));
  for (const given of message.platforms) state.me[given.platform] ??= rememberedMe(given);
}

function newPlatform(given) {
  const { platform: key, name, place, bot, most_characters: most } = given;
  const known = { platform: key, name, place, bot, most, online: false, posts: new Map(), statuses: new Map() };
  for (const kind of ["people", "groups", "channels", "threads"]) known[kind] = new Map(given[kind].map((one) => [one.id, one]));
  for (const id of known.channels.keys()) known.posts.set(id, new Map());
  for (const post of given.posts) putPost(known, post);
  for (const status of given.statuses) putStatus(known, status);
  return known;
}

function putPost(known, post) {
  if (!known.posts.has(post.channel)) known.posts.set(post.channel, new Map());
  known.posts.get(post.channel).set(post.id, { ...post, version: ++state.clock });
}

/* A status ends when it is taken back; one that has `seconds` ends after these, or with a message of who types. */
function putStatus(known, status) {
  const key = `${status.channel}/${status.thread ?? ""}`;
  if (status.text) known.statuses.set(key, status);
  else known.statuses.delete(key);
  if (status.seconds) setTimeout(() => endStatus(known, key, (one) => one === status), status.seconds * 1000);
}

function endStatus(known, key, isMeant) {
  const standing = known.statuses.get(key);
  if (!standing || !isMeant(standing)) return;
  known.statuses.delete(key);
  render();
}

function statusIn(place, thread = place.thread) {
  const known = platform(place.platform);
  const status = known.statuses.get(`${place.channel}/${thread ?? ""}`);
  return status ? `${person(status.user, place.platform).name} ${status.text}` : "";
}

function rememberedMe(given) {
  const saved = sessionStorage.getItem(`confab-me-${given.platform}`);
  const people = given.people.filter((one) => !one.is_bot);
  return (people.find((one) => one.id === saved) ?? people[0]).id;
}

const CHANGES = {
  state: (message) => { takeWhole(message); takeSurroundings(message); openFirstPlace(); },
  surroundings: takeSurroundings,
  posted: (message) => {
    const { post } = message;
    const known = platform(message.platform);
    putPost(known, post);
    endStatus(known, `${post.channel}/${post.thread ?? ""}`, (status) => status.seconds && status.user === post.user);
    if (!openAnswer(message.platform, post)) noteUnread(message.platform, post);
  },
  edited: (message) => putPost(platform(message.platform), message.post),
  deleted: (message) => platform(message.platform).posts.get(message.post.channel)?.delete(message.post.id),
  status: (message) => putStatus(platform(message.platform), message),
  thread: (message) => platform(message.platform).threads.set(message.thread.id, message.thread),
  no_thread: (message) => forgetThread(platform(message.platform), message.thread),
};

function forgetThread(known, thread) {
  const { channel } = known.threads.get(thread) ?? {};
  known.threads.delete(thread);
  for (const post of known.posts.get(channel)?.values() ?? []) if (post.thread === thread) known.posts.get(channel).delete(post.id);
  if (state.place.thread === thread) goTo({ ...state.place, thread: null });
}

function takeSurroundings(message) {
  state.model = message.model;
  state.faults = message.faults;
  const fresh = JSON.stringify(state.commands) !== JSON.stringify(message.commands);
  state.commands = message.commands;
  if (fresh) for (const { composer } of Object.values(columns)) if (composer.place) suggest(composer);
  for (const [name, online] of Object.entries(message.online)) platform(name).online = online;
  refreshRequests();
}

function take(message) {
  CHANGES[message.kind]?.(message);
  render();
}

function postsOf(place) {
  const posts = platform(place.platform)?.posts.get(place.channel)?.values() ?? [];
  return [...posts].filter((post) => !post.only_for || post.only_for === me(place.platform)).sort(byTime);
}

const shownInChannel = (post) => !isReply(post) || post.broadcast;

/* ---- What is each platform's own. Everything else asks here, and never which platform it is. ---- */

const FORMS = {
  slack: {
    encode: (text, name) => outsideCode(text, escapeText, (prose) => addressesInBrackets(spokenNames(escapeText(prose), name))),
    decode: (text, name) => decodeEntities(text.replace(/<([@#!])([^<>|]+)(?:\|([^<>]*))?>/g, (_, sign, id, label) => mentionText(sign, id, label, name)).replace(/<([^<>|\s]+)(?:\|[^<>]*)?>/g, "$1")),
    wide: { channel: "<!channel>", here: "<!here>", everyone: "<!everyone>" },
    completions: ["commands", "people"],
    startsThreads: () => true,
    startThread: ["reply", "Reply in a thread"],
    replies: false,
    broadcasts: true,
    threadNames: false,
    counted: (number) => counted(number, "reply", "replies"),
    recording: "audio_message",
    voiceAlone: false,
    unheard: "is not in this channel, so it neither hears nor answers",
    uninvited: "Nobody has invited it.",
  },
  discord: {
    encode: (text, name) => outsideCode(text, (code) => code, (prose) => spokenChannels(spokenNames(prose, name), name)),
    decode: (text, name) => text.replace(/<(@&|@!?|#)(\d+)>/g, (_, sign, id) => mentionText(sign.replace("!", ""), id, null, name)),
    wide: {},
    completions: ["commands", "people", "channels"],
    startsThreads: (channel) => !isDirect(channel),
    startThread: ["thread", "Start a thread"],
    replies: true,
    broadcasts: false,
    threadNames: true,
    counted: (number) => counted(number, "message", "messages"),
    recording: "voice-message",
    voiceAlone: true,
    unheard: "may not see this channel, so it neither hears nor answers",
    uninvited: "Its role does not let it see this channel.",
  },
};

const form = (name = state.place.platform) => FORMS[name];

/* ---- Unread marks ---- */

function noteUnread(name, post) {
  if (post.user === me(name) || isVisible(name, post) || (post.only_for && post.only_for !== me(name))) return;
  const key = placeKey({ platform: name, channel: post.channel, thread: isReply(post) ? post.thread : null });
  state.unread.set(key, (state.unread.get(key) ?? 0) + 1);
}

function isVisible(name, post) {
  const { platform: shown, channel, thread } = state.place;
  if (name !== shown || post.channel !== channel) return false;
  return (shownInChannel(post) && isInSight("channel")) || thread === post.thread;
}

/* A narrow window shows one column alone: what stands in the other is not seen. */
const isInSight = (column) => $(column).offsetParent !== null;

/* What is unread in a channel; what is unread in a thread that the rail lists by itself is counted there. */
function unreadIn(name, channel) {
  let count = 0;
  const listed = new Set(listedThreads(name, channel).map((one) => one.id));
  for (const [key, number] of state.unread) if (key.startsWith(`${name}/${channel}/`) && !listed.has(key.split("/")[2])) count += number;
  return count;
}

const unreadInThread = (name, one) => state.unread.get(placeKey({ platform: name, channel: one.channel, thread: one.id })) ?? 0;

function unreadOn(name) {
  const visible = new Set(visibleChannels(name).map((one) => one.id));
  return [...state.unread].reduce((sum, [key, number]) => (key.startsWith(`${name}/`) && visible.has(key.split("/")[1]) ? sum + number : sum), 0);
}

/* The threads that stand under their channel in the rail: the newest few that are open. */
const MOST_LISTED = 5;

function listedThreads(name, channel) {
  const all = [...platform(name).threads.values()].filter((one) => one.channel === channel && !one.archived && (!one.private || one.members.includes(me(name))));
  return all.map((one) => [lastIn(name, one), one]).sort((a, b) => b[0] - a[0]).slice(0, MOST_LISTED).map(([, one]) => one);
}

function lastIn(name, thread) {
  const posts = [...(platform(name).posts.get(thread.channel)?.values() ?? [])];
  return posts.reduce((last, post) => (post.thread === thread.id || post.id === thread.id ? Math.max(last, post.at) : last), 0);
}

/* The first answer to one's own question opens beside it, also in place of an older thread, where there is room and
   nothing else is being written. */
function openAnswer(name, post) {
  const { platform: shown, channel, thread } = state.place;
  const here = name === shown && post.channel === channel && thread !== post.thread && isReply(post) && post.user === platform(name).bot;
  const posts = platform(name).posts.get(post.channel);
  const first = [...posts.values()].filter((one) => isReply(one) && one.thread === post.thread).length === 1;
  const idle = Object.values(columns).every(({ composer }) => !composer.area.value && !composer.enclosed.length) && !state.editing && !$("ask").open;
  if (!here || !first || !idle || posts.get(post.thread)?.user !== me(name) || !matchMedia("(min-width: 1041px)").matches) return false;
  goTo({ ...state.place, thread: post.thread });
  return true;
}

/* ---- Where one is: kept in the address, so that the browser's Back works ---- */

function goTo(place) {
  const parts = [place.platform, place.channel, place.thread].filter(Boolean);
  location.hash = `#/${parts.join("/")}`;
  followAddress();  // its event comes later, and what is typed until then would be written elsewhere
}

function followAddress() {
  const place = placeFromAddress();
  if (place) enter(place);
}

function placeFromAddress() {
  const [name, channel, thread] = location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
  return visibleChannels(name).some((one) => one.id === channel) ? { platform: name, channel, thread: thread ?? null } : null;
}

function openFirstPlace() {
  const [first] = state.platforms.keys();
  enter(placeFromAddress() ?? lastPlace(first));
}

/* Where one was on a platform, or its first channel. */
function lastPlace(name) {
  return state.last.get(name) ?? { platform: name, channel: visibleChannels(name)[0].id, thread: null };
}

function enter(place) {
  const moved = placeKey(place) !== placeKey(state.place);
  if (place.platform === state.place.platform) $("rail").classList.remove("open");  // whoever changes it goes on choosing
  const sameChannel = place.platform === state.place.platform && place.channel === state.place.channel;
  state.place = place;
  state.last.set(place.platform, place);
  state.editing = moved ? null : state.editing;
  state.unread.delete(placeKey({ ...place, thread: null }));
  state.unread.delete(placeKey(place));
  if (!sameChannel) clearChannelUnread(place);
  render();
  if (moved) arrive(sameChannel);
}

function clearChannelUnread(place) {
  for (const key of [...state.unread.keys()]) {
    const [name, channel, thread] = key.split("/");
    if (name === place.platform && channel === place.channel && !thread) state.unread.delete(key);
  }
}

function arrive(sameChannel) {
  const column = state.place.thread ? columns.thread : columns.channel;
  if (!sameChannel) columns.channel.toEnd();
  if (state.place.thread) columns.thread.toEnd();
  if (matchMedia("(hover: hover)").matches) column.composer.focus();
}

function visibleChannels(name) {
  return [...(platform(name)?.channels.values() ?? [])].filter((one) => one.kind === "channel" || one.members.includes(me(name)));
}

/* One is the same person everywhere: by the name that people read. */
function become(id) {
  const { real_name: who } = person(id);
  for (const known of state.platforms.values()) {
    const same = [...known.people.values()].find((one) => one.real_name === who && !one.is_bot);
    if (same) setMe(known.platform, same.id);
  }
  setMe(state.place.platform, id);
  state.unread.clear();
  state.last.clear();
  state.editing = null;
  const name = state.place.platform;
  if (!visibleChannels(name).some((one) => one.id === state.place.channel)) goTo({ platform: name, channel: sameSortOfPlace(name), thread: null });
  render();
}

function setMe(name, id) {
  state.me[name] = id;
  sessionStorage.setItem(`confab-me-${name}`, id);
}

function sameSortOfPlace(name) {
  const kind = channelOf()?.kind;
  const open = visibleChannels(name);
  return (open.find((one) => one.kind === kind) ?? open[0]).id;
}

/* ---- Names and faces ---- */

function initials(one) {
  const words = (one.real_name || one.name).split(/\s+/).filter(Boolean);
  return (words.length > 1 ? words[0][0] + words.at(-1)[0] : words[0]?.slice(0, 2) ?? "?").toUpperCase();
}

const HUES = [12, 262, 205, 338, 28, 232, 150, 300, 186, 48];

function hueOf(one, name) {
  return HUES[Math.max(0, [...(platform(name)?.people.keys() ?? [])].indexOf(one.id)) % HUES.length];
}

function avatar(id, size = "", name = state.place.platform) {
  const one = person(id, name);
  const isConfab = id === platform(name)?.bot;
  const node = el("span", { of: `avatar ${size} ${isConfab ? "bot" : ""}`, "aria-hidden": "true" }, isConfab ? icon("mark") : initials(one));
  node.style.setProperty("--hue", hueOf(one, name));
  return node;
}

function channelName(one, name = state.place.platform) {
  if (one.kind === "im") return others(one, name)[0] ?? one.name;
  if (one.kind === "mpim") return others(one, name).join(", ");
  return one.name;
}

function others(one, name) {
  const rest = one.members.filter((id) => id !== me(name)).map((id) => person(id, name));
  return rest.sort((a, b) => a.is_bot - b.is_bot).map((each) => (rest.length > 1 ? each.name : each.real_name));
}

const isDirect = (one) => one.kind === "im" || one.kind === "mpim";
/* A time that fits beside a row without a face: no "AM", which would run into the text. */
const shortTimeOf = (at) => timeOf(at).replace(/\s*[\p{L}.]+$/u, "");
const timeOf = (at) => new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function dayOf(at) {
  const day = new Date(at * 1000);
  const today = new Date();
  if (day.toDateString() === today.toDateString()) return "Today";
  return day.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}

function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

const clockOf = (total) => `${Math.floor(total / 60)}:${String(Math.floor(total % 60)).padStart(2, "0")}`;

/* ---- Markdown, in the dialects that are met: `markdown` of a model and `mrkdwn` of a person on Slack, and Discord's ---- */

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*)$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}(?:>|&gt;) ?/;
const ITEM = /^(\s*)([-*+•]|\d{1,9}[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

const lead = (line) => line.length - line.trimStart().length;

function renderText(source, context) {
  const text = DIALECTS[context.dialect].fencesAnywhere ? fencesOnTheirOwnLines(source) : source;
  return renderLines(text.replace(/\r\n?/g, "\n").split("\n"), context);
}

function fencesOnTheirOwnLines(source) {
  return source.replace(/```(?:([\w+#.-]{1,20})\n)?([\s\S]*?)(?:```|$)/g, (_, language, code) => `\n\`\`\`${language ?? ""}\n${code.replace(/^\n|\n$/g, "")}\n\`\`\`\n`);
}

function renderLines(lines, context) {
  const out = document.createDocumentFragment();
  const cursor = { lines, at: 0 };
  while (cursor.at < lines.length) {
    if (lines[cursor.at].trim()) out.append(nextBlock(cursor, context));
    else cursor.at += 1;
  }
  return out;
}

function nextBlock(cursor, context) {
  for (const block of context.depth < 8 ? [fence, ...DIALECTS[context.dialect].blocks] : [fence]) {
    const node = block(cursor, context);
    if (node) return node;
  }
  return paragraph(cursor, context);
}

const deeper = (context) => ({ ...context, depth: context.depth + 1 });

function fence(cursor, context) {
  const opening = FENCE.exec(cursor.lines[cursor.at]);
  if (!opening) return null;
  const closing = new RegExp(`^ {0,3}${opening[1][0]}{${opening[1].length},}\\s*$`);
  const code = [];
  for (cursor.at += 1; cursor.at < cursor.lines.length && !closing.test(cursor.lines[cursor.at]); cursor.at += 1) code.push(cursor.lines[cursor.at]);
  cursor.at += 1;
  return codeBlock(literal(code.join("\n"), context), opening[2]);
}

function codeBlock(code, language) {
  const copy = el("button", { type: "button", "aria-label": "Copy this code", onclick: () => copyCode(copy, code) }, icon("copy"), el("span", {}, "Copy"));
  return el("div", { of: "fence" }, el("header", {}, el("span", {}, language || "code"), copy), el("pre", { tabindex: "0" }, el("code", {}, code)));
}

async function copyCode(button, code) {
  try {
    await navigator.clipboard.writeText(code);
    button.lastChild.textContent = "Copied";
  } catch {
    button.lastChild.textContent = "Not allowed";
  }
  setTimeout(() => { button.lastChild.textContent = "Copy"; }, 1500);
}

function heading(cursor, context) {
  const match = HEADING.exec(cursor.lines[cursor.at]);
  if (!match) return null;
  cursor.at += 1;
  return el(`h${match[1].length}`, {}, ...inline(match[2].trim().replace(/(?:^|\s)#+$/, ""), context));
}

function rule(cursor) {
  if (!RULE.test(cursor.lines[cursor.at])) return null;
  cursor.at += 1;
  return el("hr");
}

function quote(cursor, context) {
  if (!QUOTE.test(cursor.lines[cursor.at])) return null;
  const inside = [];
  while (cursor.at < cursor.lines.length && QUOTE.test(cursor.lines[cursor.at])) {
    inside.push(cursor.lines[cursor.at].replace(QUOTE, ""));
    cursor.at += 1;
  }
  return el("blockquote", {}, renderLines(inside, deeper(context)));
}

function list(cursor, context) {
  const first = ITEM.exec(cursor.lines[cursor.at]);
  if (!first) return null;
  const shape = { indent: first[1].length, ordered: /\d/.test(first[2]) };
  const node = el(shape.ordered ? "ol" : "ul", shape.ordered ? { start: Number.parseInt(first[2], 10) } : {});
  for (let item = takeItem(cursor, shape, context); item; item = takeItem(cursor, shape, context)) node.append(el("li", {}, renderLines(item, { ...deeper(context), tight: true })));
  return node;
}

function takeItem(cursor, shape, context) {
  const start = nextFilled(cursor.lines, cursor.at);
  const match = ITEM.exec(cursor.lines[start] ?? "");
  if (!match || Math.abs(match[1].length - shape.indent) > 1 || /\d/.test(match[2]) !== shape.ordered) return null;
  const lines = [match[3]];
  const width = match[0].length - match[3].length;
  for (cursor.at = start + 1; belongsToItem(cursor, shape.indent, context); cursor.at += 1) {
    const line = cursor.lines[cursor.at];
    lines.push(line.slice(Math.min(lead(line), width)));
  }
  return lines;
}

function nextFilled(lines, at) {
  let index = at;
  while (index < lines.length && !lines[index].trim()) index += 1;
  return index;
}

function belongsToItem(cursor, indent, context) {
  const line = cursor.lines[cursor.at];
  if (line === undefined) return false;
  if (!line.trim()) return lead(cursor.lines[nextFilled(cursor.lines, cursor.at)] ?? "") > indent + 1;
  if (lead(line) > indent + 1) return true;
  return DIALECTS[context.dialect].goesOn && !startsBlock(line) && cursor.lines[cursor.at - 1].trim() !== "";
}

const startsBlock = (line) => [FENCE, HEADING, RULE, QUOTE, ITEM].some((pattern) => pattern.test(line));

function table(cursor, context) {
  const [head, below] = [cursor.lines[cursor.at], cursor.lines[cursor.at + 1] ?? ""];
  if (!head.includes("|") || !below.includes("-") || !TABLE_RULE.test(below) || cells(head).length !== cells(below).length) return null;
  const sides = cells(below).map(sideOf);
  const body = el("tbody");
  for (cursor.at += 2; cursor.lines[cursor.at]?.includes("|"); cursor.at += 1) body.append(tableRow("td", cells(cursor.lines[cursor.at]).slice(0, sides.length), sides, context));
  return el("div", { of: "table", tabindex: "0", role: "region", "aria-label": "Table" }, el("table", {}, el("thead", {}, tableRow("th", cells(head), sides, context)), body));
}

function cells(line) {
  const bare = line.trim().replace(/^\|/, "").replace(/(^|[^\\])\|$/, "$1");
  return bare.match(/(?:\\.|`[^`]*`|[^|\\]|\\$)+|(?<=\||^)(?=\||$)/g)?.map((cell) => cell.trim().replace(/\\\|/g, "|")) ?? [""];
}

function sideOf(mark) {
  if (mark.endsWith(":")) return mark.startsWith(":") ? "center" : "right";
  return "";
}

function tableRow(name, texts, sides, context) {
  return el("tr", {}, ...texts.map((text, index) => el(name, { of: sides[index] || null }, ...inline(text, context))));
}

function paragraph(cursor, context) {
  const lines = [cursor.lines[cursor.at].trim()];
  for (cursor.at += 1; cursor.at < cursor.lines.length; cursor.at += 1) {
    const line = cursor.lines[cursor.at];
    if (!line.trim() || (startsBlock(line) && context.depth < 8) || TABLE_RULE.test(cursor.lines[cursor.at + 1] ?? "x")) break;
    lines.push(line.trim());
  }
  const content = inline(lines.join("\n"), context);
  if (!context.tight) return el("p", {}, ...content);
  const bare = document.createDocumentFragment();
  bare.append(...content);
  return bare;
}

/* Discord's own blocks: three sizes of heading, small print, a quote of one line and one of all the rest. */
function discordHeading(cursor, context) {
  return /^#{1,3} /.test(cursor.lines[cursor.at]) ? heading(cursor, context) : null;
}

function subtext(cursor, context) {
  const match = /^-# +(.*)$/.exec(cursor.lines[cursor.at]);
  if (!match) return null;
  cursor.at += 1;
  return el("p", { of: "subtext" }, ...inline(match[1], context));
}

function discordQuote(cursor, context) {
  const { lines } = cursor;
  if (!/^>(?:>>)? /.test(lines[cursor.at])) return null;
  const inside = [];
  if (lines[cursor.at].startsWith(">>> ")) inside.push(lines[cursor.at].slice(4), ...lines.slice(cursor.at + 1));
  else while (lines[cursor.at + inside.length]?.startsWith("> ")) inside.push(lines[cursor.at + inside.length].slice(2));
  cursor.at += inside.length;
  return el("blockquote", {}, renderLines(inside, deeper(context)));
}

const wrap = (name) => (match, context) => el(name, {}, ...inline(match[1], deeper(context)));

const COMMON = [
  [/(?<!`)(`+)(?!`)([\s\S]*?[^`])\1(?!`)/y, (match, context) => el("code", {}, literal(match[2].trim() || match[2], context))],
  [/<([@#!])([^<>|]{1,200})(?:\|([^<>]*))?>/y, ([, sign, id, label], context) => mention(sign, id, label, context)],
  [/<((?:https?:\/\/|mailto:)[^<>|\s]+)(?:\|([^<>]*))?>/y, (match, context) => link(decodeEntities(match[1]), [decodeEntities(match[2] || match[1].replace(/^mailto:/, ""))], context)],
  [/https?:\/\/[^\s<>"'`|]*[^\s<>"'`|.,;:!?)\]*_~]/y, (match, context) => link(decodeEntities(match[0]), [decodeEntities(match[0])], context)],
  [/&(?:amp|lt|gt|quot|#39);/y, (match) => decodeEntities(match[0])],
];
const MARKDOWN = [
  [/\\([!-/:-@[-`{-~])/y, (match) => match[1]],
  ...COMMON,
  [/!?\[((?:[^[\]\\]|\\.|\[[^\]]*\])*)\]\(\s*([^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+"[^"]*")?\s*\)/y, (match, context) => link(decodeEntities(match[2].replace(/^<|>$/g, "")), inline(match[1], { ...deeper(context), linked: true }), context)],
  [/\*\*(?=\S)([\s\S]*?\S)\*\*(?!\*(?!\*))/y, wrap("strong")],
  [/(?<![\p{L}\d_])__(?=\S)([\s\S]*?\S)__(?![\p{L}\d_])/uy, wrap("strong")],
  [/\*(?=[^\s*])((?:\*\*[^*]*\*\*|[^*])*?[^\s*]|[^*]*\*\*[^*]+\*\*)\*(?!\*)/y, wrap("em")],
  [/(?<![\p{L}\d_])_(?=[^\s_])([^_]*?[^\s_])_(?![\p{L}\d_])/uy, wrap("em")],
  [/~~(?=\S)([\s\S]*?\S)~~/y, wrap("s")],
];
const DISCORD = [
  [/\\([!-/:-@[-`{-~])/y, (match) => match[1]],
  COMMON[0],
  [/<(@&|@!?|#)(\d{1,25})>/y, ([, sign, id], context) => mention(sign.replace("!", ""), id, null, context)],
  [/@(everyone|here)(?!\w)/y, (match) => el("span", { of: "mention me" }, match[0])],
  [/<t:(-?\d{1,12})(?::[tTdDfFRsS])?>/y, (match) => el("time", { of: "mention" }, new Date(Number(match[1]) * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }))],
  [/<a?(:\w{2,32}:)\d{1,25}>/y, (match) => match[1]],
  [/<(https?:\/\/[^<>\s]+)>/y, (match, context) => link(match[1], [match[1]], context)],
  COMMON[3],
  [/\[((?:[^[\]\\]|\\.)+)\]\(<?(https?:\/\/[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\)/y, (match, context) => link(match[2], inline(match[1], { ...deeper(context), linked: true }), context)],
  [/\|\|([\s\S]+?)\|\|/y, (match, context) => spoiler(inline(match[1], deeper(context)))],
  [/\*\*(?=\S)([\s\S]*?\S)\*\*(?!\*(?!\*))/y, wrap("strong")],
  [/__(?=\S)([\s\S]*?\S)__(?!_)/y, wrap("u")],
  ...MARKDOWN.slice(-3),
];
const MRKDWN = [
  ...COMMON,
  [/(?<![\p{L}\d*])\*(?=[^\s*])([^*\n]*?[^\s*])\*(?![\p{L}\d*])/uy, wrap("strong")],
  [/(?<![\p{L}\d_])_(?=[^\s_])([^_\n]*?[^\s_])_(?![\p{L}\d_])/uy, wrap("em")],
  [/(?<![\p{L}\d~])~(?=[^\s~])([^~\n]*?[^\s~])~(?![\p{L}\d~])/uy, wrap("s")],
];

/* `goesOn`: a line that is not indented may belong to the list item above it. `fencesAnywhere`: also within a line. */
const DIALECTS = {
  markdown: { rules: MARKDOWN, blocks: [heading, rule, table, quote, list], literal: decodeEntities, goesOn: true },
  mrkdwn: { rules: MRKDWN, blocks: [quote, list], literal: decodeEntities, goesOn: true, fencesAnywhere: true },
  discord: { rules: DISCORD, blocks: [discordHeading, subtext, discordQuote, list], literal: (text) => text, fencesAnywhere: true },
};

const literal = (text, context) => DIALECTS[context.dialect].literal(text);

function inline(text, context) {
  if (context.depth > 24) return [text];
  const { rules } = DIALECTS[context.dialect];
  const out = [];
  let plain = 0;
  let at = 0;
  while (at < text.length) {
    const found = SPECIAL.test(text[at]) ? firstMatch(rules, text, at) : null;
    if (found) {
      pushPlain(out, text.slice(plain, at));
      out.push(found.make(found.match, context));
      at += found.match[0].length;
      plain = at;
    } else at += 1;
  }
  pushPlain(out, text.slice(plain));
  return out;
}

const SPECIAL = /[\\`<h&![*_~|@]/;

function firstMatch(rules, text, at) {
  for (const [pattern, make] of rules) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { match, make };
  }
  return null;
}

function pushPlain(out, text) {
  text.split("\n").forEach((line, index) => {
    if (index) out.push(el("br"));
    if (line) out.push(line);
  });
}

/* Only addresses of the web and of mail become links; any other stays the text that it is. */
function link(address, label, context) {
  const target = safeAddress(address);
  if (!target || context.linked) return el("span", {}, ...label);
  return el("a", { href: target, target: "_blank", rel: "noopener noreferrer nofollow" }, ...label);
}

function safeAddress(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function mention(sign, id, label, context) {
  if (sign === "!" && id.startsWith("date^")) return label ?? "";
  const isMe = sign === "!" || (sign === "@" && id === me(context.platform));
  return el("span", { of: isMe ? "mention me" : "mention" }, mentionText(sign, id, label, context.platform));
}

function mentionText(sign, id, label, name) {
  if (sign === "@") return `@${person(id, name).name}`;
  if (sign === "@&") return `@${platform(name)?.groups.get(id)?.name ?? "role"}`;
  if (sign === "#") return `#${platform(name)?.channels.get(id)?.name ?? platform(name)?.threads.get(id)?.name ?? label ?? id}`;
  return `@${id.startsWith("subteam^") ? label?.replace(/^@/, "") || "group" : id}`;
}

function spoiler(content) {
  const node = el("span", { of: "spoiler", role: "button", tabindex: "0", "aria-pressed": "false", "aria-label": "Hidden text: press to read it" }, ...content);
  const show = () => { node.setAttribute("aria-pressed", "true"); node.removeAttribute("aria-label"); };
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => { if (["Enter", " "].includes(event.key)) { event.preventDefault(); show(); } });
  return node;
}

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };

function decodeEntities(text) {
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]);
}

/* ---- From what a person types to what the platform's own client sends, and back ---- */

function outsideCode(text, code, prose) {
  return text.split(/(```[\s\S]*?```|`[^`\n]*`)/).map((part, index) => (index % 2 ? code(part) : prose(part))).join("");
}

function escapeText(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function spokenNames(text, name) {
  const { people, groups } = platform(name);
  const ids = [...[...groups.values()].map((one) => [one.name, `<@&${one.id}>`]), ...[...people.values()].map((one) => [one.name, `<@${one.id}>`])];
  return spoken(text, "@", [...ids, ...Object.entries(form(name).wide)]);
}

function spokenChannels(text, name) {
  return spoken(text, "#", [...platform(name).channels.values()].filter((one) => one.name).map((one) => [one.name, `<#${one.id}>`]));
}

/* Write what stands for each name; the longest first, as one may begin another. */
function spoken(text, sign, pairs) {
  const names = new Map(pairs.map(([word, meant]) => [word.toLowerCase(), meant]));
  const longest = [...names.keys()].sort((a, b) => b.length - a.length).map(escapePattern);
  if (!longest.length) return text;
  const pattern = new RegExp(`(^|[^\\p{L}\\d${sign}])${sign}(${longest.join("|")})(?![\\p{L}\\d_])`, "giu");
  return text.replace(pattern, (_, before, who) => before + names.get(who.toLowerCase()));
}

const addressesInBrackets = (text) => text.replace(/https?:\/\/[^\s<>]*[^\s<>.,;:!?)]/g, "<$&>");
const escapePattern = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const encode = (text, name) => form(name).encode(text, name);
const decode = (text, name) => form(name).decode(text, name);

/* ---- Talking to the sandbox ---- */

async function call(path, body) {
  const response = await fetch(`/api/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return answerOf(response);
}

async function answerOf(response) {
  const answer = await response.json().catch(() => ({ error: `The sandbox answered ${response.status}` }));
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error instanceof TypeError ? "The sandbox cannot be reached just now." : error.message);
    return null;
  }
}

async function upload(enclosure, place) {
  const query = new URLSearchParams({ platform: place.platform, user: me(place.platform), name: enclosure.file.name });
  if (enclosure.seconds !== undefined) {
    query.set("voice_seconds", enclosure.seconds.toFixed(2));
    query.set("waveform", await waveformOf(enclosure.file));
  }
  const headers = { "Content-Type": enclosure.file.type || "application/octet-stream" };
  const answer = await answerOf(await fetch(`/api/upload?${query}`, { method: "POST", headers, body: enclosure.file }));
  return answer.id;
}

/* The loudness of a recording in 48 steps, each a byte, in base64; empty where the browser cannot read it. */
async function waveformOf(file) {
  const STEPS = 48;
  try {
    const sound = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(await file.arrayBuffer());
    const samples = sound.getChannelData(0);
    const step = Math.max(1, Math.floor(samples.length / STEPS));
    const peaks = Array.from({ length: STEPS }, (_, index) => samples.subarray(index * step, (index + 1) * step).reduce((most, one) => Math.max(most, Math.abs(one)), 0));
    const loudest = Math.max(...peaks, 0.05);
    return btoa(String.fromCharCode(...peaks.map((peak) => Math.round((peak / loudest) * 255))));
  } catch {
    return "";
  }
}

function connect(wait = 400) {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live`);
  let opened = false;
  socket.addEventListener("open", () => { opened = true; $("lost").hidden = true; });
  socket.addEventListener("message", (event) => take(JSON.parse(event.data)));
  socket.addEventListener("close", () => {
    $("lost").hidden = false;
    setTimeout(connect, wait, opened ? 400 : Math.min(wait * 1.6, 5000));
  });
}

/* ---- Drawing. Everything is drawn again from `state`, once a frame; rows that did not change are left alone. ---- */

let frame = 0;

function render() {
  frame ||= requestAnimationFrame(() => { frame = 0; draw(); });
}

function draw() {
  if (!channelOf()) return;
  document.body.dataset.platform = state.place.platform;
  drawBanner();
  drawRail();
  drawWho();
  drawDesk();
  columns.channel.draw({ ...state.place, thread: null });
  if (state.place.thread) columns.thread.draw(state.place);
  drawFaults();
}

function drawBanner() {
  const found = [" The answers come from ", el("b", {}, state.model.name), `, which was found on this machine: ${state.model.where}.`];
  const set = [" The answers come from the ", el("b", {}, `real model at ${state.model.host}`), "."];
  const real = el("span", {}, "A ", el("b", {}, "pretend Slack and Discord"), " on your own machine.", ...(state.model.is_found ? found : set));
  const pretend = el("span", {}, "A ", el("b", {}, "pretend Slack and Discord"), " on your own machine. The answers come from a ", el("b", {}, "stand-in"), ", not a language model.");
  replaceIfChanged($("banner"), JSON.stringify(state.model), () => [state.model.stand_in ? pretend : real]);
}

function replaceIfChanged(node, signature, make) {
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

function railButton({ name, unread, current, go, sign }) {
  return el("button", { of: unread ? "place unread" : "place", type: "button", "aria-current": current ? "true" : null, "aria-label": `${name}${unread ? `, ${unread} unread` : ""}`, onclick: () => goTo(go) },
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

/* ---- A column: the channel, or one thread of it ---- */

function makeColumn(host, kind) {
  const log = el("div", { of: "log", role: "log", "aria-label": kind === "thread" ? "Messages in this thread" : "Messages", tabindex: "0" });
  const inner = el("div", { of: "inner" });
  const head = el("header", { of: "column-head" });
  const status = el("div", { of: "status", "aria-live": "polite" });
  const composer = makeComposer(kind);
  log.append(inner);
  host.append(head, log, status, composer.node);
  const column = { host, kind, head, log, inner, status, composer, place: null, stick: true };
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
  drawStatus(column, place);
  column.composer.draw(place);
  if (column.stick) column.log.scrollTop = column.log.scrollHeight;
}

function drawHead(column, place) {
  const one = channelOf(place);
  const signature = JSON.stringify([placeKey(place), me(), one, platform(place.platform).threads.get(place.thread)]);
  replaceIfChanged(column.head, signature, () => (column.kind === "thread" ? threadHead(place, one) : channelHead(one)));
}

function channelHead(one) {
  const names = one.members.map((id) => person(id).name).join(", ");
  const note = one.kind === "im" ? "Direct message: no mention is needed here" : `${one.members.length} members: ${names}`;
  const absent = one.members.includes(platform().bot) ? "" : `${person(platform().bot).name} ${form().unheard}`;
  return [
    iconButton("menu", "Channels", () => $("rail").classList.toggle("open"), { of: "menu" }),
    el("div", { of: "text" }, el("h2", { id: "channel-title" }, `${isDirect(one) ? "" : "# "}${channelName(one)}`), el("p", {}, absent || note)),
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
function closeThread() {
  const { thread } = state.place;
  goTo({ ...state.place, thread: null });
  requestAnimationFrame(() => requestAnimationFrame(() => $("channel").querySelector(`[data-post="${CSS.escape(thread)}"] .replies`)?.focus()));
}

function drawStatus(column, place) {
  const text = statusIn(place);
  replaceIfChanged(column.status, text, () => (text ? [dots(), text] : []));
}

const dots = () => el("span", { of: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));

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
const follows = (before, post) => before.user === post.user && !stands(before) && !stands(post) && post.at - before.at < 300;
const dayRow = (at) => ({ key: `day-${dayOf(at)}`, signature: "", make: () => el("div", { of: "day" }, dayOf(at)) });

function threadRows(place) {
  const posts = postsOf(place);
  const root = posts.find((post) => post.id === place.thread);
  const replies = posts.filter((post) => isReply(post) && post.thread === place.thread);
  const count = { key: "count", signature: String(replies.length), make: () => el("div", { of: "count-line" }, form(place.platform).counted(replies.length)) };
  const rows = replies.map((post, index) => postRow(place, post, { compact: index > 0 && follows(replies[index - 1], post) }));
  return [...(root ? [postRow(place, root, { root: true })] : []), ...(replies.length ? [count] : []), ...rows];
}

const counted = (number, one, many) => `${number} ${number === 1 ? one : many}`;

/* ---- One message ---- */

function postRow(place, post, how) {
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
  const author = person(post.user, place.platform);
  const above = aboveOf(place, post, how);
  const classes = ["row", how.compact && "compact", how.root && "root", post.deleted && "gone", above && "above-it", post.only_for && "whisper"].filter(Boolean).join(" ");
  const node = el("article", { of: classes, "data-post": post.id, "data-user": post.user, "aria-label": `${post.deleted ? "Deleted" : author.real_name}, ${timeOf(post.at)}` });
  const plain = how.compact || post.deleted;
  if (post.deleted) node.append(el("span", { of: "avatar bin", "aria-hidden": "true" }, icon("delete")));
  else node.append(how.compact ? el("span", { of: "stamp", "aria-hidden": "true" }, shortTimeOf(post.at)) : avatar(post.user, "", place.platform));
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
    post.text ? said : null,
    ...(post.forwarded ?? []).map((text) => el("div", { of: "forwarded" }, el("small", {}, "Forwarded"), el("div", { of: "said" }, written(text)))),
    post.files.length ? el("div", { of: "files" }, ...post.files.map(fileNode)) : null,
    how.replies?.length || how.status || how.thread ? repliesOf(place, post, how) : null,
    post.only_for ? el("div", { of: "only" }, icon("eye"), "Only you can see this") : null,
  ].filter(Boolean);
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

/* ---- The bot's commands: typed behind a slash, or chosen from a message's menu ---- */

function commandsIn(place, kind) {
  const reach = place.thread ? "in_threads" : isDirect(channelOf(place)) ? "in_direct" : "in_channels";
  return (state.commands[place.platform] ?? []).filter((one) => one.kind === kind && one[reach]);
}

const menusIn = (place) => commandsIn(place, "menu");
const spotOf = (place) => ({ platform: place.platform, channel: place.channel, thread: place.thread, user: me(place.platform) });

function menuButton(place, post) {
  const use = (name) => {
    (place.thread ? columns.thread : columns.channel).composer.focus();
    return attempt(() => call("use", { ...spotOf(place), name, target: post.id }));
  };
  const list = el("div", { of: "menu-list", popover: "auto", role: "menu", "aria-label": "Apps" },
    ...menusIn(place).map((one) => el("button", { type: "button", role: "menuitem", onclick: () => { list.hidePopover(); use(one.name); } }, icon("spark"), one.label)));
  const button = iconButton("more", "Apps", () => openBeneath(button, list), { "aria-haspopup": "menu" });
  return el("span", {}, button, list);
}

function openBeneath(button, list) {
  list.showPopover();
  const { right, bottom } = button.getBoundingClientRect();
  list.style.setProperty("left", `${Math.max(8, right - list.offsetWidth)}px`);
  list.style.setProperty("top", `${Math.min(bottom + 6, innerHeight - list.offsetHeight - 8)}px`);
  list.querySelector("button").focus();
}

/* Return the command that a text is, and what stands behind it; null where it is an ordinary message. */
function commandOf(place, text) {
  const match = /^\/([^\s/]+)(?:\s+([\s\S]*))?$/.exec(text);
  const known = match && commandsIn(place, "slash").find((one) => one.name === match[1].toLowerCase());
  return known ? { command: known, behind: match[2] ?? "" } : null;
}

function beginEdit(id) {
  state.editing = id;
  render();
}

function editorOf(place, post) {
  const area = el("textarea", { rows: "1", "aria-label": "Edit your message" });
  area.value = decode(post.text, place.platform);
  const stop = () => { state.editing = null; render(); };
  const save = () => saveEdit(place, post, area.value.trim(), stop);
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); stop(); }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); save(); }
  });
  requestAnimationFrame(() => { area.focus(); area.setSelectionRange(area.value.length, area.value.length); });
  return el("div", { of: "editor" }, area, el("div", {}, el("button", { of: "button main", type: "button", onclick: save }, "Save"), el("button", { of: "button", type: "button", onclick: stop }, "Cancel"), "Enter saves, Esc cancels"));
}

async function saveEdit(place, post, text, stop) {
  if (!text) return askToDelete(place, post);
  stop();
  return attempt(() => call("edit", { ...spotOf(place), thread: post.thread, id: post.id, text: encode(text, place.platform) }));
}

function askToDelete(place, post) {
  const dialog = $("ask");
  dialog.returnValue = "keep";
  dialog.onclose = () => {
    if (dialog.returnValue !== "delete") return;
    state.editing = null;
    attempt(() => call("delete", { ...spotOf(place), thread: post.thread, id: post.id }));
  };
  dialog.showModal();
}

function fileNode(file) {
  if (file.voice && file.waveform) return voiceNode(file);
  if (file.voice || file.media_type.startsWith("audio/")) {
    const sound = el("audio", { controls: true, preload: "metadata", src: file.url, "aria-label": file.name });
    return el("div", { of: "file" }, icon("mic"), el("div", { of: "text" }, el("b", {}, file.voice ? "Voice message" : file.name), sound));
  }
  if (/^image\/(png|jpeg|gif|webp|avif)$/.test(file.media_type)) return el("a", { href: file.url, target: "_blank", rel: "noopener" }, el("img", { of: "picture", src: file.url, alt: file.name, loading: "lazy" }));
  return el("a", { of: "file", href: file.url, download: file.name }, icon("file"), el("span", { of: "text" }, el("b", {}, file.name), el("small", {}, `${sizeOf(file.size)} · ${file.media_type || "unknown type"}`)));
}

/* A voice message as its waveform, which fills while it is played. */
function voiceNode(file) {
  const bars = barsOf(file.waveform);
  const time = el("time", {}, clockOf(file.seconds));
  const sound = el("audio", { preload: "none", src: file.url });
  const button = el("button", { type: "button", "aria-label": "Play the voice message", onclick: () => (sound.paused ? sound.play() : sound.pause()) }, icon("play"));
  const show = () => {
    const share = sound.currentTime / file.seconds;
    bars.forEach((bar, index) => bar.classList.toggle("played", !sound.ended && index < share * bars.length));
    time.textContent = clockOf(sound.paused ? file.seconds : sound.currentTime);
    button.replaceChildren(icon(sound.paused ? "play" : "pause"));
    button.setAttribute("aria-label", sound.paused ? "Play the voice message" : "Pause the voice message");
  };
  for (const name of ["play", "pause", "timeupdate", "ended"]) sound.addEventListener(name, show);
  return el("div", { of: "voice" }, button, el("span", { of: "bars", "aria-hidden": "true" }, ...bars), time, sound);
}

function barsOf(waveform) {
  const bytes = Uint8Array.from(atob(waveform), (one) => one.charCodeAt(0));
  return Array.from({ length: Math.max(24, bytes.length) }, (_, index) => {
    const bar = el("i");
    bar.style.setProperty("height", `${Math.max(3, ((bytes[index] ?? 0) / 255) * 26)}px`);
    return bar;
  });
}

/* ---- Empty places say what to try ---- */

const STAND_IN_TRIES = ["what did we decide?", "help", "table"];
const TRIES = ["what did we decide?", "draft an agenda for Monday's planning", "compare SQLite and PostgreSQL in a table"];

function emptyState(place) {
  const one = channelOf(place);
  if (!one.members.includes(platform(place.platform).bot)) return emptyWithoutBot(place, one);
  const bot = person(platform(place.platform).bot, place.platform).name;
  const direct = one.kind === "im";
  const mark = avatar(platform(place.platform).bot, "mark", place.platform);
  const tries = (state.model.stand_in ? STAND_IN_TRIES : TRIES).map((text) => (direct ? text : `@${bot} ${text}`));
  return el("div", { of: "empty" }, mark, el("h3", {}, direct ? `You and ${bot}, nobody else` : `${isDirect(one) ? "" : "#"}${channelName(one)} is quiet so far`),
    el("p", {}, direct ? `Ask ${bot} anything: in a direct message it needs no mention.` : `Mention @${bot}, and it answers in a thread. After that, just go on in the thread.`),
    el("div", { of: "tries" }, ...tries.map((text) => el("button", { of: "try", type: "button", onclick: () => columns.channel.composer.fill(`${text}`) }, "Write ", el("b", {}, text)))));
}

function emptyWithoutBot(place, one) {
  const bot = person(platform(place.platform).bot, place.platform).name;
  return el("div", { of: "empty" }, el("h3", {}, `#${channelName(one)} is without ${bot}`), el("p", {}, `${form(place.platform).uninvited} A mention here reaches the people, and nobody else: try it, and see that no answer comes.`));
}

/* ---- The composer ---- */

function makeComposer(kind) {
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

function drawTools(composer) {
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

function replyTo(composer, post) {
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

function wrote(composer) {
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

/* ---- What is begun is completed: "@C" offers Confab, "#g" a channel, "/" the bot's commands ---- */

const COMPLETIONS = {
  commands: { sign: "/", typed: /^\/([\p{L}\d_-]{0,32})$/u, offers: (place) => commandsIn(place, "slash").map((one) => ({ words: [one.name], text: one.name, label: `/${one.name}`, note: one.about, mark: () => avatar(platform(place.platform).bot, "small", place.platform) })) },
  people: { sign: "@", typed: /(?:^|[^\p{L}\d@])@([\p{L}\d ._-]{0,30})$/u, offers: peopleToMention },
  channels: { sign: "#", typed: /(?:^|\s)#([\p{L}\d_-]{0,30})$/u, offers: (place) => visibleChannels(place.platform).filter((one) => one.name).map((one) => ({ words: [one.name], text: one.name, label: one.name, note: "", mark: signMark("#") })) },
};

const signMark = (sign) => () => el("span", { of: "sign", "aria-hidden": "true" }, sign);

function peopleToMention(place) {
  const { bot, people, groups } = platform(place.platform);
  const all = [...people.values()].filter((one) => one.id !== me(place.platform)).sort((a, b) => (b.id === bot) - (a.id === bot));
  return [
    ...all.map((one) => ({ words: [one.name, one.real_name], text: one.name, label: one.real_name, note: one.is_bot ? "app" : `@${one.name}`, mark: () => avatar(one.id, "small", place.platform) })),
    ...[...groups.values()].map((one) => ({ words: [one.name], text: one.name, label: one.name, note: "everyone with this role", mark: signMark("@") })),
  ];
}

function suggest(composer) {
  if (document.activeElement !== composer.area) return closeSuggestions(composer);
  const before = composer.area.value.slice(0, composer.area.selectionStart);
  for (const kind of form(composer.place.platform).completions) {
    const { typed, offers } = COMPLETIONS[kind];
    const begun = typed.exec(before)?.[1];
    const found = begun === undefined ? [] : beginningWith(offers(composer.place), begun.toLowerCase());
    if (!found.length) continue;
    composer.picking = { found, at: 0, from: before.length - begun.length };
    return drawSuggestions(composer);
  }
  return closeSuggestions(composer);
}

function beginningWith(offers, wanted) {
  return offers.filter(({ words }) => words.some((word) => word.toLowerCase().startsWith(wanted) && word.toLowerCase() !== wanted)).slice(0, 8);
}

function drawSuggestions(composer) {
  const { found, at } = composer.picking;
  composer.list.replaceChildren(...found.map((one, index) => el("li", { role: "option", id: `${composer.list.id}-${index}`, "aria-selected": String(index === at), onmousedown: (event) => { event.preventDefault(); pick(composer, index); } },
    one.mark(), el("span", { of: "label" }, one.label), el("small", {}, one.note))));
  composer.list.hidden = false;
  composer.area.setAttribute("aria-activedescendant", `${composer.list.id}-${at}`);
}

function closeSuggestions(composer) {
  composer.picking = null;
  composer.list.hidden = true;
  composer.area.removeAttribute("aria-activedescendant");
}

function onSuggestionKey(composer, event) {
  const { picking } = composer;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) picking.at = (picking.at + step + picking.found.length) % picking.found.length;
  if (step) drawSuggestions(composer);
  else if (event.key === "Enter" || event.key === "Tab") pick(composer, picking.at);
  else if (event.key === "Escape") closeSuggestions(composer);
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

function pick(composer, index) {
  const { found, from } = composer.picking;
  const { area } = composer;
  area.setRangeText(`${found[index].text} `, from, area.selectionStart, "end");
  closeSuggestions(composer);
  wrote(composer);
}

function insert(composer, text) {
  const { area } = composer;
  composer.focus();
  const before = area.value.slice(0, area.selectionStart);
  area.setRangeText(before && !/\s$/.test(before) ? ` ${text}` : text, area.selectionStart, area.selectionEnd, "end");
  wrote(composer);
}

/* ---- Files and voice ---- */

function enclose(composer, files) {
  for (const file of files) composer.enclosed.push({ file });
  drawEnclosed(composer);
  wrote(composer);
  composer.focus();
}

function drawEnclosed(composer) {
  composer.chips.replaceChildren(...composer.enclosed.map((enclosure) => enclosedNode(composer, enclosure)));
}

function enclosedNode(composer, enclosure) {
  const spoken = enclosure.seconds !== undefined;
  const remove = () => { composer.enclosed = composer.enclosed.filter((one) => one !== enclosure); drawEnclosed(composer); wrote(composer); };
  const note = spoken ? clockOf(enclosure.seconds) : sizeOf(enclosure.file.size);
  return el("div", { of: "file" }, icon(spoken ? "mic" : "file"), el("div", { of: "text" }, el("b", {}, spoken ? "Voice message" : enclosure.file.name), el("small", {}, note)), iconButton("close", `Remove ${enclosure.file.name}`, remove));
}

function acceptDrops(host, composer) {
  const sheet = el("div", { of: "drop", hidden: true }, "Drop to attach");
  host.append(sheet);
  const carriesFiles = (event) => [...event.dataTransfer.types].includes("Files");
  host.addEventListener("dragover", (event) => { if (carriesFiles(event)) { event.preventDefault(); sheet.hidden = false; } });
  host.addEventListener("dragleave", (event) => { if (!host.contains(event.relatedTarget)) sheet.hidden = true; });
  host.addEventListener("drop", (event) => {
    sheet.hidden = true;
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    enclose(composer, event.dataTransfer.files);
  });
}

function micButton(composer) {
  const able = Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
  return iconButton("mic", able ? "Record a voice message" : "This browser cannot record sound", () => startRecording(composer), { disabled: !able });
}

async function startRecording(composer) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false } }).catch((error) => { toast(whyNoSound(error)); });
  if (!stream) return;
  const recorder = new MediaRecorder(stream);
  const began = performance.now();
  const pieces = [];
  recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
  recorder.addEventListener("stop", () => finishRecording(composer, stream, pieces, (performance.now() - began) / 1000));
  composer.recorder = { recorder, began, keep: true };
  recorder.start();
  drawTools(composer);
}

function whyNoSound(error) {
  const reasons = { NotFoundError: "No microphone was found.", NotAllowedError: "The browser was not allowed to use the microphone.", NotReadableError: "Another program is using the microphone." };
  return reasons[error.name] ?? `The microphone could not be used: ${error.message}`;
}

function finishRecording(composer, stream, pieces, length) {
  stream.getTracks().forEach((track) => track.stop());
  const { keep, recorder } = composer.recorder;
  composer.recorder = null;
  const type = (recorder.mimeType || "audio/webm").split(";")[0];
  const name = `${form(composer.place.platform).recording}.${type.endsWith("mp4") ? "m4a" : type.split("/")[1]}`;
  if (keep && pieces.length) composer.enclosed.push({ file: new File(pieces, name, { type }), seconds: length });
  drawTools(composer);
  drawEnclosed(composer);
  wrote(composer);
  composer.focus();
}

function recordingNode(composer) {
  const { recorder, began } = composer.recorder;
  const time = el("span", {}, "0:00");
  const ticking = setInterval(() => { time.textContent = clockOf((performance.now() - began) / 1000); }, 500);
  recorder.addEventListener("stop", () => clearInterval(ticking));
  const finish = (keep) => { composer.recorder.keep = keep; recorder.stop(); };
  return el("span", { of: "recording", role: "group", "aria-label": "Recording" }, el("i", { "aria-hidden": "true" }), time,
    el("button", { type: "button", onclick: () => finish(true) }, "Done"), el("button", { type: "button", onclick: () => finish(false) }, "Discard"));
}

/* ---- The drawer: what reached the model, and the faults ---- */

function toggleDrawer(open = $("drawer").hidden) {
  $("drawer").hidden = !open;
  $("desk").classList.toggle("with-drawer", open);
  $("behind").setAttribute("aria-expanded", String(open));
  $("rail").classList.remove("open");
  if (open) refreshRequests();
  if (open) $("tab-model").focus();
  else if (isInSight("behind") && getComputedStyle($("behind")).visibility === "visible") $("behind").focus();
  else document.querySelector("#channel .menu")?.focus();
}

function chooseTab(name) {
  for (const one of ["model", "faults"]) {
    $(`tab-${one}`).setAttribute("aria-selected", String(one === name));
    $(`tab-${one}`).tabIndex = one === name ? 0 : -1;
    $(`panel-${one}`).hidden = one !== name;
  }
}

function onTabKey(event) {
  if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const other = $("panel-model").hidden ? "model" : "faults";
  chooseTab(other);
  $(`tab-${other}`).focus();
}

async function refreshRequests() {
  if ($("drawer").hidden) return;
  const answer = await fetch("/api/requests").then(answerOf).catch(() => null);
  if (answer) drawRequests(answer.requests, answer.checks);
}

function drawRequests(requests, checks) {
  const open = new Set([...document.querySelectorAll(".request[open]")].map((node) => node.dataset.number));
  const panel = $("panel-model");
  const isOpen = (one) => open.has(`c${one.number}`);
  const numbers = new Set(requests.map((one) => one.number));
  const alone = checks.filter((one) => !numbers.has(one.beside)).map((one) => [one.at, () => checkNode(one, isOpen(one))]);
  const asked = requests.map((one, index) => [one.at, () => requestNode(one, open.size ? open.has(String(one.number)) : index === 0, checks.filter((check) => check.beside === one.number), isOpen)]);
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
function requestNode(request, open, checks, isOpen) {
  return el("details", { of: "request", open, "data-number": String(request.number) },
    el("summary", {}, el("b", {}, `#${request.number}`), el("span", {}, request.model || request.path), el("time", {}, timeOf(request.at)), el("span", { of: "facts" }, ...factsOf(request).map((fact) => el("span", {}, fact)))),
    ...request.messages.map(promptNode), ...checks.toSorted((a, b) => a.at - b.at).map((one) => checkNode(one, isOpen(one))));
}

function checkNode(check, open) {
  const facts = [];
  if (check.took_ms !== null) facts.push(`took ${Math.round(check.took_ms)} ms`);
  if (check.beside) facts.push(`beside #${check.beside}`);
  if (check.first_token_ms !== null) facts.push(`whose first token came after ${Math.round(check.first_token_ms)} ms`);
  return el("details", { of: `request check${check.refused ? " refused" : ""}`, open, "data-number": `c${check.number}` },
    el("summary", {}, el("b", {}, "Check"), el("span", {}, check.verdict), el("time", {}, timeOf(check.at)), el("span", { of: "facts" }, ...facts.map((fact) => el("span", {}, fact)))),
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

function drawFaults() {
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

/* ---- Begin ---- */

const columns = { channel: makeColumn($("channel"), "channel"), thread: makeColumn($("thread"), "thread") };

addEventListener("hashchange", followAddress);
$("behind").addEventListener("click", () => toggleDrawer());
$("drawer-close").addEventListener("click", () => toggleDrawer(false));
for (const name of ["model", "faults"]) {
  $(`tab-${name}`).addEventListener("click", () => chooseTab(name));
  $(`tab-${name}`).addEventListener("keydown", onTabKey);
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || $("ask").open) return;
  if ($("rail").classList.contains("open")) closeRail();
  else if (!$("drawer").hidden) toggleDrawer(false);
  else if (state.place.thread) closeThread();
});

function closeRail() {
  $("rail").classList.remove("open");
  document.querySelector("#channel .menu")?.focus();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest(".rail, .menu")) $("rail").classList.remove("open");
});
connect();
