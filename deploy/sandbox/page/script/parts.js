/* ---- What messages and views are made of beside plain text: headings, buttons, menus. The sandbox says which, in order;
        `doing` says what a press and a choice do. ---- */

import { renderText } from "./blocks.js";
import { el } from "./dom.js";

export function partNodes(parts, context, doing) {
  return parts.map((part) => DRAWN[part.kind](part, context, doing));
}

const written = (text, context) => el("div", { of: "said" }, renderText(text, context));

const DRAWN = {
  text: (part, context) => written(part.text, context),
  heading: (part) => el("h3", { of: "part-title" }, part.text),
  note: (part, context) => el("div", { of: "part-note" }, written(part.text, context)),
  divider: () => el("hr", { of: "part-line" }),
  buttons: (part, context, doing) => buttonsNode(part, doing),
  select: (part, context, doing) => selectNode(part, doing),
};

/* While a press is under way, none of the buttons beside it can be pressed. */
function buttonsNode(part, { press }) {
  const row = el("div", { of: "buttons", role: "group", "aria-label": "Choices" });
  const use = async (button) => {
    for (const each of row.children) each.disabled = true;
    await press(button);
    for (const each of row.children) each.disabled = false;
  };
  row.append(...part.buttons.map((button) => el("button", { of: `button ${button.style}`.trim(), type: "button", onclick: () => use(button) }, button.label)));
  return row;
}

/* A menu that is kept is read when its form is sent; any other tells at once what was chosen. */
function selectNode(part, { choose }) {
  const options = part.options.map((one) => el("option", { value: one.value, selected: one.value === part.value }, one.label));
  if (!part.options.some((one) => one.value === part.value)) options.unshift(el("option", { value: "", selected: true, disabled: true }, "Choose…"));
  const menu = el("select", { name: part.id, "aria-label": part.label || "Choose", onchange: () => { if (!part.is_kept) choose(part, menu.value); } }, ...options);
  return part.label ? el("label", { of: "field" }, el("span", {}, part.label), menu) : el("div", { of: "field" }, menu);
}
