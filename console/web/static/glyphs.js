// One shape for each state of a site, so that nobody needs to tell colours apart. Unit size: they fill a circle of radius 1.

import { STATES } from "./words.js";
import { svg } from "./dom.js";

const PATHS = [
  "M-.82 0a.82.82 0 1 0 1.64 0a.82.82 0 1 0-1.64 0z", // a disc
  "M-.34-1h.68v.66h.66v.68h-.66v.66h-.68v-.66h-.66v-.68h.66z", // a plus: it gives
  "M-.9-.75h1.8l-.9 1.65z", // a triangle that stands on its tip: it leans on others
  "M.35-.92a.95.95 0 1 0 .57 1.27a.78.78 0 0 1-.57-1.27z", // a crescent
  "M-.9-.55l.35-.35.55.55.55-.55.35.35-.55.55.55.55-.35.35-.55-.55-.55.55-.35-.35.55-.55z", // a cross
];

export const path = (state) => PATHS[state];
export const css = (state) => `glyph state-${STATES[state]}`;

// A drawing of its own, for lists and legends.
export function icon(state) {
  return svg("svg", { class: "icon", viewBox: "-1.15 -1.15 2.3 2.3", "aria-hidden": "true" },
    svg("path", { class: css(state), d: path(state) }));
}

