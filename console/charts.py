"""The charts of a report, each a function from a run's columns to one SVG drawing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

import numpy as np

from console.svg import Frame, area, line, marked, markers, nice_ticks, svg, thinned, x_axis, y_axis
from gridran.types import FloatArray

Marks = Sequence[tuple[float, str]]
ROW_HEIGHT = 16.0
PERCENT_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def _percent_axis(frame: Frame) -> str:
    return y_axis(frame, PERCENT_TICKS, [f"{t:.0%}" for t in PERCENT_TICKS])


def soc_chart(
    time_h: FloatArray, soc_frac: FloatArray, site_ids: Sequence[str], floor_frac: float, marks: Marks
) -> str:
    """State of charge of every site [T, N] over its spread: full range, middle 80 % and median."""
    frame = marked(float(time_h[-1]), 1.0, len(marks))
    x, soc = thinned(time_h), thinned(soc_frac)
    low, tenth, median, ninth, high = np.percentile(soc, [0, 10, 50, 90, 100], axis=1)
    parts = [
        _percent_axis(frame),
        area(frame, x, low, high, "fan-wide"),
        area(frame, x, tenth, ninth, "fan-narrow"),
        *(line(frame, x, soc[:, i], "site", site_ids[i]) for i in range(len(site_ids))),
        line(frame, x, median, "median", "median"),
        line(frame, x[[0, -1]], np.full(2, floor_frac), "floor", "battery floor"),
        x_axis(frame),
        markers(frame, marks),
    ]
    return svg(frame.width, frame.height, "".join(parts), "State of charge of every site over time")


def share_chart(time_h: FloatArray, shares: Sequence[tuple[str, FloatArray]], marks: Marks, title: str) -> str:
    """Shares in 0..1, one line each; the first element of a pair is its CSS class."""
    frame = marked(float(time_h[-1]), 1.0, len(marks))
    x = thinned(time_h)
    lines = [line(frame, x, thinned(values), css, css) for css, values in reversed(shares)]
    return svg(
        frame.width, frame.height, "".join([_percent_axis(frame), *lines, x_axis(frame), markers(frame, marks)]), title
    )


def stacked_chart(time_h: FloatArray, layers: Sequence[tuple[str, FloatArray]], title: str) -> str:
    """Powers in kW, stacked from the first layer up."""
    x = thinned(time_h)
    tops = np.cumsum([thinned(values) for _, values in layers], axis=0)
    frame = Frame(x_max=float(time_h[-1]), y_max=max(float(tops[-1].max()) * 1.05, 1.0))
    bottoms = np.vstack([np.zeros(len(x)), tops[:-1]])
    ticks = nice_ticks(frame.y_max)
    parts = [
        y_axis(frame, ticks, [f"{t:g} kW" for t in ticks]),
        *(area(frame, x, bottoms[k], tops[k], css) for k, (css, _) in enumerate(layers)),
        x_axis(frame),
    ]
    return svg(frame.width, frame.height, "".join(parts), title)


def mode_chart(time_h: FloatArray, dt_h: float, state: Sequence[Sequence[str]], site_ids: Sequence[str]) -> str:
    """What every site did: one row a site, one colour a state; ``state`` is T rows of N CSS names."""
    height = 12.0 + ROW_HEIGHT * len(site_ids) + 44.0
    frame = Frame(x_max=float(time_h[-1]) + dt_h, y_max=1.0, height=height)
    edges_h = np.append(time_h, frame.x_max)
    rows = [_mode_row(frame, edges_h, [step[i] for step in state], i, site_id) for i, site_id in enumerate(site_ids)]
    return svg(frame.width, frame.height, "".join(rows) + x_axis(frame), "Mode of every site over time")


def _mode_row(frame: Frame, edges_h: FloatArray, state: Sequence[str], index: int, site_id: str) -> str:
    y = frame.top + ROW_HEIGHT * index
    minor = " minor" if index % 2 else ""
    at = f'x="{frame.left - 8}" y="{y + ROW_HEIGHT / 2}" dy="0.35em" text-anchor="end"'
    parts, start = (
        [f'<text class="tick{minor}" {at}>{escape(_short(site_id))}<title>{escape(site_id)}</title></text>'],
        0,
    )
    for name, group in groupby(state):
        stop = start + sum(1 for _ in group)
        left, right = frame.x(float(edges_h[start])), frame.x(float(edges_h[stop]))
        box = f'x="{left:.1f}" y="{y + 1:g}" width="{right - left:.1f}" height="{ROW_HEIGHT - 2:g}"'
        parts.append(f'<rect class="mode-{name}" {box}/>')
        start = stop
    return "".join(parts)


def _short(site_id: str) -> str:
    """An id that fits the margin; the whole one is in the hint."""
    return site_id if len(site_id) <= 9 else site_id[:8] + "…"
