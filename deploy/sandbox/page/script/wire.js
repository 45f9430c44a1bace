/* ---- Talking to the sandbox ---- */

import { $, toast } from "./dom.js";
import { me, take } from "./state.js";

export async function call(path, body) {
  const response = await fetch(`/api/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return answerOf(response);
}

export async function answerOf(response) {
  const answer = await response.json().catch(() => ({ error: `The sandbox answered ${response.status}` }));
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error instanceof TypeError ? "The sandbox cannot be reached just now." : error.message);
    return null;
  }
}

export async function upload(enclosure, place) {
  const query = new URLSearchParams({ platform: place.platform, user: me(place.platform), name: enclosure.file.name });
  if (enclosure.seconds !== undefined) {
    query.set("voice_seconds", enclosure.seconds.toFixed(2));
    query.set("waveform", await waveformOf(enclosure.file));
  }
  const headers = { "Content-Type": enclosure.file.type || "application/octet-stream" };
  const answer = await answerOf(await fetch(`/api/upload?${query}`, { method: "POST", headers, body: enclosure.file }));
  return answer.id;
}

/* The loudness of a recording in 48 steps, each a byte, in base64; empty where the browser cannot read it. */
async function waveformOf(file) {
  const STEPS = 48;
  try {
    const sound = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(await file.arrayBuffer());
    const samples = sound.getChannelData(0);
    const step = Math.max(1, Math.floor(samples.length / STEPS));
    const peaks = Array.from({ length: STEPS }, (_, index) => samples.subarray(index * step, (index + 1) * step).reduce((most, one) => Math.max(most, Math.abs(one)), 0));
    const loudest = Math.max(...peaks, 0.05);
    return btoa(String.fromCharCode(...peaks.map((peak) => Math.round((peak / loudest) * 255))));
  } catch {
    return "";
  }
}

export function connect(wait = 400) {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live`);
  let opened = false;
  socket.addEventListener("open", () => { opened = true; $("lost").hidden = true; });
  socket.addEventListener("message", (event) => take(JSON.parse(event.data)));
  socket.addEventListener("close", () => {
    $("lost").hidden = false;
    setTimeout(connect, wait, opened ? 400 : Math.min(wait * 1.6, 5000));
  });
}
