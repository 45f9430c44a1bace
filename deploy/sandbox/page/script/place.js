/* ---- Where one is: kept in the address, so that the browser's Back works ---- */

import { columns } from "./columns.js";
import { render } from "./drawing.js";
import { channelOf, me, person, placeKey, platform, state } from "./state.js";

export function goTo(place) {
  const parts = [place.platform, place.channel, place.thread].filter(Boolean);
  location.hash = `#/${parts.join("/")}`;
  followAddress();  // its event comes later, and what is typed until then would be written elsewhere
}

export function followAddress() {
  const place = placeFromAddress();
  if (place) enter(place);
}

function placeFromAddress() {
  const [name, channel, thread] = location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
  return visibleChannels(name).some((one) => one.id === channel) ? { platform: name, channel, thread: thread ?? null } : null;
}

export function openFirstPlace() {
  const [first] = state.platforms.keys();
  enter(placeFromAddress() ?? lastPlace(first));
}

/* Where one was on a platform, or its first channel. */
export function lastPlace(name) {
  return state.last.get(name) ?? { platform: name, channel: visibleChannels(name)[0].id, thread: null };
}

function enter(place) {
  const moved = placeKey(place) !== placeKey(state.place);
  const sameChannel = place.platform === state.place.platform && place.channel === state.place.channel;
  if (moved) state.atHome = false;
  state.place = place;
  state.last.set(place.platform, place);
  state.editing = moved ? null : state.editing;
  state.unread.delete(placeKey({ ...place, thread: null }));
  state.unread.delete(placeKey(place));
  if (!sameChannel) clearChannelUnread(place);
  render();
  if (moved) arrive(sameChannel);
}

function clearChannelUnread(place) {
  for (const key of [...state.unread.keys()]) {
    const [name, channel, thread] = key.split("/");
    if (name === place.platform && channel === place.channel && !thread) state.unread.delete(key);
  }
}

function arrive(sameChannel) {
  const column = state.place.thread ? columns.thread : columns.channel;
  if (!sameChannel) columns.channel.toEnd();
  if (state.place.thread) columns.thread.toEnd();
  if (matchMedia("(hover: hover)").matches) column.composer.focus();
}

export function visibleChannels(name) {
  return [...(platform(name)?.channels.values() ?? [])].filter((one) => one.kind === "channel" || one.members.includes(me(name)));
}

/* One is the same person everywhere: by the name that people read. */
export function become(id) {
  const { real_name: who } = person(id);
  for (const known of state.platforms.values()) {
    const same = [...known.people.values()].find((one) => one.real_name === who && !one.is_bot);
    if (same) setMe(known.platform, same.id);
  }
  setMe(state.place.platform, id);
  state.unread.clear();
  state.last.clear();
  state.editing = null;
  const name = state.place.platform;
  if (!visibleChannels(name).some((one) => one.id === state.place.channel)) goTo({ platform: name, channel: sameSortOfPlace(name), thread: null });
  render();
}

function setMe(name, id) {
  state.me[name] = id;
  sessionStorage.setItem(`confab-me-${name}`, id);
}

function sameSortOfPlace(name) {
  const kind = channelOf()?.kind;
  const open = visibleChannels(name);
  return (open.find((one) => one.kind === kind) ?? open[0]).id;
}
