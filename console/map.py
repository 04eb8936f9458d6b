"""The network at one moment: sites by mode, what they cover, who carries whose users, and everybody's place."""

from __future__ import annotations

from html import escape
from typing import Any

from console.carried import carried, links
from console.svg import svg
from gridran.types import SiteMode
from studies.availability import CLASS_NAMES
from studies.recorder import MODE_NAMES

SIZE = 340.0
MARGIN_M = 260.0


def network_map(facts: dict[str, Any], moment: dict[str, Any]) -> str:
    """A square map of one record of moments.jsonl."""
    scale = _Scale(facts)
    coverage, sites = _coverage(facts, moment, scale), _sites(facts, moment, scale)
    parts = [coverage, _users(moment, scale), _links(facts, moment, scale), sites]
    return svg(SIZE, SIZE, "".join(parts), f"The network at {moment['time_h']:.2f} h")


class _Scale:
    """Metres to pixels, north up, the same for every moment of a run."""

    def __init__(self, facts: dict[str, Any]) -> None:
        xs, ys = [s["x_m"] for s in facts["sites"]], [s["y_m"] for s in facts["sites"]]
        self.per_m: float = SIZE / (max(max(xs) - min(xs), max(ys) - min(ys)) + 2.0 * MARGIN_M)
        self._mid_x: float = (max(xs) + min(xs)) / 2.0
        self._mid_y: float = (max(ys) + min(ys)) / 2.0

    def x(self, x_m: float) -> float:
        return SIZE / 2.0 + (x_m - self._mid_x) * self.per_m

    def y(self, y_m: float) -> float:
        return SIZE / 2.0 - (y_m - self._mid_y) * self.per_m


def _state(moment: dict[str, Any], site: int) -> str:
    return MODE_NAMES[moment["mode"][site]] if moment["site_up"][site] else "down"


def _coverage(facts: dict[str, Any], moment: dict[str, Any], scale: _Scale) -> str:
    nominal_m = facts["nominal_radius_m"]
    radius_m = {
        SiteMode.NORMAL: nominal_m,
        SiteMode.HELPING: facts["expanded_radius_m"],
        SiteMode.ASSISTED: nominal_m * facts["reduced_radius_frac"],
        SiteMode.DEEP_SLEEP: 0.0,
    }
    circles = []
    for index, site in enumerate(facts["sites"]):
        reach_m = radius_m[SiteMode(moment["mode"][index])]
        if moment["site_up"][index] and reach_m > 0.0:
            circles.append(
                f'<circle class="cover mode-{_state(moment, index)}" cx="{scale.x(site["x_m"]):.0f}"'
                f' cy="{scale.y(site["y_m"]):.0f}" r="{reach_m * scale.per_m:.0f}"/>'
            )
    return "".join(circles)


def _users(moment: dict[str, Any], scale: _Scale) -> str:
    """Served users are dots, users without service crosses; one path for each class keeps the file small."""
    dots: dict[tuple[int, int], list[str]] = {}
    columns = (moment[name] for name in ("ue_x_m", "ue_y_m", "service_class", "served"))
    for x_m, y_m, service_class, is_served in zip(*columns, strict=True):
        x, y = f"{scale.x(x_m):.0f}", f"{scale.y(y_m):.0f}"
        drawn = f"M{x} {y}h0" if is_served else f"M{x} {y}m-1.5-1.5l3 3m0-3l-3 3"
        dots.setdefault((service_class, is_served), []).append(drawn)
    drawings = []
    for (service_class, is_served), paths in sorted(dots.items(), reverse=True):
        css = "user" if is_served else "user-lost"
        drawings.append(f'<path class="{css} class-{CLASS_NAMES[service_class]}" d="{"".join(paths)}"/>')
    return "".join(drawings)


def _links(facts: dict[str, Any], moment: dict[str, Any], scale: _Scale) -> str:
    """Lines from a helper to the sites whose users it carries, thicker for more users."""
    pairs = links(carried(moment["ue_site"], moment["own_site"]), moment["mode"])
    return "".join(_link(facts["sites"], pair, users, scale) for pair, users in sorted(pairs.items()))


def _link(sites: list[dict[str, Any]], pair: tuple[int, int], users: int, scale: _Scale) -> str:
    a, b = sites[pair[0]], sites[pair[1]]
    ends = f'x1="{scale.x(a["x_m"]):.0f}" y1="{scale.y(a["y_m"]):.0f}" x2="{scale.x(b["x_m"]):.0f}"'
    width = f"{min(0.8 + users / 20.0, 4.0):.1f}"
    hint = escape(f"{a['site_id']} carries {users} users of {b['site_id']}")
    return f'<line class="link" {ends} y2="{scale.y(b["y_m"]):.0f}" stroke-width="{width}"><title>{hint}</title></line>'


def _sites(facts: dict[str, Any], moment: dict[str, Any], scale: _Scale) -> str:
    marks = []
    for index, site in enumerate(facts["sites"]):
        state, soc = _state(moment, index), moment["soc_frac"][index]
        place = f'cx="{scale.x(site["x_m"]):.0f}" cy="{scale.y(site["y_m"]):.0f}" r="8"'
        hint = escape(f"{site['site_id']}: {state.replace('_', ' ')}, {soc:.0%} charged")
        marks.append(f'<circle class="site-mark mode-{state}" {place}><title>{hint}</title></circle>')
    return "".join(marks)
