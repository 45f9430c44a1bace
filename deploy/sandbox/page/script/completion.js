/* ---- What is begun is completed: "@C" offers Confab, "#g" a channel, "/" the bot's commands ---- */

import { commandOf, commandsIn, spotOf } from "./commands.js";
import { wrote } from "./composer.js";
import { el } from "./dom.js";
import { form } from "./forms.js";
import { avatar } from "./names.js";
import { visibleChannels } from "./place.js";
import { me, platform } from "./state.js";
import { call } from "./wire.js";

const COMPLETIONS = {
  commands: { sign: "/", typed: /^\/([\p{L}\d_-]{0,32}(?: [\p{L}\d_-]{0,32})?)$/u, offers: (place) => commandsIn(place, "slash").map((one) => ({ words: [one.name], text: one.name, label: `/${one.name}`, note: one.about, mark: () => avatar(platform(place.platform).bot, "small", place.platform) })) },
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

export function suggest(composer) {
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
  closeSuggestions(composer);
  return suggestOptions(composer);
}

const PAUSE = 150; /* milliseconds in which nothing is typed, after which the bot is asked */

/* What the bot itself suggests for what stands behind a command; what came too late is not shown. */
function suggestOptions(composer) {
  const { area, place } = composer;
  const text = area.value;
  const used = commandOf(place, text);
  if (!used?.command.option?.suggests || !/\s/.test(text)) return;
  const isMeant = () => area.value === text && document.activeElement === area;
  setTimeout(async () => {
    if (!isMeant()) return;
    const answer = await call("suggest", { ...spotOf(place), name: used.command.name, text: used.behind }).catch(() => ({ choices: [] }));
    const found = answer.choices.filter((one) => one.value !== used.behind).slice(0, 8);
    if (!isMeant() || !found.length) return;
    const mark = () => avatar(platform(place.platform).bot, "small", place.platform);
    const from = text.length - text.trimStart().length + used.command.name.length + 2;
    composer.picking = { found: found.map((one) => ({ text: one.value, label: one.label, note: "", mark })), at: 0, from };
    drawSuggestions(composer);
  }, PAUSE);
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

export function closeSuggestions(composer) {
  composer.picking = null;
  composer.list.hidden = true;
  composer.area.removeAttribute("aria-activedescendant");
}

export function onSuggestionKey(composer, event) {
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

export function insert(composer, text) {
  const { area } = composer;
  composer.focus();
  const before = area.value.slice(0, area.selectionStart);
  area.setRangeText(before && !/\s$/.test(before) ? ` ${text}` : text, area.selectionStart, area.selectionEnd, "end");
  wrote(composer);
}
