"""Lists in pages, forgiving about the number asked for."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

PER_PAGE = 20


def page_of(rows: QuerySet[Any], number: str | None, *, per_page: int = PER_PAGE) -> Page:
    """Return the page of that number: the first for no or a strange number, the last for one too large.

    `rows` must have an order that is the same each time, or pages would overlap.
    """
    return Paginator(rows, per_page).get_page(number if number and len(number) < 10 else 1)
