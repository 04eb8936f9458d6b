"""The frame of a hand-made SVG chart: scales, ticks, paths. Colours are CSS classes: one drawing, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from gridran.types import FloatArray

MAX_POINTS = 360
MARK_HEIGHT = 20.0


@dataclass(frozen=True)
class Frame:
    """The plotting area of a chart and the ranges of its axes; pixels of the view box."""

    x_max: float
    y_max: float
    width: float = 720.0
    height: float = 300.0
    left: float = 78.0
    right: float = 14.0
    top: float = 12.0
    bottom: float = 40.0

    def x(self, value: float) -> float:
        """Pixel of an x value."""
        return self.left + (self.width - self.left - self.right) * value / (self.x_max or 1.0)

    def y(self, value: float) -> float:
        """Pixel of a y value."""
        return self.height - self.bottom - (self.height - self.top - self.bottom) * value / (self.y_max or 1.0)

    @property
    def floor(self) -> float:
        return self.height - self.bottom


def nice_ticks(top: float, count: int = 5) -> list[float]:
    """About ``count`` round values from 0 to ``top``."""
    if top <= 0.0:
        return [0.0]
    raw = top / count
    scale = 10.0 ** np.floor(np.log10(raw))
    step = float(scale * min((m for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * scale >= raw), default=10.0))
    return [float(round(k * step, 10)) for k in range(int(top / step + 1e-9) + 1)]


def thinned(values: FloatArray, points: int = MAX_POINTS) -> FloatArray:
    """At most ``points`` of the rows of ``values``, evenly spread, the last one kept."""
    if len(values) <= points:
        return values
    keep = np.unique(np.linspace(0, len(values) - 1, points).round().astype(int))
    result: FloatArray = values[keep]
    return result


def line(frame: Frame, x: FloatArray, y: FloatArray, css: str, title: str = "") -> str:
    """A polyline."""
    points = " ".join(f"{_n(frame.x(a))},{_n(frame.y(b))}" for a, b in zip(x, y, strict=True))
    hint = f"<title>{escape(title)}</title>" if title else ""
    return f'<polyline class="line {css}" points="{points}">{hint}</polyline>'


def area(frame: Frame, x: FloatArray, low: FloatArray, high: FloatArray, css: str) -> str:
    """The band between two curves."""
    there = [f"{_n(frame.x(a))},{_n(frame.y(b))}" for a, b in zip(x, high, strict=True)]
    back = [f"{_n(frame.x(a))},{_n(frame.y(b))}" for a, b in zip(x[::-1], low[::-1], strict=True)]
    return f'<polygon class="area {css}" points="{" ".join(there + back)}"/>'


def markers(frame: Frame, marks: Sequence[tuple[float, str]]) -> str:
    """Vertical lines with names, one above the other in the strip over the plot (``marked`` makes room for it)."""
    parts = []
    for level, (value, label) in enumerate(marks):
        at, y = _n(frame.x(value)), frame.top - 8.0 - MARK_HEIGHT * (len(marks) - 1 - level)
        early = frame.x(value) < frame.width * 0.4
        anchor = "start" if early else "end"
        parts.append(f'<line class="marker" x1="{at}" x2="{at}" y1="{_n(y - 10)}" y2="{_n(frame.floor)}"/>')
        shift = _n(frame.x(value) + (6.0 if early else -6.0))
        parts.append(
            f'<text class="marker-label" x="{shift}" y="{_n(y)}" text-anchor="{anchor}">{escape(label)}</text>'
        )
    return "".join(parts)


def marked(x_max: float, y_max: float, marks: int) -> Frame:
    """A frame with room for ``marks`` names above the plot."""
    strip = MARK_HEIGHT * marks
    return Frame(x_max=x_max, y_max=y_max, top=12.0 + strip, height=300.0 + strip)


def x_axis(frame: Frame, label: str = "hours since the outage began") -> str:
    """Tick marks in hours along the bottom."""
    parts = [
        f'<line class="axis" x1="{frame.left}" x2="{frame.width - frame.right}" y1="{frame.floor}" y2="{frame.floor}"/>'
    ]
    for index, tick in enumerate(nice_ticks(frame.x_max, 8)):
        at = _n(frame.x(tick))
        minor = " minor" if index % 2 else ""
        parts.append(f'<line class="axis" x1="{at}" x2="{at}" y1="{frame.floor}" y2="{frame.floor + 4}"/>')
        parts.append(f'<text class="tick{minor}" x="{at}" y="{frame.floor + 18}" text-anchor="middle">{tick:g}</text>')
    middle = (frame.left + frame.width - frame.right) / 2.0
    parts.append(
        f'<text class="label" x="{_n(middle)}" y="{frame.height - 4}" text-anchor="middle">{escape(label)}</text>'
    )
    return "".join(parts)


def y_axis(frame: Frame, ticks: Sequence[float], texts: Sequence[str]) -> str:
    """Grid lines with their values at the left."""
    parts = []
    for tick, text in zip(ticks, texts, strict=True):
        at = _n(frame.y(tick))
        parts.append(f'<line class="grid" x1="{frame.left}" x2="{frame.width - frame.right}" y1="{at}" y2="{at}"/>')
        parts.append(
            f'<text class="tick" x="{frame.left - 8}" y="{at}" dy="0.35em" text-anchor="end">{escape(text)}</text>'
        )
    return "".join(parts)


def svg(width: float, height: float, body: str, title: str) -> str:
    """The finished drawing; ``title`` is what a screen reader says."""
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}">{body}</svg>'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
