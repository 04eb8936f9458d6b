// A recorded run: its frames are fetched in chunks as they are needed, and played by the browser's own clock.

import { reasonsFrom } from "./reasons.js";

const CHUNK = 60, KEPT = 12;
const SPEEDS = [60, 300, 900, 3600];
const MOST_MS = 250; // of one step: a tab that was hidden goes on where it was

export class ReplaySource {
  // ``at_h``: where it begins; ``playing``: whether it plays when it is loaded.
  constructor(name, at_h = 0, playing = true) {
    this.canSeek = true;
    this.url = `/api/runs/${encodeURIComponent(name)}`;
    this.title = name;
    this.listeners = {};
    this.chunks = new Map();
    [this.points, this.time_h, this.speed, this.playing, this.last_ms] = [[], at_h, 300, false, null];
    [this.problem, this.loading] = ["", true];
    this.load(playing);
  }

  on(event, callback) {
    this.listeners[event] = callback;
  }

  tell(event) {
    this.listeners[event]?.();
  }

  close() {
    this.listeners = {};
  }

  async load(playing) {
    const run = await this.fetched("");
    if (!run) return;
    Object.assign(this, { facts: run, ground: run.ground, points: run.points, loading: false });
    this.tell("ground");
    this.tell("points");
    if (!this.points.length) this.problem = "No period of this run was recorded.";
    this.play(playing && this.points.length > 0);
  }

  async fetched(path) {
    try {
      const answer = await fetch(this.url + path), said = await answer.json();
      this.problem = answer.ok ? "" : said.error;
      return answer.ok ? said : null;
    } catch {
      this.problem = "Connection to the page’s server lost. Press play to try again.";
      return null;
    } finally {
      if (this.problem) this.play(false);
    }
  }

  get end_h() {
    return this.points.at(-1)?.[0] || 0.01;
  }

  // The frames of a chunk if they are here; else they are asked for, but not again and again while there is a problem.
  chunk(index) {
    if (index * CHUNK >= this.points.length) return null;
    if (!this.chunks.has(index) && !this.problem) {
      this.chunks.set(index, null);
      const end = Math.min((index + 1) * CHUNK, this.points.length);
      this.fetched(`/frames?first=${index * CHUNK}&end=${end}`).then((said) => this.keep(index, said));
    }
    return this.chunks.get(index) ?? null;
  }

  keep(index, said) {
    if (!said) { this.chunks.delete(index); return; }
    this.chunks.set(index, said.frames);
    for (const old of this.chunks.keys()) {
      if (this.chunks.size <= KEPT) break;
      if (Math.abs(old - index) > 2) this.chunks.delete(old);
    }
    this.fresh = true;
    this.tell("state");
  }

  moment(now_ms) {
    if (!this.points.length) return null;
    const period = this.periodAt(this.time_h), index = Math.floor(period / CHUNK), frames = this.chunk(index);
    this.chunk(index + 1);
    this.advance(now_ms, frames !== null);
    if (!frames) return null;
    const frame = frames[period - index * CHUNK];
    if (!frame) return null;
    const moving = this.playing || this.fresh;
    this.fresh = false;
    return { frame, time_h: this.time_h, users: this.usersAt(frames, this.chunks.get(index + 1)), moving };
  }

  advance(now_ms, ready) {
    if (this.playing && ready && this.last_ms !== null) this.time_h += (Math.min(now_ms - this.last_ms, MOST_MS) / 3.6e6) * this.speed;
    this.last_ms = now_ms;
    if (this.time_h < this.end_h) return;
    this.time_h = this.end_h;
    if (this.playing) this.play(false);
  }

  usersAt(frames, next) {
    const known = [...frames, ...(next ? next.slice(0, 1) : [])].filter((frame) => frame.users).map((frame) => frame.users);
    const after = known.findIndex((users) => users.time_h > this.time_h + 1e-9);
    const from = known[(after < 0 ? known.length : after) - 1] ?? known[0], to = after > 0 ? known[after] : null;
    if (!from) return null;
    return { from, to, share: to ? (this.time_h - from.time_h) / (to.time_h - from.time_h) : 0 };
  }

  periodAt(time_h) {
    let low = 0, high = this.points.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.points[middle][0] <= time_h + 1e-9) low = middle; else high = middle - 1;
    }
    return low;
  }

  play(playing) {
    [this.playing, this.last_ms] = [playing, null];
    this.tell("state");
  }

  toggle() {
    if (!this.playing && this.time_h >= this.end_h) this.time_h = 0;
    this.problem = "";
    this.play(!this.playing);
  }

  setSpeed(speed) {
    this.speed = speed;
    this.tell("state");
  }

  seek(time_h) {
    this.problem = "";
    this.time_h = Math.max(0, this.loading ? time_h : Math.min(this.end_h, time_h));
    this.fresh = true;
    this.tell("state");
  }

  get control() {
    return { playing: this.playing, speed: this.speed, speeds: SPEEDS, enabled: this.points.length > 0 };
  }

  get stage() {
    if (this.problem) return "broken";
    if (this.loading) return "waiting";
    return this.playing ? "running" : this.time_h >= this.end_h ? "ended" : "paused";
  }

  get words() {
    if (this.problem) return this.problem;
    if (this.loading) return `Loading the run ${this.title}.`;
    const what = `Replay of ${this.title}`;
    if (this.playing) return `${what}, at ${this.speed} times real time.`;
    if (this.time_h < this.end_h) return `${what}, paused.`;
    return this.facts.ended ? `${what}: the run ended here.` : `${what}: the recording stops here, before the run came to its end.`;
  }

  reasons(index, period) {
    return reasonsFrom(`${this.url}/sites/${index}/reasons?period=${period}`);
  }
}
