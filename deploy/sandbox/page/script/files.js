/* ---- A file, or a voice note, in a message ---- */

import { el, icon } from "./dom.js";
import { clockOf, sizeOf } from "./names.js";

export function fileNode(file) {
  if (file.voice && file.waveform) return voiceNode(file);
  if (file.voice || file.media_type.startsWith("audio/")) {
    const sound = el("audio", { controls: true, preload: "metadata", src: file.url, "aria-label": file.name });
    return el("div", { of: "file" }, icon("mic"), el("div", { of: "text" }, el("b", {}, file.voice ? "Voice message" : file.name), sound));
  }
  if (/^image\/(png|jpeg|gif|webp|avif)$/.test(file.media_type)) return el("a", { href: file.url, target: "_blank", rel: "noopener" }, el("img", { of: "picture", src: file.url, alt: file.name, loading: "lazy" }));
  return el("a", { of: "file", href: file.url, download: file.name }, icon("file"), el("span", { of: "text" }, el("b", {}, file.name), el("small", {}, `${sizeOf(file.size)} · ${file.media_type || "unknown type"}`)));
}

/* A voice message as its waveform, which fills while it is played. */
function voiceNode(file) {
  const bars = barsOf(file.waveform);
  const time = el("time", {}, clockOf(file.seconds));
  const sound = el("audio", { preload: "none", src: file.url });
  const button = el("button", { type: "button", "aria-label": "Play the voice message", onclick: () => (sound.paused ? sound.play() : sound.pause()) }, icon("play"));
  const show = () => {
    const share = sound.currentTime / file.seconds;
    bars.forEach((bar, index) => bar.classList.toggle("played", !sound.ended && index < share * bars.length));
    time.textContent = clockOf(sound.paused ? file.seconds : sound.currentTime);
    button.replaceChildren(icon(sound.paused ? "play" : "pause"));
    button.setAttribute("aria-label", sound.paused ? "Play the voice message" : "Pause the voice message");
  };
  for (const name of ["play", "pause", "timeupdate", "ended"]) sound.addEventListener(name, show);
  return el("div", { of: "voice" }, button, el("span", { of: "bars", "aria-hidden": "true" }, ...bars), time, sound);
}

function barsOf(waveform) {
  const bytes = Uint8Array.from(atob(waveform), (one) => one.charCodeAt(0));
  return Array.from({ length: Math.max(24, bytes.length) }, (_, index) => {
    const bar = el("i");
    bar.style.setProperty("height", `${Math.max(3, ((bytes[index] ?? 0) / 255) * 26)}px`);
    return bar;
  });
}
