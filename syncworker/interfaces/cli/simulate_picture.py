"""What does a comparison look like? One SVG picture: what lay there over time, and a bar for each policy and measure.

Needs nothing but a browser to be looked at, and loads nothing from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import cycle

from syncworker.core.model import Policy
from syncworker.forecast.building import Wishes
from syncworker.forecast.outcome import Forecast, Point
from syncworker.interfaces.cli.simulate_show import labels, played
from syncworker.interfaces.figures import mean
from syncworker.interfaces.language import _

WIDTH = 920
_LEFT, _RIGHT = 64, 24
_CHART_TOP, _CHART_HEIGHT = 120, 240
#: Whatever the order in which they are compared, the first escrow is green and the first shared red.
_FIRST = {Policy.ESCROW: "#1b7f5c", Policy.SHARED: "#d1495b"}
_COLOURS = ("#3568b8", "#8a5fb0", "#b9770e", "#4f6d7a", "#7a5c3e", "#2c9fb0")
_INK, _PALE, _GRID = "#1f2933", "#616e7c", "#e4e7eb"
_STYLE = (
    "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;fill:" + _INK + "}"
    ".title{font-size:20px;font-weight:600}.note{font-size:13px;fill:" + _PALE + "}"
    ".head{font-size:14px;font-weight:600}.small{font-size:12px}.axis{font-size:11px;fill:" + _PALE + "}"
)
#: About so wide is a small letter; so many of the note's fill a line.
_LETTER, _LETTERS_A_LINE = 6.7, 130


@dataclass(frozen=True, slots=True)
class _Named:
    """One forecast as it is drawn."""

    name: str
    colour: str
    found: Forecast


@dataclass(frozen=True, slots=True)
class _Scale:
    """From hours and units to the place on the sheet."""

    seconds: float
    low: float
    high: float

    def x(self, second: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * second / self.seconds

    def y(self, units: float) -> float:
        return _CHART_TOP + _CHART_HEIGHT * (self.high - units) / (self.high - self.low)


def draw(wishes: Wishes, found: Sequence[Forecast]) -> str:
    """The picture, as the text of an SVG file."""
    drawn = _named(found)
    panels, bottom = _panels(drawn, top=_CHART_TOP + _CHART_HEIGHT + 76)
    title = _("What would each policy do?")
    body = [
        f'<rect width="{WIDTH}" height="{bottom}" fill="#ffffff"/>',
        _text(24, 36, title, "title"),
        *(_text(24, 58 + 17 * row, line, "note") for row, line in enumerate(_folded(played(wishes, found)))),
        *_course(drawn),
        *panels,
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom}" width="{WIDTH}" height="{bottom}"'
        f' role="img" aria-label="{escape(title)}">'
    )
    return "\n".join([head, f"<style>{_STYLE}</style>", *body, "</svg>", ""])


def _named(found: Sequence[Forecast]) -> list[_Named]:
    first, others = dict(_FIRST), cycle(_COLOURS)
    return [
        _Named(name, first.pop(one.policy.policy, "") or next(others), one)
        for name, one in zip(labels(found), found, strict=True)
    ]


def _text(x: float, y: float, said: str, style: str, *, anchor: str = "start", colour: str = "") -> str:
    fill = f' style="fill:{colour}"' if colour else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}"{fill}>{escape(said)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def _folded(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > _LETTERS_A_LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines[:2]


# --- what lay there


def _course(drawn: Sequence[_Named]) -> list[str]:
    """A line for each policy; below 0 is what was sold and was not there."""
    scale = _scale([one.found.course for one in drawn])
    parts = [_text(24, _CHART_TOP - 16, _("Units there, less those sold that were not there"), "head")]
    parts += _axes(scale)
    left = WIDTH - _RIGHT - 46 - _LETTER * max(len(one.name) for one in drawn)
    for place, one in enumerate(drawn):
        course = [point for point in one.found.course if point.second <= scale.seconds]
        path = " ".join(f"{scale.x(point.second):.1f},{scale.y(_net(point)):.1f}" for point in course)
        dash = "" if place == 0 else f' stroke-dasharray="{(7, 2, 9, 4, 12)[place % 5]} 3"'
        pen = f'fill="none" stroke="{one.colour}" stroke-width="2.5"{dash}'
        parts.append(f'<polyline points="{path}" {pen} stroke-linejoin="round"/>')
        y = _CHART_TOP + 14 + 18 * place
        parts.append(f'<polyline points="{left:.1f},{y - 4} {left + 36:.1f},{y - 4}" {pen}/>')
        parts.append(_text(left + 44, y, one.name, "small"))
    return parts


def _net(point: Point) -> float:
    return point.there - point.short


def _scale(courses: Sequence[Sequence[Point]]) -> _Scale:
    """As long as anything moves, and a bit; 0 is always on the sheet."""
    last = 0.0
    for course in courses:
        end = _net(course[-1])
        last = max([last, *(point.second for point in course if abs(_net(point) - end) > 0.01)])
    whole = courses[0][-1].second
    high = max(_net(point) for course in courses for point in course)
    low = min(0.0, *(_net(point) for course in courses for point in course))
    room = 0.06 * (high - low) or 1.0
    return _Scale(min(whole, last * 1.12) or whole, low - room if low < 0 else low, high + room)


def _axes(scale: _Scale) -> list[str]:
    zero = scale.y(0)
    parts = []
    if scale.low < 0:
        parts.append(
            f'<rect x="{_LEFT}" y="{zero:.1f}" width="{WIDTH - _LEFT - _RIGHT}"'
            f' height="{_CHART_TOP + _CHART_HEIGHT - zero:.1f}" fill="#fbe9eb"/>'
        )
        if _CHART_TOP + _CHART_HEIGHT - zero > 16:
            parts.append(_text(_LEFT + 8, zero + 14, _("sold, and not there"), "axis"))
    for units in _ticks(scale.low, scale.high):
        y = scale.y(units)
        parts.append(_line(_LEFT, y, WIDTH - _RIGHT, y, _INK if units == 0 else _GRID))
        parts.append(_text(_LEFT - 8, y + 4, mean(units), "axis", anchor="end"))
    unit_s, words = _time_unit(scale.seconds)
    for amount in _ticks(0, scale.seconds / unit_s):
        x = scale.x(amount * unit_s)
        parts.append(_line(x, _CHART_TOP + _CHART_HEIGHT, x, _CHART_TOP + _CHART_HEIGHT + 5, _PALE))
        parts.append(_text(x, _CHART_TOP + _CHART_HEIGHT + 18, mean(amount), "axis", anchor="middle"))
    parts.append(_text(WIDTH - _RIGHT, _CHART_TOP + _CHART_HEIGHT + 34, words, "axis", anchor="end"))
    return parts


def _time_unit(seconds: float) -> tuple[float, str]:
    if seconds > 4 * 86_400:
        return 86_400.0, _("days")
    return (3600.0, _("hours")) if seconds > 7200 else (60.0, _("minutes"))


def _ticks(low: float, high: float) -> Iterable[float]:
    """Some five round numbers within."""
    rough = (high - low) / 6
    power = 10.0 ** (len(str(int(rough))) - 1) if rough >= 1 else 0.1
    step = next((many * power for many in (1, 2, 5, 10) if many * power >= rough), 10 * power)
    first = int(low / step) - 1
    return [count * step for count in range(first, int(high / step) + 1) if low <= count * step <= high]


# --- bars


def _panels(drawn: Sequence[_Named], *, top: float) -> tuple[list[str], float]:
    """Four panels, two in a row; and where they end."""
    one_stock = max(one.found.one_stock for one in drawn)
    measures: list[tuple[str, Callable[[Forecast], float], float | None]] = [
        (_("Sold twice"), lambda one: one.oversold, None),
        (_("Sold (the mark: one stock for all)"), lambda one: one.sold, one_stock),
        (_("Visits turned away though in stock"), lambda one: one.turned_away_in_stock, None),
        (_("Numbers sent and read"), lambda one: one.pushes + one.reads, None),
    ]
    high = 30 + 40 * len(drawn) + 18
    parts: list[str] = []
    for place, (title, measure, mark) in enumerate(measures):
        left, y = 24 + (place % 2) * WIDTH / 2, top + (place // 2) * high
        parts.append(_text(left, y, title, "head"))
        parts += _panel(left, y + 14, [(one, measure(one.found)) for one in drawn], mark)
    return parts, top + 2 * high


def _panel(left: float, top: float, drawn: Sequence[tuple[_Named, float]], mark: float | None) -> list[str]:
    wide = WIDTH / 2 - 120
    most = max(mark or 0.0, 1e-9, *(value for _one, value in drawn))
    parts = []
    for place, (one, value) in enumerate(drawn):
        y, long = top + 40 * place, max(wide * value / most, 2.0 if value else 0.0)
        box = f'x="{left:.1f}" y="{y + 16:.1f}" width="{long:.1f}" height="14" rx="2"'
        parts.append(_text(left, y + 11, one.name, "small"))
        parts.append(f'<rect {box} fill="{one.colour}"/>')
        parts.append(_text(left + long + (8 if value else 0), y + 28, mean(value), "small"))
        if mark is not None:
            x = left + wide * mark / most
            parts.append(_line(x, y + 13, x, y + 33, _INK, 2))
    return parts
