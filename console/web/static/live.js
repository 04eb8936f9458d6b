// The run that goes on, as its server tells it by server-sent events. Looking back, it is a replay of what was recorded
// so far, until that has caught up.

import { ReplaySource } from "./replay.js";
import { reasonsFrom } from "./reasons.js";

const SPEEDS = [1, 10, 60, 300, 1200, 0];
const SPEEDS_IN_TIME = [1, 10, 60]; // a run that keeps time does not wait for its loops: too fast, and they miss periods
const SILENCE_MS = 25000; // the server says something every ten seconds
const GLIDE_MS = { least: 80, most: 1000 };

export class LiveSource {
  // ``record``: the name of its recording, null where one cannot look back.
  constructor(record) {
    [this.record, this.canSeek] = [record, record !== null];
    this.reset();
    this.state = { stage: "waiting", words: "Connecting to the page’s server.", pace: null, lockstep: false };
    this.listeners = {};
    [this.connected, this.refused] = [false, ""];
    this.open();
    this.watchdog = setInterval(() => this.checkSilence(), 5000);
  }

  on(event, callback) {
    this.listeners[event] = callback;
  }

  tell(event) {
    this.listeners[event]?.();
  }

  reset() {
    [this.ground, this.points, this.frame, this.before, this.users] = [null, [], null, null, null];
    [this.arrived_ms, this.glide_ms, this.past] = [0, GLIDE_MS.least, null];
  }

  open() {
    this.heard_ms = performance.now();
    this.events = new EventSource("/api/live/events");
    const on = (name, take) => this.events.addEventListener(name, (event) => {
      this.hear();
      take(JSON.parse(event.data));
    });
    on("run", (run) => this.takeRun(run));
    on("frame", (news) => this.takeFrame(news));
    on("state", (state) => { [this.state, this.refused] = [state, ""]; this.tell("state"); });
    on("beat", () => {});
    this.events.onerror = () => this.lose();
    this.events.onopen = () => this.hear();
  }

  hear() {
    const wasLost = !this.connected;
    [this.heard_ms, this.connected] = [performance.now(), true];
    if (wasLost) this.tell("state");
  }

  lose() {
    this.connected = false;
    this.tell("state");
    if (this.events.readyState === EventSource.CLOSED) this.again = setTimeout(() => this.events.readyState === EventSource.CLOSED && this.open(), 3000);
  }

  checkSilence() {
    if (performance.now() - this.heard_ms < SILENCE_MS) return;
    this.events.close();
    this.connected = false;
    this.tell("state");
    this.open();
  }

  close() {
    clearInterval(this.watchdog);
    clearTimeout(this.again);
    this.events.close();
  }

  takeRun(run) {
    this.reset();
    if (!run) return;
    this.ground = run.ground;
    this.title = run.scenario;
    this.tell("ground");
  }

  takeFrame({ frame, points }) {
    this.points.push(...points);
    if (frame) {
      const now_ms = performance.now();
      this.glide_ms = Math.min(GLIDE_MS.most, Math.max(GLIDE_MS.least, now_ms - this.arrived_ms));
      [this.arrived_ms, this.before, this.users, this.frame] = [now_ms, this.users, frame.users, frame];
    }
    this.tell("points");
  }

  // What to show now: the newest frame, users on their way to where it has them.
  moment(now_ms) {
    if (this.past) return this.pastMoment(now_ms);
    if (!this.frame) return null;
    const share = Math.min(1, (now_ms - this.arrived_ms) / this.glide_ms);
    const users = this.before && share < 1 ? { from: { ...this.users, x_m: this.before.x_m, y_m: this.before.y_m }, to: this.users, share } : { from: this.users, to: null, share: 0 };
    return { frame: this.frame, time_h: this.frame.time_h, users, moving: share < 1 };
  }

  pastMoment(now_ms) {
    const moment = this.past.moment(now_ms), { loading, time_h, end_h } = this.past;
    if (!loading && time_h >= end_h) this.goLive();
    return moment;
  }

  get time_h() {
    return this.past ? this.past.time_h : this.newest_h;
  }

  get newest_h() {
    return this.points.at(-1)?.[0] ?? 0;
  }

  seek(time_h) {
    if (time_h >= this.newest_h) { this.goLive(); return; }
    if (this.past && (this.past.loading || time_h < this.past.end_h)) { this.past.seek(time_h); return; }
    this.past = new ReplaySource(this.record, Math.max(0, time_h), false);
    this.past.on("state", () => this.tell("state"));
    this.tell("state");
  }

  goLive() {
    this.past?.close();
    this.past = null;
    this.tell("state");
  }

  get end_h() {
    return Math.max(0.5, this.newest_h * 1.02);
  }

  get control() {
    if (this.past) return { ...this.past.control, back: true };
    const { pace, stage, lockstep } = this.state;
    return { playing: !pace?.paused, speed: pace?.speed ?? null, speeds: lockstep ? SPEEDS : SPEEDS_IN_TIME, enabled: this.connected && stage === "running" && pace !== null };
  }

  get stage() {
    if (this.past) return this.past.stage;
    if (this.state.stage === "ended") return "ended";
    return this.connected ? (this.state.pace?.paused && this.state.stage === "running" ? "paused" : this.state.stage) : "broken";
  }

  get words() {
    if (this.past) return this.pastWords;
    if (this.connected) return this.refused || this.state.words;
    if (this.state.stage === "ended") return `${this.state.words} The page’s server has left; replay the run with: gridran web DIR`;
    return "Connection to the page’s server lost. Trying again.";
  }

  get pastWords() {
    const { problem, loading, playing, speed } = this.past;
    if (problem || loading) return problem || "Loading what was recorded.";
    return `Looking back, ${playing ? `at ${speed} times real time` : "paused"}. Press Live for the present.`;
  }

  toggle() {
    return this.past ? this.past.toggle() : this.ask({ paused: !this.state.pace?.paused });
  }

  setSpeed(speed) {
    return this.past ? this.past.setSpeed(speed) : this.ask({ speed });
  }

  async ask(pace) {
    if (!this.control.enabled) return;
    try {
      const answer = await fetch("/api/live/pace", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(pace) });
      this.refused = answer.ok ? "" : (await answer.json()).error;
    } catch {
      this.refused = "That did not reach the page’s server. Try again.";
    }
    this.tell("state");
  }

  reasons(index, period) {
    return this.past ? this.past.reasons(index, period) : reasonsFrom(`/api/live/sites/${index}/reasons`);
  }
}
