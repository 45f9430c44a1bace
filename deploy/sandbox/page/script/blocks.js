/* ---- Markdown, line by line, in the dialects that are met: `markdown` of a model and `mrkdwn` of a person on Slack, and
        Discord's ---- */

import { el, icon } from "./dom.js";
import { DIALECTS, inline, literal } from "./inline.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*)$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}(?:>|&gt;) ?/;
const ITEM = /^(\s*)([-*+•]|\d{1,9}[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

const lead = (line) => line.length - line.trimStart().length;

export function renderText(source, context) {
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

export const deeper = (context) => ({ ...context, depth: context.depth + 1 });

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

export function heading(cursor, context) {
  const match = HEADING.exec(cursor.lines[cursor.at]);
  if (!match) return null;
  cursor.at += 1;
  return el(`h${match[1].length}`, {}, ...inline(match[2].trim().replace(/(?:^|\s)#+$/, ""), context));
}

export function rule(cursor) {
  if (!RULE.test(cursor.lines[cursor.at])) return null;
  cursor.at += 1;
  return el("hr");
}

export function quote(cursor, context) {
  if (!QUOTE.test(cursor.lines[cursor.at])) return null;
  const inside = [];
  while (cursor.at < cursor.lines.length && QUOTE.test(cursor.lines[cursor.at])) {
    inside.push(cursor.lines[cursor.at].replace(QUOTE, ""));
    cursor.at += 1;
  }
  return el("blockquote", {}, renderLines(inside, deeper(context)));
}

export function list(cursor, context) {
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

export function table(cursor, context) {
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
export function discordHeading(cursor, context) {
  return /^#{1,3} /.test(cursor.lines[cursor.at]) ? heading(cursor, context) : null;
}

export function subtext(cursor, context) {
  const match = /^-# +(.*)$/.exec(cursor.lines[cursor.at]);
  if (!match) return null;
  cursor.at += 1;
  return el("p", { of: "subtext" }, ...inline(match[1], context));
}

export function discordQuote(cursor, context) {
  const { lines } = cursor;
  if (!/^>(?:>>)? /.test(lines[cursor.at])) return null;
  const inside = [];
  if (lines[cursor.at].startsWith(">>> ")) inside.push(lines[cursor.at].slice(4), ...lines.slice(cursor.at + 1));
  else while (lines[cursor.at + inside.length]?.startsWith("> ")) inside.push(lines[cursor.at + inside.length].slice(2));
  cursor.at += inside.length;
  return el("blockquote", {}, renderLines(inside, deeper(context)));
}
