// How states, classes and numbers are called.

export const DOWN = 4;
export const STATES = ["normal", "helping", "assisted", "deep_sleep", "down"];
export const STATE_WORDS = ["normal", "helping", "assisted", "deep sleep", "down"];
export const CLASSES = ["emergency", "voice", "essential", "best_effort"];
export const CLASS_WORDS = ["Emergency", "Voice", "Essential", "Best effort"];

export const percent = (share, digits = 0) => `${(share * 100).toFixed(digits)} %`;

// A share of users: never 100 % while somebody is missing.
export function sharePercent(share) {
  const rounded = Math.round(share * 100);
  return rounded === 100 && share < 1 ? `${(Math.floor(share * 1000) / 10).toFixed(1)} %` : `${rounded} %`;
}

export function clock(time_h) {
  const minutes = Math.floor(time_h * 60 + 1e-6);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

export const speedWords = (speed) => (speed === 0 ? "max" : `${speed} ×`);

// "7" for "site-7" where all sites are called so, else the whole name.
export function shortName(id) {
  return /^site-\d+$/.test(id) ? id.slice(5) : id;
}
