// Play, pause and speed: buttons that say what they do now.

import { byId, el, set } from "./dom.js";
import { speedWords } from "./words.js";

const PLAY = "M8 5.5v13l11-6.5z", PAUSE = "M7 5h3.6v14H7zM13.4 5H17v14h-3.6z";

export class Transport {
  constructor({ onToggle, onSpeed, onLive }) {
    [this.play, this.live] = [byId("play"), byId("live")];
    this.live.addEventListener("click", onLive);
    this.speeds = byId("speeds");
    this.play.addEventListener("click", onToggle);
    this.speeds.addEventListener("change", (event) => onSpeed(Number(event.target.value)));
    this.offered = "";
  }

  // ``enabled``: somebody is there who can be asked; ``back``: one looks back on a run that goes on.
  draw({ playing, speed, speeds, enabled, back = false }) {
    this.live.hidden = !back;
    this.play.disabled = this.speeds.disabled = !enabled;
    set(this.play, "aria-label", playing ? "Pause" : "Play");
    set(this.play.querySelector("path"), "d", playing ? PAUSE : PLAY);
    this.offer(speeds.includes(speed) || speed === null ? speeds : [...speeds, speed].sort(bySpeed));
    for (const input of this.speeds.querySelectorAll("input")) input.checked = Number(input.value) === speed;
  }

  offer(speeds) {
    if (this.offered === speeds.join()) return;
    this.offered = speeds.join();
    this.speeds.replaceChildren(this.speeds.firstElementChild, ...speeds.map(choice));
  }
}

function choice(speed) {
  return el("label", {}, el("input", { type: "radio", name: "speed", value: speed }), el("span", {}, speedWords(speed)));
}

// 0 is the fastest.
function bySpeed(a, b) {
  return (a || Infinity) - (b || Infinity);
}
