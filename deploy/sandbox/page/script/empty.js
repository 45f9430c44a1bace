/* ---- Empty places say what to try ---- */

import { columns } from "./columns.js";
import { el } from "./dom.js";
import { form } from "./forms.js";
import { avatar, channelName, isDirect } from "./names.js";
import { channelOf, person, platform, state } from "./state.js";

const STAND_IN_TRIES = ["what did we decide?", "help", "table"];
const TRIES = ["what did we decide?", "draft an agenda for Monday's planning", "compare SQLite and PostgreSQL in a table"];

export function emptyState(place) {
  const one = channelOf(place);
  if (!one.members.includes(platform(place.platform).bot)) return emptyWithoutBot(place, one);
  const bot = person(platform(place.platform).bot, place.platform).name;
  const direct = one.kind === "im";
  const mark = avatar(platform(place.platform).bot, "mark", place.platform);
  const tries = (state.model.stand_in ? STAND_IN_TRIES : TRIES).map((text) => (direct ? text : `@${bot} ${text}`));
  return el("div", { of: "empty" }, mark, el("h3", {}, direct ? `You and ${bot}, nobody else` : `${isDirect(one) ? "" : "#"}${channelName(one)} is quiet so far`),
    el("p", {}, direct ? `Ask ${bot} anything: in a direct message it needs no mention.` : `Mention @${bot}, and it answers in a thread. After that, just go on in the thread.`),
    el("div", { of: "tries" }, ...tries.map((text) => el("button", { of: "try", type: "button", onclick: () => columns.channel.composer.fill(`${text}`) }, "Write ", el("b", {}, text)))));
}

function emptyWithoutBot(place, one) {
  const bot = person(platform(place.platform).bot, place.platform).name;
  return el("div", { of: "empty" }, el("h3", {}, `#${channelName(one)} is without ${bot}`), el("p", {}, `${form(place.platform).uninvited} A mention here reaches the people, and nobody else: try it, and see that no answer comes.`));
}
