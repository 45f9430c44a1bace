/* ---- From what a person types to what the platform's own client sends, and back ---- */

import { form } from "./forms.js";
import { platform } from "./state.js";

export function outsideCode(text, code, prose) {
  return text.split(/(```[\s\S]*?```|`[^`\n]*`)/).map((part, index) => (index % 2 ? code(part) : prose(part))).join("");
}

export function escapeText(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

export function spokenNames(text, name) {
  const { people, groups } = platform(name);
  const ids = [...[...groups.values()].map((one) => [one.name, `<@&${one.id}>`]), ...[...people.values()].map((one) => [one.name, `<@${one.id}>`])];
  return spoken(text, "@", [...ids, ...Object.entries(form(name).wide)]);
}

export function spokenChannels(text, name) {
  return spoken(text, "#", [...platform(name).channels.values()].filter((one) => one.name).map((one) => [one.name, `<#${one.id}>`]));
}

/* Write what stands for each name; the longest first, as one may begin another. */
export function spoken(text, sign, pairs) {
  const names = new Map(pairs.map(([word, meant]) => [word.toLowerCase(), meant]));
  const longest = [...names.keys()].sort((a, b) => b.length - a.length).map(escapePattern);
  if (!longest.length) return text;
  const pattern = new RegExp(`(^|[^\\p{L}\\d${sign}])${sign}(${longest.join("|")})(?![\\p{L}\\d_])`, "giu");
  return text.replace(pattern, (_, before, who) => before + names.get(who.toLowerCase()));
}

export const addressesInBrackets = (text) => text.replace(/https?:\/\/[^\s<>]*[^\s<>.,;:!?)]/g, "<$&>");
const escapePattern = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
export const encode = (text, name) => form(name).encode(text, name);
export const decode = (text, name) => form(name).decode(text, name);
