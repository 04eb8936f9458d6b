// The whole outage at a glance: users served by class, mean charge, and what the sites do. In a replay it is a slider.

import { byId, el, set } from "./dom.js";
import { colours, onThemeChange } from "./theme.js";
import { CLASS_WORDS, clock } from "./words.js";

const LEFT = 44, RIGHT = 14, TOP = 8, AXIS = 20, STRIP = 10, GAP = 10;
const TIME = 0, SOC = 1, CLASS = 2, SITES = 6; // columns of a point
const DASHES = [[], [7, 3], [2, 3], [10, 3, 2, 3]];
const WIDTHS = [2.2, 2, 1.8, 1.6];

export class Timeline {
  constructor(onSeek) {
    this.track = byId("track");
    this.canvas = byId("plot");
    this.cursorLine = byId("cursor");
    this.points = [];
    this.onSeek = onSeek;
    onThemeChange(() => this.redraw());
    this.listen();
  }

  // ``end_h``: of the axis.
  show(points, end_h, canSeek) {
    [this.points, this.end_h, this.canSeek] = [points, end_h, canSeek];
    this.track.classList.toggle("seekable", canSeek);
    if (canSeek) for (const [name, value] of [["role", "slider"], ["tabindex", 0], ["aria-label", "Time"], ["aria-valuemin", 0], ["aria-valuemax", end_h.toFixed(2)]]) set(this.track, name, value);
    else for (const name of ["role", "tabindex", "aria-label", "aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-valuetext"]) this.track.removeAttribute(name);
    this.redraw();
  }

  cursor(time_h) {
    this.cursorLine.style.transform = `translateX(${this.x(time_h)}px)`;
    if (!this.canSeek) return;
    set(this.track, "aria-valuenow", time_h.toFixed(2));
    set(this.track, "aria-valuetext", clock(time_h));
  }

  listen() {
    const seek = (event) => this.onSeek(this.timeAt(event.clientX));
    this.track.addEventListener("pointerdown", (event) => {
      if (!this.canSeek) return;
      this.track.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.track.addEventListener("pointermove", (event) => {
      if (this.canSeek && this.track.hasPointerCapture(event.pointerId)) seek(event);
    });
  }

  timeAt(client_x) {
    const { left, width } = this.track.getBoundingClientRect();
    const share = (client_x - left - LEFT) / (width - LEFT - RIGHT);
    return Math.max(0, Math.min(1, share)) * this.end_h;
  }

  x(time_h) {
    return LEFT + (this.width - LEFT - RIGHT) * (time_h / (this.end_h || 1));
  }

  y(share) {
    return TOP + (this.bottom - TOP) * (1 - share);
  }

  redraw() {
    const { width, height } = this.track.getBoundingClientRect(), ratio = Math.min(2, devicePixelRatio || 1);
    [this.width, this.bottom] = [width, height - AXIS - STRIP - GAP];
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const colour = colours(), rows = thinned(this.points, Math.max(50, width));
    this.drawAxes(context, colour, height);
    if (rows.length < 1) return;
    this.drawCharge(context, colour, rows);
    for (let kind = CLASS_WORDS.length - 1; kind >= 0; kind--) this.drawClass(context, colour, rows, kind);
    this.drawStrip(context, colour, rows);
  }

  drawAxes(context, colour, height) {
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const share of [0, 0.5, 1]) {
      context.fillStyle = colour.grid;
      context.fillRect(LEFT, Math.round(this.y(share)), this.width - LEFT - RIGHT, 1);
      context.fillStyle = colour.soft;
      context.fillText(`${share * 100} %`, LEFT - 8, this.y(share));
    }
    for (const hour of ticks(this.end_h || 1, Math.max(3, Math.floor(this.width / 110)))) {
      context.textAlign = this.x(hour) > this.width - 2 * RIGHT ? "right" : "center";
      context.fillText(`${hour} h`, this.x(hour), height - AXIS / 2 + 2);
    }
  }

  drawCharge(context, colour, rows) {
    context.beginPath();
    context.moveTo(this.x(rows[0][TIME]), this.y(0));
    for (const row of rows) context.lineTo(this.x(row[TIME]), this.y(row[SOC]));
    context.lineTo(this.x(rows.at(-1)[TIME]), this.y(0));
    context.fillStyle = colour.accent;
    context.globalAlpha = 0.14;
    context.fill();
    context.globalAlpha = 1;
  }

  drawClass(context, colour, rows, kind) {
    context.beginPath();
    for (const row of rows) context.lineTo(this.x(row[TIME]), this.y(row[CLASS + kind]));
    context.strokeStyle = colour.classes[kind];
    context.lineWidth = WIDTHS[kind];
    context.lineJoin = "round";
    context.setLineDash(DASHES[kind]);
    context.stroke();
    context.setLineDash([]);
  }

  // Under the plot: the sites by state, as shares of a narrow band.
  drawStrip(context, colour, rows) {
    const top = this.bottom + GAP;
    context.textAlign = "right";
    context.fillStyle = colour.soft;
    context.fillText("sites", LEFT - 8, top + STRIP / 2);
    rows.forEach((row, at) => {
      const from = Math.floor(this.x(row[TIME])), to = at + 1 < rows.length ? this.x(rows[at + 1][TIME]) : from + 1;
      const all = row.slice(SITES).reduce((total, count) => total + count, 0);
      let sum = 0;
      row.slice(SITES).forEach((count, state) => {
        const y = Math.round((STRIP * sum) / all);
        sum += count;
        context.fillStyle = colour.states[state];
        context.fillRect(from, top + y, Math.max(1, Math.ceil(to) - from), Math.round((STRIP * sum) / all) - y);
      });
    });
  }
}

// Keys to the lines: the same dashes as in the plot.
export function linesLegend() {
  const colour = colours();
  const keys = CLASS_WORDS.map((word, kind) => el("li", {}, lineKey(colour.classes[kind], kind), word));
  return [...keys, el("li", {}, el("i", { class: "key-charge" }), "mean charge")];
}

function lineKey(colour, kind) {
  const canvas = el("canvas", { class: "line-key", width: 48, height: 8 }), context = canvas.getContext("2d");
  context.scale(2, 2);
  context.strokeStyle = colour;
  context.lineWidth = WIDTHS[kind];
  context.setLineDash(DASHES[kind]);
  context.moveTo(0, 2);
  context.lineTo(24, 2);
  context.stroke();
  return canvas;
}

// At most ``most`` rows; of those that fall together the worst availability is kept, so that no dip is hidden.
function thinned(points, most) {
  const step = Math.ceil(points.length / most);
  if (step <= 1) return points;
  const rows = [];
  for (let at = 0; at < points.length; at += step) rows.push(worst(points.slice(at, at + step)));
  return rows;
}

function worst(rows) {
  return rows[0].map((value, column) => (column >= CLASS && column < SITES ? Math.min(...rows.map((row) => row[column])) : value));
}

function ticks(end, count) {
  const raw = end / count, scale = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * scale).find((s) => s >= raw - 1e-12);
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, k) => Number((k * step).toFixed(6)));
}
