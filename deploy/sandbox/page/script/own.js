/* ---- The bot's own pages, which a real one has as well: usage, files, personas. They stand on its own port, in a frame. ---- */

import { $, el, icon, iconButton } from "./dom.js";
import { replaceIfChanged } from "./drawing.js";
import { state } from "./state.js";

const PAGES = [["usage", "Usage", "usage"], ["sources", "Files", "file"], ["personas", "Personas", "persona"]];
const addressOf = (path) => `${state.bot.pages}/${path}?key=${encodeURIComponent(state.bot.key)}`;

export function drawOwnLinks() {
  $("own-links").hidden = !state.bot.pages;
  $("unmoderated").hidden = state.bot.moderation !== "off";
  replaceIfChanged($("own-links"), state.bot.pages, () => PAGES.map(([path, name, sign]) => el("button", { type: "button", onclick: () => openOwn(path, name) }, icon(sign), name)));
}

function openOwn(path, name) {
  $("rail").classList.remove("open");
  const dialog = $("own");
  const close = () => dialog.close();
  dialog.replaceChildren(
    el("header", {}, el("h2", {}, "Confab\u2019s own pages"), el("a", { of: "icon-button", href: addressOf(path), target: "_blank", rel: "noopener", "aria-label": "Open by itself", title: "Open by itself" }, icon("out")), iconButton("close", "Close", close)),
    el("iframe", { src: addressOf(path), title: name }),
  );
  dialog.showModal();
}
