// Users on a canvas: a shape and colour for each class, a cross for whoever has no service.

import { byId, el } from "./dom.js";
import { drawing, paint, trace } from "./shapes.js";
import { colours, onThemeChange } from "./theme.js";
import { CLASS_WORDS } from "./words.js";

const FAR_ALPHA = 0.22; // of users that have nothing to do with the chosen site

export class UserLayer {
  constructor() {
    this.canvas = byId("users");
    this.context = this.canvas.getContext("2d");
    this.ratio = Math.min(2, devicePixelRatio || 1);
    this.colours = colours();
    onThemeChange(() => { this.colours = colours(); });
  }

  resize({ width, height }) {
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
  }

  // ``users`` {from, to, share}: columns before and after, and how far between them; ``lines``: from users to sites.
  draw(users, scale, sites, chosen, lines) {
    const context = this.context;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, scale.width, scale.height);
    if (!users) return;
    const places = placed(users, scale);
    if (lines || chosen >= 0) this.drawLines(users.from, places, sites, scale, lines ? -1 : chosen);
    if (chosen >= 0) this.drawUsers(users.from, places, scale.size, FAR_ALPHA, (u) => !isOf(users.from, u, chosen));
    this.drawUsers(users.from, places, scale.size, 1, (u) => chosen < 0 || isOf(users.from, u, chosen));
  }

  drawLines(users, { x, y }, sites, scale, only) {
    const context = this.context, at = sites.map((site) => [scale.x(site.x_m), scale.y(site.y_m)]);
    context.beginPath();
    for (let u = 0; u < x.length; u++) {
      const site = users.site[u];
      if (site < 0 || (only >= 0 && site !== only)) continue;
      context.moveTo(x[u], y[u]);
      context.lineTo(at[site][0], at[site][1]);
    }
    context.strokeStyle = this.colours.ink;
    context.globalAlpha = only >= 0 ? 0.28 : 0.13;
    context.lineWidth = 1;
    context.stroke();
  }

  // The less important first, so that nobody hides an emergency; whoever is without service above the others of the class.
  drawUsers(users, places, size, alpha, fits) {
    this.context.globalAlpha = alpha;
    for (let kind = CLASS_WORDS.length - 1; kind >= 0; kind--) {
      for (const served of [1, 0]) this.drawAlike(users, places, size, kind, served, fits);
    }
    this.context.globalAlpha = 1;
  }

  drawAlike(users, { x, y }, size, kind, served, fits) {
    this.context.beginPath();
    for (let u = 0; u < x.length; u++) {
      if (users.service_class[u] === kind && users.served[u] === served && fits(u)) trace(this.context, kind, served, x[u], y[u], size);
    }
    paint(this.context, kind, served, this.colours, size);
  }

  legend() {
    const keys = CLASS_WORDS.map((word, kind) => el("li", {}, drawing(this.colours, kind, 1), word));
    const without = CLASS_WORDS.map((_, kind) => drawing(this.colours, kind, 0));
    return [...keys, el("li", {}, ...without, "without service")];
  }
}

function isOf(users, u, site) {
  return users.site[u] === site || users.own[u] === site;
}

function placed({ from, to, share }, scale) {
  const count = from.x_m.length, moves = to && to.x_m.length === count && share > 0;
  const x = new Float32Array(count), y = new Float32Array(count);
  for (let u = 0; u < count; u++) {
    x[u] = scale.x(moves ? from.x_m[u] + (to.x_m[u] - from.x_m[u]) * share : from.x_m[u]);
    y[u] = scale.y(moves ? from.y_m[u] + (to.y_m[u] - from.y_m[u]) * share : from.y_m[u]);
  }
  return { x, y };
}
