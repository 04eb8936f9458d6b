// The colours of page.css for what is drawn on a canvas, and whether the reader wants things to stand still.

import { CLASSES, STATES } from "./words.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");

export const wantsStill = () => still.matches;

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of("ink"), soft: of("soft"), rule: of("rule"), grid: of("grid"), page: of("page"), card: of("card"), accent: of("accent"),
    classes: CLASSES.map(of), states: STATES.map(of),
  };
}

export const onThemeChange = (callback) => dark.addEventListener("change", callback);
