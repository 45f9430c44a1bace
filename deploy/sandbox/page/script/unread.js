/* ---- Unread marks ---- */

import { columns } from "./columns.js";
import { $ } from "./dom.js";
import { goTo, visibleChannels } from "./place.js";
import { isReply, me, placeKey, platform, shownInChannel, state } from "./state.js";

export function noteUnread(name, post) {
  if (post.user === me(name) || isVisible(name, post) || (post.only_for && post.only_for !== me(name))) return;
  const key = placeKey({ platform: name, channel: post.channel, thread: isReply(post) ? post.thread : null });
  state.unread.set(key, (state.unread.get(key) ?? 0) + 1);
}

function isVisible(name, post) {
  const { platform: shown, channel, thread } = state.place;
  if (name !== shown || post.channel !== channel) return false;
  return (shownInChannel(post) && isInSight("channel")) || thread === post.thread;
}

/* A narrow window shows one column alone: what stands in the other is not seen. */
export const isInSight = (column) => $(column).offsetParent !== null;

/* What is unread in a channel; what is unread in a thread that the rail lists by itself is counted there. */
export function unreadIn(name, channel) {
  let count = 0;
  const listed = new Set(listedThreads(name, channel).map((one) => one.id));
  for (const [key, number] of state.unread) if (key.startsWith(`${name}/${channel}/`) && !listed.has(key.split("/")[2])) count += number;
  return count;
}

export const unreadInThread = (name, one) => state.unread.get(placeKey({ platform: name, channel: one.channel, thread: one.id })) ?? 0;

export function unreadOn(name) {
  const visible = new Set(visibleChannels(name).map((one) => one.id));
  return [...state.unread].reduce((sum, [key, number]) => (key.startsWith(`${name}/`) && visible.has(key.split("/")[1]) ? sum + number : sum), 0);
}

/* The threads that stand under their channel in the rail: the newest few that are open. */
const MOST_LISTED = 5;

export function listedThreads(name, channel) {
  const all = [...platform(name).threads.values()].filter((one) => one.channel === channel && !one.archived && (!one.private || one.members.includes(me(name))));
  return all.map((one) => [lastIn(name, one), one]).sort((a, b) => b[0] - a[0]).slice(0, MOST_LISTED).map(([, one]) => one);
}

function lastIn(name, thread) {
  const posts = [...(platform(name).posts.get(thread.channel)?.values() ?? [])];
  return posts.reduce((last, post) => (post.thread === thread.id || post.id === thread.id ? Math.max(last, post.at) : last), 0);
}

/* The first answer to one's own question opens beside it, also in place of an older thread, where there is room and
   nothing else is being written. */
export function openAnswer(name, post) {
  const { platform: shown, channel, thread } = state.place;
  const here = name === shown && post.channel === channel && thread !== post.thread && isReply(post) && post.user === platform(name).bot;
  const posts = platform(name).posts.get(post.channel);
  const first = [...posts.values()].filter((one) => isReply(one) && one.thread === post.thread).length === 1;
  const idle = Object.values(columns).every(({ composer }) => !composer.area.value && !composer.enclosed.length) && !state.editing && !$("ask").open;
  if (!here || !first || !idle || posts.get(post.thread)?.user !== me(name) || !matchMedia("(min-width: 1041px)").matches) return false;
  goTo({ ...state.place, thread: post.thread });
  return true;
}
