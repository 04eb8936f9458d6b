// How a user of each class looks. All users of one look are one path, drawn at once: six thousand cost as little as a few.

const RADIUS = [4.4, 3.2, 2.0, 1.7];
const SHAPES = [diamond, triangle, dot, dot];
const CROSSES = [diagonal, upright, diagonal, dash]; // of users without service
const RING = 3; // the class that is drawn hollow: of two dots one must not need its colour to be told from the other
const LEGEND_HALF = 8; // of a drawing's side there, in pixels of the page

// Adds a user to the path; ``size``: 1 is that of the legend.
export function trace(context, kind, served, x, y, size) {
  if (served) SHAPES[kind](context, x, y, RADIUS[kind] * size);
  else CROSSES[kind](context, x, y, (RADIUS[kind] + 1.2) * size);
}

// Draws the path of all users of a class, with service or without.
export function paint(context, kind, served, colours, size) {
  context.fillStyle = colours.classes[kind];
  const filled = served && kind !== RING;
  context.strokeStyle = filled ? colours.card : colours.classes[kind];
  context.lineWidth = filled ? size : size * (kind < 2 ? 2 : 1.4);
  if (filled) context.fill();
  if (!filled || kind === 0) context.stroke();
}

// One user alone.
export function drawing(colours, kind, served) {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  canvas.width = canvas.height = 4 * LEGEND_HALF;
  canvas.className = "key-user";
  canvas.setAttribute("aria-hidden", "true");
  context.scale(2, 2);
  context.beginPath();
  trace(context, kind, served, LEGEND_HALF, LEGEND_HALF, 1);
  paint(context, kind, served, colours, 1);
  return canvas;
}

function dot(context, x, y, r) {
  context.moveTo(x + r, y); context.arc(x, y, r, 0, 2 * Math.PI);
}

function diamond(context, x, y, r) {
  context.moveTo(x, y - r); context.lineTo(x + r, y); context.lineTo(x, y + r); context.lineTo(x - r, y); context.lineTo(x, y - r);
}

function triangle(context, x, y, r) {
  context.moveTo(x, y - r); context.lineTo(x + r, y + r * 0.8); context.lineTo(x - r, y + r * 0.8);
}

function diagonal(context, x, y, r) {
  context.moveTo(x - r, y - r); context.lineTo(x + r, y + r); context.moveTo(x + r, y - r); context.lineTo(x - r, y + r);
}

function upright(context, x, y, r) {
  dash(context, x, y, r); context.moveTo(x, y - r); context.lineTo(x, y + r);
}

function dash(context, x, y, r) {
  context.moveTo(x - r, y); context.lineTo(x + r, y);
}
