/* ---- One's own message, changed or taken away ---- */

import { columns } from "./columns.js";
import { spotOf } from "./commands.js";
import { $, el } from "./dom.js";
import { render } from "./drawing.js";
import { state } from "./state.js";
import { decode, encode } from "./typed.js";
import { attempt, call } from "./wire.js";

export function beginEdit(id) {
  state.editing = id;
  render();
}

export function editorOf(place, post) {
  const area = el("textarea", { rows: "1", "aria-label": "Edit your message" });
  area.value = decode(post.text, place.platform);
  const { composer } = place.thread ? columns.thread : columns.channel;
  const stop = () => { state.editing = null; render(); composer.focus(); };
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

export function askToDelete(place, post) {
  const dialog = $("ask");
  dialog.returnValue = "keep";
  dialog.onclose = () => {
    if (dialog.returnValue !== "delete") return;
    state.editing = null;
    attempt(() => call("delete", { ...spotOf(place), thread: post.thread, id: post.id }));
  };
  dialog.showModal();
}
