/* ---- Markdown within a line, and the three dialects ---- */

import { deeper, discordHeading, discordQuote, heading, list, quote, rule, subtext, table } from "./blocks.js";
import { el } from "./dom.js";
import { me, person, platform } from "./state.js";

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
export const DIALECTS = {
  markdown: { rules: MARKDOWN, blocks: [heading, rule, table, quote, list], literal: decodeEntities, goesOn: true },
  mrkdwn: { rules: MRKDWN, blocks: [quote, list], literal: decodeEntities, goesOn: true, fencesAnywhere: true },
  discord: { rules: DISCORD, blocks: [discordHeading, subtext, discordQuote, list], literal: (text) => text, fencesAnywhere: true },
};

export const literal = (text, context) => DIALECTS[context.dialect].literal(text);

export function inline(text, context) {
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

export function mention(sign, id, label, context) {
  if (sign === "!" && id.startsWith("date^")) return label ?? "";
  const isMe = sign === "!" || (sign === "@" && id === me(context.platform));
  return el("span", { of: isMe ? "mention me" : "mention" }, mentionText(sign, id, label, context.platform));
}

export function mentionText(sign, id, label, name) {
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

export function decodeEntities(text) {
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]);
}
