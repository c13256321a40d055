"""The numbers of one call in pictures, each with the same numbers as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from events.models import Call
from registrations import pictures, tallies
from registrations.admin.access import call_page


@dataclass(frozen=True)
class Shown:
    """One picture and its table; `is_long` tables are folded."""

    name: str
    title: str
    picture: SafeString
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    is_long: bool = False


def show(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> TemplateResponse:
    """Applications over time, by country and profession, and how many got how far."""
    tally = tallies.of_call(call)
    shown = [
        _over_time(tally),
        _bars("country", "Applications by country", "Country", tally.countries, others="Other countries"),
        _bars("profession", "Applications by profession", "Profession", tally.professions, others="Others"),
        _funnel(tally),
    ]
    is_empty = not any(number for _, number in tally.funnel)
    context = {"title": "Numbers and pictures", "shown": shown, "kept": _kept(call) if is_empty else []}
    return call_page(model_admin, request, call, "admin/registrations/registration/pictures.html", context)


def _kept(call: Call) -> list[tuple[str, int | None]]:
    counts = tallies.kept_of(call) or {}
    words = (("applied", "Applied"), ("selected", "Got a place"), ("attended", "Took part"))
    return [(label, counts[name]) for name, label in words if name in counts]


def _over_time(tally: tallies.Tally) -> Shown:
    title = "Applications over time"
    days = [(day.day, day.total) for day in tally.days]
    return Shown(
        name="time",
        title=title,
        picture=pictures.line(days, deadline=tally.deadline, name="time", title=title),
        header=("Day", "On this day", "Until then"),
        rows=[(day.day, day.number, day.total) for day in tally.days],
        is_long=True,
    )


def _bars(name: str, title: str, header: str, rows: Sequence[tuple[str, int]], *, others: str) -> Shown:
    bars = [pictures.Bar(label, number) for label, number in tallies.shortened(rows, others=others)]
    picture = pictures.bars(bars, name=name, title=title)
    return Shown(name, title, picture, (header, "Applications"), rows, is_long=len(rows) > tallies.SHOWN)


def _funnel(tally: tallies.Tally) -> Shown:
    title = "From the form to the event"
    most = tally.funnel[0][1] or 1
    rows = [(words, number, f"{100 * number / most:.0f} %") for words, number in tally.funnel]
    bars = [pictures.Bar(words, number, f"({share})") for words, number, share in rows]
    picture = pictures.bars(bars, name="funnel", title=title)
    return Shown("funnel", title, picture, ("Step", "People", "Of all forms"), rows)
