"""Published numbers of groups: nothing under five is shown, and nothing under five can be reckoned from what is."""

from collections import defaultdict
from collections.abc import Iterator

import pytest

from registrations.suppression import LEAST, Row, Table, published

Groups = dict[str, tuple[int, int]]


def _all_tables(*, groups: int, people: int) -> Iterator[Groups]:
    """Every table of so many groups with up to so many people together: whatever has the same sums is there, too."""
    for numbers in _parts(2 * groups, people):
        pairs = [(place + none, place) for place, none in zip(numbers[::2], numbers[1::2], strict=True)]
        yield {name: pair for name, pair in zip("abcd", pairs, strict=False) if pair[0]}


def _parts(number: int, most: int) -> Iterator[tuple[int, ...]]:
    if number == 0:
        yield ()
        return
    for first in range(most + 1):
        for others in _parts(number - 1, most - first):
            yield (first, *others)


def _said(table: Table) -> tuple:
    return (table.applied, table.selected, *sorted((r.label, r.applied, r.selected) for r in table.rows))


def _derived(tables: dict[tuple, list[Groups]]) -> list[tuple]:
    """(what was published, group, number) where a number under five of somebody is the same in all tables behind it."""
    found = []
    for said, behind in tables.items():
        for name in "abcd":
            there = [groups[name] for groups in behind if name in groups]
            if len(there) < len(behind) or not there:
                continue
            for number in (lambda a, s: a, lambda a, s: s, lambda a, s: a - s):
                values = {number(*pair) for pair in there}
                if len(values) == 1 and min(values) < LEAST:
                    found.append((said, name, values.pop()))
    return found


def _behind(groups: int, people: int, publish=published) -> dict[tuple, list[Groups]]:
    behind: dict[tuple, list[Groups]] = defaultdict(list)
    for table in _all_tables(groups=groups, people=people):
        behind[_said(publish(table, others="others"))].append(table)
    return behind


@pytest.mark.parametrize(("groups", "people"), [(1, 60), (2, 28), (3, 18), (4, 10)])
def test_nobody_who_knows_the_rule_and_all_that_is_published_can_reckon_a_number_under_five(groups, people):
    assert _derived(_behind(groups, people)) == []


def test_the_search_finds_what_a_weaker_rule_would_give_away():
    def only_hide_the_small(groups: Groups, *, others: str) -> Table:
        applied, selected = (sum(numbers[place] for numbers in groups.values()) for place in (0, 1))
        rows = [Row(name, a, s if s >= LEAST else None) for name, (a, s) in groups.items()]
        return Table(rows, applied, selected)

    assert _derived(_behind(2, 14, only_hide_the_small)) != []


@pytest.mark.parametrize(("groups", "people"), [(2, 24), (3, 14)])
def test_nothing_under_five_is_shown_or_the_difference_of_two_shown_numbers(groups, people):
    for groups_there in _all_tables(groups=groups, people=people):
        table = published(groups_there, others="others")
        shown = [number for row in table.rows for number in (row.applied, row.selected) if number is not None]
        shown += [row.applied - row.selected for row in table.rows if row.selected is not None]
        shown += [number for number in (table.applied, table.selected) if number is not None]
        assert min(shown, default=LEAST) >= LEAST
        assert sum(row.applied for row in table.rows) == (table.applied or 0)


def test_large_groups_are_shown_as_they_are():
    table = published({"FR": (40, 12), "DE": (60, 20)}, others="others")
    assert table == Table([Row("DE", 60, 20), Row("FR", 40, 12)], 100, 32)


def test_small_groups_become_one_and_take_the_smallest_along():
    table = published({"FR": (40, 12), "DE": (60, 20), "MT": (3, 0), "AT": (14, 6)}, others="others")
    assert [(row.label, row.applied) for row in table.rows] == [("DE", 60), ("FR", 40), ("others", 17)]


def test_one_hidden_number_hides_another():
    table = published({"FR": (40, 12), "DE": (60, 20), "AT": (14, 2)}, others="others")
    assert [(row.label, row.selected) for row in table.rows] == [("DE", 20), ("FR", None), ("AT", None)]
    assert table.selected == 34


@pytest.mark.parametrize(
    ("groups", "unknown", "rows"),
    [
        ({"FR": (40, 12), "DE": (60, 20)}, "FR", [Row("DE", 60, 20), Row("FR", 40, None)]),
        ({"MT": (3, 0), "AT": (14, 6), "DE": (60, 20)}, "MT", [Row("DE", 60, 20), Row("others", 17, None)]),
    ],
)
def test_where_a_group_lacks_its_number_neither_that_nor_the_sum_is_told(groups, unknown, rows):
    assert published(groups, others="others", unknown={unknown}) == Table(rows, sum(row.applied for row in rows), None)


def test_a_sum_under_five_is_hidden_with_all_of_its_parts():
    table = published({"FR": (40, 2), "DE": (60, 2)}, others="others")
    assert table == Table([Row("DE", 60, None), Row("FR", 40, None)], 100, None)


def test_fewer_than_five_people_are_not_told_of_at_all():
    assert published({"FR": (4, 1)}, others="others") == Table([], None, None)
    assert published({}, others="others") == Table([], None, None)
