/* ---- The bot's commands: typed behind a slash, or chosen from a message's menu ---- */

import { columns } from "./columns.js";
import { el, icon, iconButton } from "./dom.js";
import { isDirect } from "./names.js";
import { channelOf, me, state } from "./state.js";
import { attempt, call } from "./wire.js";

export function commandsIn(place, kind) {
  const reach = place.thread ? "in_threads" : isDirect(channelOf(place)) ? "in_direct" : "in_channels";
  return (state.commands[place.platform] ?? []).filter((one) => one.kind === kind && one[reach]);
}

export const menusIn = (place) => commandsIn(place, "menu");
export const spotOf = (place) => ({ platform: place.platform, channel: place.channel, thread: place.thread, user: me(place.platform) });

export function menuButton(place, post) {
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
export function commandOf(place, text) {
  const [first, ...rest] = text.split(/(\s+)/);
  const names = [[first + (rest[0] ?? "") + (rest[1] ?? ""), rest.slice(2)], [first, rest]];
  for (const [name, behind] of first.startsWith("/") ? names : []) {
    const known = commandsIn(place, "slash").find((one) => `/${one.name}` === name.replace(/\s+/, " ").toLowerCase());
    if (known) return { command: known, behind: behind.join("").trim() };
  }
  return null;
}
