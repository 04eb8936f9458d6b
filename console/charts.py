"""The charts of a report, each a function from a run's columns to one SVG drawing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from console.svg import Frame, area, line, marker, nice_ticks, svg, thinned, x_axis, y_axis
from gridran.types import FloatArray

Marks = Sequence[tuple[float, str]]
PERCENT_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def _percent_axis(frame: Frame) -> str:
    return y_axis(frame, PERCENT_TICKS, [f"{t:.0%}" for t in PERCENT_TICKS])


def _marks(frame: Frame, marks: Marks) -> str:
    return "".join(marker(frame, at, label, level) for level, (at, label) in enumerate(sorted(marks)))


def soc_chart(
    time_h: FloatArray, soc_frac: FloatArray, site_ids: Sequence[str], floor_frac: float, marks: Marks
) -> str:
    """State of charge of every site [T, N] over its spread: full range, middle 80 % and median."""
    frame = Frame(x_max=float(time_h[-1]), y_max=1.0)
    x, soc = thinned(time_h), thinned(soc_frac)
    low, tenth, median, ninth, high = np.percentile(soc, [0, 10, 50, 90, 100], axis=1)
    parts = [
        _percent_axis(frame),
        area(frame, x, low, high, "fan-wide"),
        area(frame, x, tenth, ninth, "fan-narrow"),
        *(line(frame, x, soc[:, i], "site", site_ids[i]) for i in range(len(site_ids))),
        line(frame, x, median, "median", "median"),
        f'<line class="floor" x1="{frame.left}" x2="{frame.width - frame.right}"'
        f' y1="{frame.y(floor_frac):.1f}" y2="{frame.y(floor_frac):.1f}"/>',
        x_axis(frame),
        _marks(frame, marks),
    ]
    return svg(frame.width, frame.height, "".join(parts), "State of charge of every site over time")


def share_chart(time_h: FloatArray, shares: Sequence[tuple[str, FloatArray]], marks: Marks, title: str) -> str:
    """Shares in 0..1, one line each; the first element of a pair is its CSS class."""
    frame = Frame(x_max=float(time_h[-1]), y_max=1.0)
    x = thinned(time_h)
    lines = [line(frame, x, thinned(values), css, css) for css, values in reversed(shares)]
    return svg(
        frame.width, frame.height, "".join([_percent_axis(frame), *lines, x_axis(frame), _marks(frame, marks)]), title
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
    row = 16.0
    frame = Frame(x_max=float(time_h[-1]) + dt_h, y_max=1.0, height=12.0 + row * len(site_ids) + 44.0)
    parts = []
    for index, site_id in enumerate(site_ids):
        y, start = frame.top + row * index, 0
        minor = " minor" if index % 2 else ""
        parts.append(
            f'<text class="tick{minor}" x="{frame.left - 8}" y="{y + row / 2}" dy="0.35em" text-anchor="end">{site_id}</text>'
        )
        for name, group in groupby(step[index] for step in state):
            length = sum(1 for _ in group)
            left = frame.x(float(time_h[start]))
            stop = float(time_h[start + length]) if start + length < len(time_h) else frame.x_max
            parts.append(
                f'<rect class="mode-{name}" x="{left:.1f}" y="{y + 1:g}" width="{frame.x(stop) - left:.1f}" height="{row - 2:g}"/>'
            )
            start += length
    return svg(frame.width, frame.height, "".join(parts) + x_axis(frame), "Mode of every site over time")
