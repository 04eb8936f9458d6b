// How a user of each class looks: drawn once, then stamped a thousand times a picture, which costs next to nothing.

const RADIUS = [4.4, 3.2, 2.0, 1.7];
const SHAPES = [diamond, triangle, dot, dot];
const HALF = 8; // of a stamp's side, in pixels of the page

// Stamps by class, ``served`` and ``lost``, for a canvas with ``ratio`` dots a pixel.
export function stamps(colours, ratio) {
  return SHAPES.map((shape, kind) => ({
    served: stamp(ratio, (context) => paintServed(context, shape, kind, colours)),
    lost: stamp(ratio, (context) => paintLost(context, kind, colours)),
  }));
}

export function put(context, image, x, y) {
  context.drawImage(image, x - HALF, y - HALF, 2 * HALF, 2 * HALF);
}

function stamp(ratio, paint) {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  canvas.width = canvas.height = Math.ceil(2 * HALF * ratio);
  canvas.className = "stamp";
  canvas.setAttribute("aria-hidden", "true");
  context.scale(ratio, ratio);
  context.translate(HALF, HALF);
  context.beginPath();
  paint(context);
  return canvas;
}

function paintServed(context, shape, kind, colours) {
  shape(context, RADIUS[kind]);
  context.fillStyle = colours.classes[kind];
  context.strokeStyle = colours.card;
  context.fill();
  if (kind === 0) context.stroke();
}

function paintLost(context, kind, colours) {
  const r = RADIUS[kind] + 1.2;
  context.moveTo(-r, -r); context.lineTo(r, r); context.moveTo(r, -r); context.lineTo(-r, r);
  context.strokeStyle = colours.classes[kind];
  context.lineWidth = kind < 2 ? 2 : 1.4;
  context.stroke();
}

function dot(context, r) {
  context.arc(0, 0, r, 0, 2 * Math.PI);
}

function diamond(context, r) {
  context.moveTo(0, -r); context.lineTo(r, 0); context.lineTo(0, r); context.lineTo(-r, 0); context.closePath();
}

function triangle(context, r) {
  context.moveTo(0, -r); context.lineTo(r, r * 0.8); context.lineTo(-r, r * 0.8); context.closePath();
}
