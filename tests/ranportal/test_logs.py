"""Log lines name nobody and open nothing."""

import logging
import sys

from ranportal.shared.logs import NamelessFormatter


def line(message: str, exc_info=None) -> str:
    record = logging.LogRecord("django.request", logging.WARNING, __file__, 1, message, (), exc_info)
    return NamelessFormatter().format(record)


def test_the_token_of_a_private_link_is_left_out():
    assert line("Not Found: /registrations/p/abcDEF123/?x=1").endswith("Not Found: /registrations/p/…/?x=1")


def test_addresses_of_people_are_left_out():
    assert line("no mailbox <ann.lee+x@mail.example.org>, sorry").endswith("no mailbox <…@…>, sorry")


def test_a_traceback_tells_place_and_kind_without_the_values_it_quotes():
    name, address = "Ann Lee", "ann@example.org"
    try:
        try:
            raise ValueError(name)
        except ValueError as cause:
            raise KeyError(address) from cause
    except KeyError:
        text = line("failed", sys.exc_info())
    assert "Ann" not in text
    assert "example.org" not in text
    assert "builtins.ValueError" in text
    assert "builtins.KeyError" in text
    assert "test_logs.py" in text
