// What stands beside the map: users served by class against their targets, and a battery for every site.

import { byId, el, say, set } from "./dom.js";
import { css, icon, path } from "./glyphs.js";
import { CLASSES, CLASS_WORDS, STATE_WORDS, percent, sharePercent } from "./words.js";

const FEW = 10; // sites that fit below one another
const MANY = 24; // more do not fit beside the map: their list scrolls by itself

export class ClassMeters {
  constructor(targets_frac) {
    this.targets_frac = targets_frac;
    this.rows = CLASSES.map((name, kind) => this.row(name, kind));
    byId("classes").replaceChildren(...this.rows.map((row) => row.box));
  }

  row(name, kind) {
    const value = el("b"), verdict = el("span", { class: "verdict" }), bar = el("i", { class: `fill class-${name}` });
    const tick = el("i", { class: "target" });
    tick.style.left = percent(this.targets_frac[kind]).replace(" ", "");
    const meter = el("div", { class: "meter", role: "meter", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": CLASS_WORDS[kind] }, bar, tick);
    return { value, verdict, bar, meter, box: el("div", { class: "class" }, el("span", { class: "label" }, CLASS_WORDS[kind]), value, meter, verdict) };
  }

  draw(frame) {
    this.rows.forEach(({ value, verdict, bar, meter, box }, kind) => {
      const share = frame.availability_frac[kind], target = this.targets_frac[kind], missed = share < target - 1e-9;
      say(value, sharePercent(share));
      say(verdict, missed ? `below its target of ${percent(target)}` : `target ${percent(target)}`);
      bar.style.width = `${share * 100}%`;
      set(meter, "aria-valuenow", Math.round(share * 100));
      box.classList.toggle("missed", missed);
    });
  }
}

export class SiteList {
  constructor(ground, onSelect) {
    this.onSelect = onSelect;
    this.rows = ground.sites.map((site, index) => this.row(site, index));
    byId("sites").classList.toggle("few", ground.sites.length <= FEW);
    byId("sites").classList.toggle("many", ground.sites.length > MANY);
    byId("sites").replaceChildren(...this.rows.map((row) => row.item));
  }

  row(site, index) {
    const shape = icon(0), soc = el("span", { class: "soc" }), cars = el("span", { class: "ev" }), bar = el("i", { class: "fill" });
    const floor = el("i", { class: "target" }), mode = el("span", { class: "hidden" });
    floor.style.left = `${site.soc_min_frac * 100}%`;
    const meter = el("div", { class: "meter" }, bar, floor);
    const link = el("a", { href: `#${encodeURIComponent(site.id)}`, "data-row": index }, shape, el("span", { class: "label" }, site.id), mode, meter, soc, cars);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.onSelect(index, link);
    });
    return { glyph: shape.firstChild, soc, cars, bar, mode, link, floor_frac: site.soc_min_frac, item: el("li", {}, link) };
  }

  draw(frame) {
    this.rows.forEach((row, index) => {
      const state = frame.state[index], soc = frame.sites.soc_frac[index], cars = frame.sites.ev_connected[index];
      set(row.glyph, "class", css(state));
      set(row.glyph, "d", path(state));
      say(row.mode, `${STATE_WORDS[state]}, battery `);
      say(row.soc, percent(soc));
      say(row.cars, cars ? `${cars} EV` : "");
      row.bar.style.width = `${Math.round(soc * 100)}%`;
      row.link.classList.toggle("low", soc < row.floor_frac + 0.05);
    });
    say(byId("mean"), `mean ${percent(frame.soc_mean_frac)}`);
  }

  select(chosen) {
    this.rows.forEach(({ link }, index) => link.classList.toggle("chosen", index === chosen));
  }
}
