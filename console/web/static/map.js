// Sites, what they cover, and who carries whose users: SVG below and above the canvas of users.

import { byId, el, say, set, svg } from "./dom.js";
import { css, icon, path } from "./glyphs.js";
import { DOWN, STATE_WORDS, percent, shortName } from "./words.js";

const MARGIN_FRAC = 1.15; // of the nominal radius, around the outermost sites
const LINK_MAX = 9;
const LEAST = 3.8, MOST = 11; // pixels of a site's glyph, as far as there is room
const TINY = 4.4; // sites so small have no room for their names but that of the one pointed at
const ROOMY_PX = 38; // of the nominal radius: less, and what is drawn becomes smaller, down to half

export class SiteMap {
  constructor(onSelect) {
    this.box = byId("box");
    this.below = byId("ground");
    this.marks = byId("marks");
    this.onSelect = onSelect;
    this.sites = [];
    this.scale = { x: () => 0, y: () => 0, per_m: 1, width: 0, height: 0, size: 1 };
  }

  // Another network: everything is drawn anew.
  show(ground) {
    this.ground = ground;
    this.covers = ground.sites.map(() => svg("circle", { r: 0 }));
    this.below.replaceChildren(...this.covers);
    this.links = svg("g", { class: "links", "aria-hidden": "true" });
    this.lines = new Map();
    this.sites = ground.sites.map((site, index) => this.mark(site, index));
    this.marks.replaceChildren(this.links, ...this.sites.map((site) => site.link));
    this.resize();
  }

  mark(site, index) {
    const parts = {
      halo: svg("circle", { class: "halo", r: 1.62 }),
      track: svg("circle", { class: "ring-track", r: 1.42 }),
      ring: svg("circle", { class: "ring", r: 1.42, pathLength: 1, transform: "rotate(-90)" }),
      glyph: svg("path"),
    };
    const body = svg("g", {}, parts.halo, parts.track, parts.ring, parts.glyph);
    const name = svg("text", { class: "name" }, shortName(site.id));
    const cars = svg("text", { class: "cars" });
    const link = svg("a", { href: `#${encodeURIComponent(site.id)}`, class: "site", "data-site": index }, body, name, cars);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.onSelect(index, link);
    });
    return { ...parts, body, name, cars, link };
  }

  // The network fills the box; metres north are up.
  resize() {
    if (!this.ground) return;
    const { width, height } = this.box.getBoundingClientRect();
    const xs = this.ground.sites.map((site) => site.x_m), ys = this.ground.sites.map((site) => site.y_m);
    const margin_m = this.ground.radius_m[0] * MARGIN_FRAC;
    const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const per_m = Math.min(width / (east - west + 2 * margin_m), height / (north - south + 2 * margin_m));
    const x = (x_m) => width / 2 + (x_m - (west + east) / 2) * per_m;
    const y = (y_m) => height / 2 - (y_m - (south + north) / 2) * per_m;
    const radius_px = this.ground.radius_m[0] * per_m, size = Math.max(0.5, Math.min(1, radius_px / ROOMY_PX));
    this.scale = { x, y, per_m, width, height, size };
    for (const layer of [this.below, this.marks]) set(layer, "viewBox", `0 0 ${width} ${height}`);
    this.place(Math.max(Math.min(LEAST, radius_px * 0.25), Math.min(MOST, radius_px * 0.13)));
  }

  place(radius) {
    this.marks.classList.toggle("tiny", radius < TINY);
    this.ground.sites.forEach((site, index) => {
      const { body, name, cars } = this.sites[index], x = this.scale.x(site.x_m), y = this.scale.y(site.y_m);
      set(body, "transform", `translate(${x} ${y}) scale(${radius})`);
      set(name, "x", x); set(name, "y", y + radius * 1.6 + 14);
      set(cars, "x", x + radius * 1.75); set(cars, "y", y - radius * 1.1);
      set(this.covers[index], "cx", x); set(this.covers[index], "cy", y);
    });
    this.lines.forEach((line) => line.remove());
    this.lines.clear();
  }

  // One frame.
  draw(frame) {
    frame.state.forEach((state, index) => this.drawSite(frame, state, index));
    this.drawLinks(frame.links);
  }

  drawSite(frame, state, index) {
    const site = this.ground.sites[index], part = this.sites[index];
    const soc = frame.sites.soc_frac[index], cars = frame.sites.ev_connected[index];
    set(this.covers[index], "class", `cover ${css(state)}`);
    set(this.covers[index], "r", this.ground.radius_m[state] * this.scale.per_m);
    set(part.glyph, "class", css(state));
    set(part.glyph, "d", path(state));
    set(part.ring, "stroke-dasharray", `${soc.toFixed(2)} 1`);
    set(part.ring, "class", soc < site.soc_min_frac + 0.05 ? "ring low" : "ring");
    say(part.cars, cars ? `${cars} EV` : "");
    set(part.link, "aria-label", `${site.id}, ${STATE_WORDS[state]}, battery ${percent(soc)}${cars ? `, ${cars} parked EV` : ""}`);
    part.link.classList.toggle("is-down", state === DOWN);
  }

  drawLinks(links) {
    const seen = new Set();
    for (const [helper, own, users] of links) {
      const key = `${helper} ${own}`;
      seen.add(key);
      if (!this.lines.has(key)) this.lines.set(key, this.line(helper, own));
      set(this.lines.get(key), "stroke-width", (this.scale.size * Math.min(LINK_MAX, 0.6 + 0.75 * Math.sqrt(users))).toFixed(1));
      set(this.lines.get(key), "stroke-opacity", Math.min(0.75, 0.25 + users / 25).toFixed(2));
    }
    for (const [key, line] of this.lines) {
      if (!seen.has(key)) { line.remove(); this.lines.delete(key); }
    }
  }

  line(helper, own) {
    const a = this.ground.sites[helper], b = this.ground.sites[own], { x, y } = this.scale;
    const line = svg("line", { x1: x(a.x_m), y1: y(a.y_m), x2: x(b.x_m), y2: y(b.y_m) });
    this.links.append(line);
    return line;
  }

  select(chosen) {
    this.sites.forEach(({ link }, index) => link.classList.toggle("chosen", index === chosen));
  }
}

// What the shapes mean; users' shapes are drawn by users.js.
export function mapLegend() {
  const states = STATE_WORDS.map((word, state) => el("li", {}, icon(state), word));
  const link = svg("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { class: "key-link", d: "M2 10h16" }));
  return [...states, el("li", {}, link, "carries users of")];
}
