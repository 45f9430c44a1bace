/* ---- The DOM, a little shorter. Text goes in as text nodes only: nothing here ever parses a message as HTML. ---- */

export const $ = (id) => document.getElementById(id);

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) setAttribute(node, key, value);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function setAttribute(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else node.setAttribute(key === "of" ? "class" : key, value === true ? "" : value);
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

export function iconButton(name, label, onclick, extra = {}) {
  const { of = "", ...rest } = extra;
  return el("button", { of: `icon-button ${of}`, type: "button", "aria-label": label, title: label, onclick, ...rest }, icon(name));
}

export function toast(text) {
  const node = el("div", { of: "toast" }, text);
  $("toasts").append(node);
  setTimeout(() => node.remove(), 6000);
}
