"""A year's calls in numbers that may be published, for administrators.

An organiser who knows the numbers of the own calls could subtract them from those of all calls, so organisers do not
see this page.
"""

import csv
import io

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from ranportal.shared import clock
from registrations import tallies
from registrations.admin.access import staff_page
from registrations.exports import safe_cell
from registrations.suppression import Table

_HIDDEN = "–"


def show(model_admin: admin.ModelAdmin, request: HttpRequest, year: int) -> TemplateResponse:
    """Applied and selected by country and by profession."""
    context = {
        "title": f"{year} in numbers",
        "year": year,
        "parts": _parts(year),
        "hidden": _HIDDEN,
        "is_over": _is_over(year),
    }
    context["calls"] = context["parts"][0][2]
    return staff_page(model_admin, request, "admin/registrations/registration/year.html", context)


def as_csv(model_admin: admin.ModelAdmin, request: HttpRequest, year: int) -> HttpResponse:
    """The same numbers as CSV, once the year is over; what is hidden is a dash."""
    # Numbers before and after one deadline differ by the numbers of one call.
    if not _is_over(year):
        raise Http404
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(["By", "Group", "Applied", "Got a place"])
    for name, table, _ in _parts(year):
        for row in table.rows:
            writer.writerow([name, safe_cell(row.label), row.applied, _shown(row.selected)])
        writer.writerow([name, "All", _shown(table.applied), _shown(table.selected)])
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="numbers-{year}.csv"'
    return response


def _parts(year: int) -> list[tuple[str, Table, int]]:
    if not 2000 <= year <= _running_year():
        raise Http404
    numbers = tallies.of_year(year, now=clock.now())
    return [("Country", numbers.countries, numbers.calls), ("Profession", numbers.professions, numbers.calls)]


def _running_year() -> int:
    return timezone.localtime(clock.now()).year


def _is_over(year: int) -> bool:
    return year < _running_year()


def _shown(number: int | None) -> int | str:
    return _HIDDEN if number is None else number
