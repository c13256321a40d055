"""Pictures of numbers as SVG: text that a page carries in itself, with a title and all numbers in words. Pure.

Built as a tree, so that whatever a label holds is escaped. Colours come from classes alone; without them, as on paper,
all is black on white. Drawn 340 units wide, so that the words can be read on a telephone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from django.utils.safestring import SafeString, mark_safe

_WIDTH = 340
_ROW = 22
#: Where bars begin, and how wide a letter of what stands behind them is at most.
_BAR_FROM, _LETTER = 142, 6.6
_LABEL_LETTERS = 23
#: Left, top, right and bottom of the field in which a line runs, and the height of its picture.
_LEFT, _TOP, _RIGHT, _BOTTOM, _LINE_HEIGHT = 34, 24, 332, 168, 192


@dataclass(frozen=True)
class Bar:
    """One bar: what it is about, how many, and what stands behind the number."""

    label: str
    number: int
    remark: str = ""

    @property
    def words(self) -> str:
        return f"{self.number} {self.remark}".strip()


def bars(rows: Sequence[Bar], *, name: str, title: str) -> SafeString:
    """Bars below one another in the given order. `name` is unique on its page: letters, digits, dashes."""
    described = "; ".join(f"{row.label}: {row.words}" for row in rows)
    picture = _picture(name, title, described or "No numbers yet.", height=_ROW * max(1, len(rows)) + 4)
    most = max((row.number for row in rows), default=0) or 1
    longest = _WIDTH - _BAR_FROM - 8 - _LETTER * max((len(row.words) for row in rows), default=0)
    for place, row in enumerate(rows):
        middle = place * _ROW + 14
        _say(picture, _short(row.label), x=_BAR_FROM - 6, y=middle + 4, anchor="end")
        length = round(longest * row.number / most, 1)
        bar = {"x": _BAR_FROM, "y": middle - 7, "width": length, "height": 14}
        SubElement(picture, "rect", {"class": "picture-bar", **{key: str(value) for key, value in bar.items()}})
        _say(picture, row.words, x=_BAR_FROM + length + 5, y=middle + 4)
    return _text(picture)


def line(days: Sequence[tuple[date, int]], *, deadline: date, name: str, title: str) -> SafeString:
    """A line through the sums of each day, one after the other without gaps, with the deadline marked.

    `name` is unique on its page: letters, digits, dashes.
    """
    picture = _picture(name, title, _line_words(days, deadline), height=_LINE_HEIGHT)
    if not days:
        _say(picture, "No numbers yet.", x=_LEFT, y=_TOP + 20)
        return _text(picture)
    first, most = days[0][0], max(1, *(number for _, number in days))
    span = max(1, (max(days[-1][0], deadline) - first).days + 1)
    _draw_field(picture, most)
    points = [(_across(0, span), _up(0, most))]
    points += [(_across((day - first).days + 1, span), _up(number, most)) for day, number in days]
    SubElement(picture, "polyline", {"class": "picture-line", "fill": "none", "points": _points(points)})
    _draw_deadline(picture, deadline, _across((deadline - first).days + 1, span))
    _say(picture, _day(first), x=_LEFT, y=_BOTTOM + 16)
    _say(picture, _day(max(days[-1][0], deadline)), x=_RIGHT, y=_BOTTOM + 16, anchor="end")
    return _text(picture)


def _picture(name: str, title: str, described: str, *, height: int) -> Element:
    picture = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "picture",
            "viewBox": f"0 0 {_WIDTH} {height}",
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-words",
        },
    )
    SubElement(picture, "title", {"id": f"{name}-title"}).text = title
    SubElement(picture, "desc", {"id": f"{name}-words"}).text = described
    return picture


def _say(picture: Element, words: str, *, x: float, y: float, anchor: str = "start") -> None:
    place = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor, "font-size": "11"}
    SubElement(picture, "text", {"class": "picture-words", **place}).text = words


def _draw_field(picture: Element, most: int) -> None:
    for number in sorted({0, most // 2, most}):
        y = _up(number, most)
        place = {"x1": f"{_LEFT}", "x2": f"{_RIGHT}", "y1": f"{y:g}", "y2": f"{y:g}"}
        SubElement(picture, "line", {"class": "picture-grid", "stroke": "currentColor", "stroke-width": "0.5", **place})
        _say(picture, str(number), x=_LEFT - 5, y=y + 4, anchor="end")


def _draw_deadline(picture: Element, deadline: date, x: float) -> None:
    place = {"x1": f"{x:g}", "x2": f"{x:g}", "y1": f"{_TOP - 6}", "y2": f"{_BOTTOM}"}
    drawn = {"stroke": "currentColor", "stroke-width": "1.5", "stroke-dasharray": "5 3"}
    SubElement(picture, "line", {"class": "picture-deadline", **drawn, **place})
    anchor = "end" if x > (_LEFT + _RIGHT) / 2 else "start"
    _say(picture, f"Deadline: {_day(deadline)}", x=x, y=_TOP - 10, anchor=anchor)


def _across(day: int, span: int) -> float:
    return round(_LEFT + (_RIGHT - _LEFT) * day / span, 1)


def _up(number: int, most: int) -> float:
    return round(_BOTTOM - (_BOTTOM - _TOP) * number / most, 1)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _line_words(days: Sequence[tuple[date, int]], deadline: date) -> str:
    if not days:
        return f"No numbers yet. Deadline: {_day(deadline)}."
    total = days[-1][1]
    half = next(day for day, number in days if number * 2 >= total)
    return (
        f"{total} from {_day(days[0][0])} to {_day(days[-1][0])}; half of them had come by {_day(half)}. "
        f"Deadline: {_day(deadline)}."
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_LETTERS else f"{label[: _LABEL_LETTERS - 1].rstrip()}…"


def _text(picture: Element) -> SafeString:
    # The tree has escaped every label; nothing else comes from people.
    return mark_safe(ElementTree.tostring(picture, encoding="unicode"))  # noqa: S308
