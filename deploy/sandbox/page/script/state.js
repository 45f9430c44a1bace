/* ---- What the page knows. The sandbox sends it whole on every connection, then change by change. ---- */

import { columns } from "./columns.js";
import { suggest } from "./completion.js";
import { refreshRequests } from "./drawer.js";
import { render } from "./drawing.js";
import { goTo, openFirstPlace } from "./place.js";
import { noteUnread, openAnswer } from "./unread.js";

export const state = {
  model: { stand_in: true, host: "", name: "", where: "", is_found: false },
  bot: { pages: "", key: "", moderation: "" },
  smallModel: { state: "", told: "" },
  hears: true,
  platforms: new Map(),
  me: {},
  place: { platform: "slack", channel: "", thread: null },
  faults: [],
  commands: {},
  last: new Map(),
  editing: null,
  unread: new Map(),
  drafts: new Map(),
  clock: 0,
  atHome: false,
  unfolded: new Map(),
};

export const platform = (name = state.place.platform) => state.platforms.get(name);
export const channelOf = (place = state.place) => platform(place.platform)?.channels.get(place.channel);
export const me = (name = state.place.platform) => state.me[name];
export const person = (id, name = state.place.platform) => platform(name)?.people.get(id) ?? { id, name: id, real_name: id, is_bot: false };
export const placeKey = (place) => `${place.platform}/${place.channel}/${place.thread ?? ""}`;
const byTime = (a, b) => a.at - b.at;
export const rootOf = (post) => post.thread ?? post.id;
export const isReply = (post) => Boolean(post.thread) && post.thread !== post.id;

function takeWhole(message) {
  state.platforms = new Map(message.platforms.map((given) => [given.platform, newPlatform(given)]));
  for (const given of message.platforms) state.me[given.platform] ??= rememberedMe(given);
}

function newPlatform(given) {
  const { platform: key, name, place, bot, most_characters: most } = given;
  const known = { platform: key, name, place, bot, most, online: false, posts: new Map(), statuses: new Map(), views: new Map(given.views.map((one) => [one.user, one])) };
  for (const kind of ["people", "groups", "channels", "threads"]) known[kind] = new Map(given[kind].map((one) => [one.id, one]));
  for (const id of known.channels.keys()) known.posts.set(id, new Map());
  for (const post of given.posts) putPost(known, post);
  for (const status of given.statuses) putStatus(known, status);
  return known;
}

function putPost(known, post) {
  if (!known.posts.has(post.channel)) known.posts.set(post.channel, new Map());
  known.posts.get(post.channel).set(post.id, { ...post, version: ++state.clock });
}

/* A status ends when it is taken back; one that has `seconds` ends after these, or with a message of who types. */
function putStatus(known, status) {
  const key = `${status.channel}/${status.thread ?? ""}`;
  if (status.text) known.statuses.set(key, status);
  else known.statuses.delete(key);
  if (status.seconds) setTimeout(() => endStatus(known, key, (one) => one === status), status.seconds * 1000);
}

function endStatus(known, key, isMeant) {
  const standing = known.statuses.get(key);
  if (!standing || !isMeant(standing)) return;
  known.statuses.delete(key);
  render();
}

export function statusIn(place, thread = place.thread) {
  const known = platform(place.platform);
  const status = known.statuses.get(`${place.channel}/${thread ?? ""}`);
  return status ? `${person(status.user, place.platform).name} ${status.text}` : "";
}

function rememberedMe(given) {
  const saved = sessionStorage.getItem(`confab-me-${given.platform}`);
  const people = given.people.filter((one) => !one.is_bot);
  return (people.find((one) => one.id === saved) ?? people[0]).id;
}

const CHANGES = {
  state: (message) => { takeWhole(message); takeSurroundings(message); openFirstPlace(); },
  surroundings: takeSurroundings,
  posted: (message) => {
    const { post } = message;
    const known = platform(message.platform);
    putPost(known, post);
    endStatus(known, `${post.channel}/${post.thread ?? ""}`, (status) => status.seconds && status.user === post.user);
    if (!openAnswer(message.platform, post)) noteUnread(message.platform, post);
  },
  edited: (message) => putPost(platform(message.platform), message.post),
  deleted: (message) => platform(message.platform).posts.get(message.post.channel)?.delete(message.post.id),
  status: (message) => putStatus(platform(message.platform), message),
  views: (message) => platform(message.platform).views.set(message.user, message),
  thread: (message) => platform(message.platform).threads.set(message.thread.id, message.thread),
  no_thread: (message) => forgetThread(platform(message.platform), message.thread),
};

function forgetThread(known, thread) {
  const { channel } = known.threads.get(thread) ?? {};
  known.threads.delete(thread);
  for (const post of known.posts.get(channel)?.values() ?? []) if (post.thread === thread) known.posts.get(channel).delete(post.id);
  if (state.place.thread === thread) goTo({ ...state.place, thread: null });
}

function takeSurroundings(message) {
  state.model = message.model;
  state.bot = message.bot;
  state.hears = message.hears;
  state.smallModel = message.small_model;
  state.faults = message.faults;
  const fresh = JSON.stringify(state.commands) !== JSON.stringify(message.commands);
  state.commands = message.commands;
  if (fresh) for (const { composer } of Object.values(columns)) if (composer.place) suggest(composer);
  for (const [name, online] of Object.entries(message.online)) platform(name).online = online;
  refreshRequests();
}

export function take(message) {
  CHANGES[message.kind]?.(message);
  render();
}

export function postsOf(place) {
  const posts = platform(place.platform)?.posts.get(place.channel)?.values() ?? [];
  return [...posts].filter((post) => !post.only_for || post.only_for === me(place.platform)).sort(byTime);
}

export const shownInChannel = (post) => !isReply(post) || post.broadcast;
