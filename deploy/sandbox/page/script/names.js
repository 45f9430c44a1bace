/* ---- Names and faces ---- */

import { el, icon } from "./dom.js";
import { me, person, platform, state } from "./state.js";

function initials(one) {
  const words = (one.real_name || one.name).split(/\s+/).filter(Boolean);
  return (words.length > 1 ? words[0][0] + words.at(-1)[0] : words[0]?.slice(0, 2) ?? "?").toUpperCase();
}

const HUES = [12, 262, 205, 338, 28, 232, 150, 300, 186, 48];

function hueOf(one, name) {
  return HUES[Math.max(0, [...(platform(name)?.people.keys() ?? [])].indexOf(one.id)) % HUES.length];
}

export function avatar(id, size = "", name = state.place.platform, shownAs = "") {
  const one = person(id, name);
  const isConfab = id === platform(name)?.bot && !shownAs;
  const node = el("span", { of: `avatar ${size} ${isConfab ? "bot" : ""}`, "aria-hidden": "true" }, isConfab ? icon("mark") : initials(shownAs ? { real_name: shownAs } : one));
  node.style.setProperty("--hue", hueOf(one, name));
  return node;
}

export function channelName(one, name = state.place.platform) {
  if (one.kind === "im") return others(one, name)[0] ?? one.name;
  if (one.kind === "mpim") return others(one, name).join(", ");
  return one.name;
}

function others(one, name) {
  const rest = one.members.filter((id) => id !== me(name)).map((id) => person(id, name));
  return rest.sort((a, b) => a.is_bot - b.is_bot).map((each) => (rest.length > 1 ? each.name : each.real_name));
}

export const isDirect = (one) => one.kind === "im" || one.kind === "mpim";
/* A time that fits beside a row without a face: no "AM", which would run into the text. */
export const shortTimeOf = (at) => timeOf(at).replace(/\s*[\p{L}.]+$/u, "");
export const timeOf = (at) => new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export function dayOf(at) {
  const day = new Date(at * 1000);
  const today = new Date();
  if (day.toDateString() === today.toDateString()) return "Today";
  return day.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}

export function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export const clockOf = (total) => `${Math.floor(total / 60)}:${String(Math.floor(total % 60)).padStart(2, "0")}`;
