/* ---- Files and voice ---- */

import { drawTools, wrote } from "./composer.js";
import { el, icon, iconButton, toast } from "./dom.js";
import { form } from "./forms.js";
import { clockOf, sizeOf } from "./names.js";

export function enclose(composer, files) {
  for (const file of files) composer.enclosed.push({ file });
  drawEnclosed(composer);
  wrote(composer);
  composer.focus();
}

export function drawEnclosed(composer) {
  composer.chips.replaceChildren(...composer.enclosed.map((enclosure) => enclosedNode(composer, enclosure)));
}

function enclosedNode(composer, enclosure) {
  const spoken = enclosure.seconds !== undefined;
  const remove = () => { composer.enclosed = composer.enclosed.filter((one) => one !== enclosure); drawEnclosed(composer); wrote(composer); };
  const note = spoken ? clockOf(enclosure.seconds) : sizeOf(enclosure.file.size);
  return el("div", { of: "file" }, icon(spoken ? "mic" : "file"), el("div", { of: "text" }, el("b", {}, spoken ? "Voice message" : enclosure.file.name), el("small", {}, note)), iconButton("close", `Remove ${enclosure.file.name}`, remove));
}

export function acceptDrops(host, composer) {
  const sheet = el("div", { of: "drop", hidden: true }, "Drop to attach");
  host.append(sheet);
  const carriesFiles = (event) => [...event.dataTransfer.types].includes("Files");
  host.addEventListener("dragover", (event) => { if (carriesFiles(event)) { event.preventDefault(); sheet.hidden = false; } });
  host.addEventListener("dragleave", (event) => { if (!host.contains(event.relatedTarget)) sheet.hidden = true; });
  host.addEventListener("drop", (event) => {
    sheet.hidden = true;
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    enclose(composer, event.dataTransfer.files);
  });
}

export function micButton(composer) {
  const able = Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
  return iconButton("mic", able ? "Record a voice message" : "This browser cannot record sound", () => startRecording(composer), { disabled: !able });
}

async function startRecording(composer) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false } }).catch((error) => { toast(whyNoSound(error)); });
  if (!stream) return;
  const recorder = new MediaRecorder(stream);
  const began = performance.now();
  const pieces = [];
  recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
  recorder.addEventListener("stop", () => finishRecording(composer, stream, pieces, (performance.now() - began) / 1000));
  composer.recorder = { recorder, began, keep: true };
  recorder.start();
  drawTools(composer);
}

function whyNoSound(error) {
  const reasons = { NotFoundError: "No microphone was found.", NotAllowedError: "The browser was not allowed to use the microphone.", NotReadableError: "Another program is using the microphone." };
  return reasons[error.name] ?? `The microphone could not be used: ${error.message}`;
}

function finishRecording(composer, stream, pieces, length) {
  stream.getTracks().forEach((track) => track.stop());
  const { keep, recorder } = composer.recorder;
  composer.recorder = null;
  const type = (recorder.mimeType || "audio/webm").split(";")[0];
  const name = `${form(composer.place.platform).recording}.${type.endsWith("mp4") ? "m4a" : type.split("/")[1]}`;
  if (keep && pieces.length) composer.enclosed.push({ file: new File(pieces, name, { type }), seconds: length });
  drawTools(composer);
  drawEnclosed(composer);
  wrote(composer);
  composer.focus();
}

export function recordingNode(composer) {
  const { recorder, began } = composer.recorder;
  const time = el("span", {}, "0:00");
  const ticking = setInterval(() => { time.textContent = clockOf((performance.now() - began) / 1000); }, 500);
  recorder.addEventListener("stop", () => clearInterval(ticking));
  const finish = (keep) => { composer.recorder.keep = keep; recorder.stop(); };
  return el("span", { of: "recording", role: "group", "aria-label": "Recording" }, el("i", { "aria-hidden": "true" }), time,
    el("button", { type: "button", onclick: () => finish(true) }, "Done"), el("button", { type: "button", onclick: () => finish(false) }, "Discard"));
}
