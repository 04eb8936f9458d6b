// The page: one source at a time, the run that goes on or a recorded one, and everything that shows it.

import { byId, el, say, set } from "./dom.js";
import { listenToKeys } from "./keys.js";
import { LiveSource } from "./live.js";
import { SiteMap, mapLegend } from "./map.js";
import { SitePanel } from "./panel.js";
import { ReplaySource } from "./replay.js";
import { ClassMeters, SiteList } from "./side.js";
import { onThemeChange, wantsStill } from "./theme.js";
import { Timeline, linesLegend } from "./timeline.js";
import { Transport } from "./transport.js";
import { UserLayer } from "./users.js";
import { clock } from "./words.js";

const LIVE = "live now";

class Page {
  constructor() {
    this.map = new SiteMap((index, opener) => this.select(index, opener));
    this.users = new UserLayer();
    this.panel = new SitePanel(() => this.highlight());
    this.timeline = new Timeline((time_h) => this.source.seek(time_h));
    this.transport = new Transport({ onToggle: () => this.source.toggle(), onSpeed: (speed) => this.source.setSpeed(speed), onLive: () => this.source.goLive() });
    byId("lines").addEventListener("change", () => { this.dirty = true; });
    new ResizeObserver(() => this.resize()).observe(this.map.box);
    new ResizeObserver(() => this.timeline.redraw()).observe(byId("track"));
    onThemeChange(() => this.legends());
    this.legends();
  }

  legends() {
    byId("site-legend").replaceChildren(...mapLegend());
    byId("user-legend").replaceChildren(...this.users.legend());
    byId("lines-legend").replaceChildren(...linesLegend());
    this.dirty = true;
  }

  watch(source) {
    this.source?.close();
    this.panel.close();
    [this.source, this.frame] = [source, null];
    source.on("ground", () => this.showGround());
    source.on("points", () => this.timeline.show(source.points, source.end_h, source.canSeek));
    source.on("state", () => this.showState());
    this.timeline.show([], 1, false);
    this.showState();
  }

  showGround() {
    const ground = this.source.ground;
    this.map.show(ground);
    this.list = new SiteList(ground, (index, opener) => this.select(index, opener));
    this.meters = new ClassMeters(ground.targets_frac);
    this.panel.close();
    this.frame = null;
    this.resize();
  }

  showState() {
    const { stage, words, control } = this.source;
    set(byId("state"), "data-stage", stage);
    say(byId("words"), words);
    this.transport.draw(control);
    this.dirty = true;
  }

  select(index, opener) {
    this.panel.open(index, opener);
    this.highlight();
  }

  highlight() {
    this.map.select(this.panel.chosen);
    this.list?.select(this.panel.chosen);
    this.dirty = true;
  }

  resize() {
    this.map.resize();
    this.users.resize(this.map.scale);
    [this.frame, this.dirty] = [null, true];
  }

  // Called for every picture; does only what has changed.
  draw(now_ms) {
    requestAnimationFrame((ms) => this.draw(ms));
    const moment = this.source?.ground ? this.source.moment(now_ms) : null;
    if (!moment) return;
    const { frame, users, moving } = moment, isNew = frame !== this.frame;
    if (isNew) this.drawFrame(frame);
    this.panel.draw(frame, this.source.ground, this.source, now_ms);
    this.timeline.cursor(moment.time_h);
    say(byId("clock"), clock(moment.time_h));
    if (isNew || this.dirty || (moving && !wantsStill())) {
      const shown = wantsStill() && users ? { from: users.from, to: null, share: 0 } : users;
      this.users.draw(shown, this.map.scale, this.source.ground.sites, this.panel.chosen, byId("lines").checked);
    }
    this.dirty = false;
  }

  drawFrame(frame) {
    this.frame = frame;
    this.map.draw(frame);
    this.list.draw(frame);
    this.meters.draw(frame);
    say(byId("what"), `· ${this.source.title} · ${frame.strategy}`);
    document.title = `${this.source.title} · gridran`;
  }

  seekBy(hours) {
    if (!this.source.canSeek) return false;
    this.source.seek(this.source.time_h + hours);
    return true;
  }

  seekTo(share) {
    if (!this.source.canSeek) return false;
    this.source.seek(share * this.source.end_h);
    return true;
  }
}

// What there is to choose from; the live run comes first. Recorded runs may be added at any time.
class Shelf {
  constructor(page) {
    [this.page, this.select, this.names, this.record] = [page, byId("run"), [], null];
    this.select.addEventListener("change", () => this.show());
  }

  show() {
    const name = this.names[this.select.selectedIndex];
    this.page.watch(name === LIVE ? new LiveSource(this.record) : new ReplaySource(name));
  }

  async refresh() {
    const { live, runs, record } = await (await fetch("/api/page")).json(), names = [...(live ? [LIVE] : []), ...runs];
    if (names.join("\n") === this.names.join("\n")) return;
    const before = this.names[this.select.selectedIndex];
    [this.names, this.record] = [names, record];
    this.select.replaceChildren(...names.map((name) => el("option", {}, name)));
    this.select.selectedIndex = Math.max(0, names.indexOf(before));
    byId("runs").hidden = names.length < 2;
    if (before === undefined && names.length) this.show();
  }
}

function nothing(words) {
  set(byId("state"), "data-stage", "broken");
  say(byId("words"), words);
}

async function begin() {
  const page = new Page();
  listenToKeys({
    toggle: () => page.source?.toggle(), close: () => page.panel.close(),
    seekBy: (hours) => page.source ? page.seekBy(hours) : false, seekTo: (share) => page.source ? page.seekTo(share) : false,
  });
  requestAnimationFrame((ms) => page.draw(ms));
  const shelf = new Shelf(page);
  const refresh = () => shelf.refresh().then(() => page.source || nothing("There is no run to show: none goes on, and none was recorded here."))
    .catch(() => page.source || nothing("The page’s server does not answer. Trying again."));
  await refresh();
  setInterval(refresh, 10000);
}

begin();
