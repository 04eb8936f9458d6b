// One site in figures, and why it is as it is, in the words of the run's own files.

import { byId, el, say } from "./dom.js";
import { icon } from "./glyphs.js";
import { DOWN, STATE_WORDS, percent } from "./words.js";

const ASK_AGAIN_MS = 1500;

export class SitePanel {
  constructor(onClose) {
    this.box = byId("panel");
    this.chosen = -1;
    this.onClose = onClose;
    byId("panel-close").addEventListener("click", () => this.close());
  }

  get isOpen() {
    return this.chosen >= 0;
  }

  open(index, opener) {
    this.chosen = index;
    this.opener = opener;
    this.asked_ms = -Infinity;
    this.askedFor = -1;
    this.drawn = null;
    byId("panel-why").replaceChildren(el("p", {}, "Asking …"));
    this.box.hidden = false;
    byId("panel-title").focus();
  }

  close() {
    if (!this.isOpen) return;
    this.chosen = -1;
    this.box.hidden = true;
    this.opener?.focus();
    this.onClose();
  }

  // The frame's figures at once; the reasons when the moment is another, but not all the time.
  draw(frame, ground, source, now_ms) {
    if (!this.isOpen) return;
    if (frame !== this.drawn) this.drawFacts(frame, ground.sites[this.chosen]);
    if (frame.period !== this.askedFor && now_ms - this.asked_ms > ASK_AGAIN_MS) this.ask(frame, source, now_ms);
  }

  drawFacts(frame, site) {
    const state = frame.state[this.chosen];
    this.drawn = frame;
    say(byId("panel-title"), site.id);
    byId("panel-mode").replaceChildren(icon(state), STATE_WORDS[state]);
    const rows = facts(frame, this.chosen).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)));
    byId("panel-facts").replaceChildren(...rows);
  }

  async ask(frame, source, now_ms) {
    const index = this.chosen;
    this.asked_ms = now_ms;
    this.askedFor = frame.period;
    const lines = await source.reasons(index, frame.period);
    if (index === this.chosen) byId("panel-why").replaceChildren(...lines.map(sentence));
  }
}

function sentence(line) {
  return el("p", line.startsWith("  ") ? { class: "detail" } : {}, line.trim());
}

function facts(frame, index) {
  const of = (name) => frame.sites[name][index], kw = (name) => `${of(name).toFixed(2)} kW`;
  const rows = [
    ["Battery", percent(of("soc_frac"), 1)],
    ["Draws", kw("load_kw")],
    ["Its cell’s users", `${of("users_served")} of ${of("users_own")} served`],
    ["Serves", frame.state[index] === DOWN ? "nobody" : `${of("users_carried")} users`],
    ["Parked EVs", String(of("ev_connected"))],
  ];
  const sources = [["EVs sell", "v2g_kw"], ["EVs charge", "ev_charge_kw"], ["Sun", "pv_kw"], ["Grid", "grid_import_kw"]];
  return [...rows, ...sources.filter(([, name]) => of(name) > 0).map(([word, name]) => [word, kw(name)])];
}
