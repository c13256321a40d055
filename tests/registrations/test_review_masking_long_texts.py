"""Masking takes time in proportion to the length of a text, whatever somebody sends."""

import random
import re
import time

import pytest

from registrations.masking import MASK, Applicant, Masker, patterns

SHORT = 4 * 1024
LONG = 10 * SHORT
#: Ten times the text takes ten times as long; where every character looks at all others, a hundred times.
GENEROUS = 40

UNITS = [
    "a",
    "1",
    "_",
    "-",
    ".",
    " ",
    "(",
    "@",
    "a.",
    "a-",
    "A.",
    "A. ",
    "A ",
    "a@",
    "a@b.",
    "a at ",
    "a at b.",
    "a (at) b dot ",
    "a@b   \n",
    "( at ) ",
    "tel ",
    "+1",
    "1 ",
    "www.",
    "www.anna.",
    "a://",
    "http://a ",
    "clinic.lv/anna ",
    "Anna ",
    "Anna_",
    "Anna1",
    "Anna, A. ",
    "anna.",
    "anna.berzina.",
    "ozolnieki-clinic.lv",
    "ozolnieki-clinic.lv.",
    "Ozolnieki prison ",
    "e\u0301",
    "I work, said Anna Bērziņa, with the prison of Riga. ",
]


def masker(**changes):
    person = {
        "given_name": "Anna A",
        "family_name": "Bērziņa",
        "display_name": "Psychologist, Latvia",
        "email": "anna.berzina@ozolnieki-clinic.lv",
        "organisation": "Ozolnieki Prison Service (OPS)",
    }
    return Masker(Applicant(**{**person, **changes}))


def seconds(text):
    """Of the processor's time: others work on the machine too."""
    of_one = masker()
    start = time.process_time()
    of_one.mask(text)
    return time.process_time() - start


def growth(text_of, *, short=SHORT):
    """How many times as long the masking of a text of ten times the length takes; the less of two if it is much."""
    for_short = max(seconds(text_of(short)) for _ in range(3))
    found = seconds(text_of(10 * short)) / for_short
    return found if found <= GENEROUS else min(found, seconds(text_of(10 * short)) / for_short)


def repeated(unit):
    return lambda length: (unit * (length // len(unit) + 1))[:length]


@pytest.mark.parametrize("unit", UNITS)
def test_ten_times_the_text_takes_about_ten_times_as_long(unit):
    assert growth(repeated(unit)) <= GENEROUS


def test_a_pattern_that_begins_everywhere_would_be_seen(monkeypatch):
    monkeypatch.setattr(patterns, "_MAIL", re.compile(r"[\w.+%'-]+\s*@[\w-]+"))
    assert growth(repeated("a"), short=1024) > GENEROUS


@pytest.mark.parametrize("gap", [" ", "\n", "-", ".", "1", "(", "\u0301"])
def test_a_long_gap_after_a_name_or_an_address_costs_no_more(gap):
    assert growth(lambda length: f"Anna{gap * length}b.c@d.e{gap * length}at{gap * length}dot") <= GENEROUS


def test_many_different_words_cost_no_more():
    letters = random.Random(4)
    words = " ".join("".join(letters.choices("abeinorz", k=6)) for _ in range(LONG // 7))
    assert growth(lambda length: words[:length]) <= GENEROUS


@pytest.mark.parametrize(
    "text",
    [
        "a.b+c@d.e+f@g.h",
        "@janis.b@elsewhere.lv",
        "someone (at) elsewhere dot lv+other@elsewhere.lv",
        "someone at elsewhere.lv1+other@elsewhere.lv",
        "someone     at     elsewhere     dot     lv",
        "a@b.@c.d",
        "...linkedin.com/in/somebody",
        "-https://linkedin.com/in/somebody",
        "a..linkedin.com/in/somebody",
        f"{'x' * 99}://linkedin.com/in/somebody",
        "mail.ozolnieki-clinic.lv.ozolnieki-clinic.lv",
        "_linkedin.com/in/somebody",
    ],
)
def test_nothing_of_several_addresses_in_a_row_is_left(text):
    left = masker().mask(f"Before: {text} after").replace(MASK, " ").split()
    assert {word.strip(".-_x") for word in left} - {""} == {"Before:", "after"}
