/* ---- Views, which Slack has beside messages: a modal over the page, and the app's home in place of its messages ---- */

import { $, el, iconButton } from "./dom.js";
import { replaceIfChanged } from "./drawing.js";
import { form } from "./forms.js";
import { partNodes } from "./parts.js";
import { channelOf, me, platform, state } from "./state.js";
import { attempt, call } from "./wire.js";

const contextOf = (place) => ({ dialect: "mrkdwn", platform: place.platform, depth: 0 });
const viewsOf = (place) => platform(place.platform).views.get(me(place.platform));

/* Whether the place is the bot's direct message on a platform where it has a home, and that is shown. */
export const hasHome = (place) => form(place.platform).home && !place.thread && channelOf(place).kind === "im" && channelOf(place).members.includes(platform(place.platform).bot);
export const isAtHome = (place) => state.atHome && hasHome(place);

export function homeTabs(place, go) {
  const tab = (label, isHome) => el("button", { type: "button", "aria-pressed": String(isAtHome(place) === isHome), onclick: () => go(isHome) }, label);
  return el("div", { of: "home-tabs", role: "group", "aria-label": "What of the app is shown" }, tab("Messages", false), tab("Home", true));
}

export async function openHome() {
  await attempt(() => call("home", { user: me() }));
}

export function drawHome(node, place) {
  node.hidden = !isAtHome(place);
  if (node.hidden) return;
  const home = viewsOf(place)?.home;
  const press = (button) => attempt(() => call("home/press", { user: me(), button: button.id }));
  replaceIfChanged(node, JSON.stringify([me(), home]), () => (home ? partNodes(home, contextOf(place), { press }) : [el("p", { of: "part-note" }, "Nothing is shown here yet: the bot is told that you opened its home.")]));
}

/* The modal that stands open before whom one is, on the platform that is looked at. */
export function drawModal() {
  const dialog = $("modal");
  const modal = viewsOf(state.place)?.modal;
  if (modal) replaceIfChanged(dialog, JSON.stringify([state.place.platform, me(), modal]), () => modalNodes(modal));
  if (modal && !dialog.open) dialog.showModal();
  if (!modal && dialog.open) dialog.close();
}

export const closeModal = () => attempt(() => call("modal/close", { user: me() }));

function modalNodes(modal) {
  const error = el("p", { of: "modal-error", role: "alert", hidden: true });
  const body = el("form", { of: "modal-body" }, ...partNodes(modal.parts, contextOf(state.place), {}));
  const send = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(body)].filter(([, value]) => value));
    await call("modal/send", { user: me(), values }).catch((fault) => { error.hidden = false; error.textContent = fault.message; });
  };
  body.addEventListener("submit", send);
  const buttons = [el("button", { of: "button", type: "button", onclick: closeModal }, modal.close || "Close")];
  if (modal.submit) buttons.push(el("button", { of: "button main", type: "button", onclick: () => body.requestSubmit() }, modal.submit));
  return [
    el("header", {}, el("h2", { id: "modal-title" }, modal.title), iconButton("close", "Close", closeModal)),
    body, error, el("footer", {}, ...buttons),
  ];
}
