/* ---- The page begins here ---- */

import "./columns.js"; // first, so that all that the columns are made from stands before them
import { closeThread } from "./column.js";
import { $ } from "./dom.js";
import { chooseTab, onTabKey, toggleDrawer } from "./drawer.js";
import { followAddress } from "./place.js";
import { state } from "./state.js";
import { closeModal } from "./views.js";
import { connect } from "./wire.js";

addEventListener("hashchange", followAddress);
$("behind").addEventListener("click", () => toggleDrawer());
$("drawer-close").addEventListener("click", () => toggleDrawer(false));
for (const name of ["model", "faults"]) {
  $(`tab-${name}`).addEventListener("click", () => chooseTab(name));
  $(`tab-${name}`).addEventListener("keydown", onTabKey);
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
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
$("modal").addEventListener("cancel", (event) => { event.preventDefault(); closeModal(); });
connect();
