"""Log lines name nobody and open nothing, whichever form they have."""

import json
import logging
import sys

import pytest
from celery import current_app
from django.test import RequestFactory

from ranportal.celery import app
from ranportal.shared import tracing
from ranportal.shared.logs import FORMATTERS, JsonFormatter, NamelessFormatter
from registrations.mail import catalogue

FORMS = pytest.mark.parametrize("form", FORMATTERS.values(), ids=FORMATTERS)
NAME, MAIL = "Ann Lee", "ann@example.org"


def line(message: str, *args, form=NamelessFormatter, exc_info=None, logger="django.request", **more) -> str:
    record = logging.LogRecord(logger, logging.WARNING, __file__, 1, message, args, exc_info)
    record.__dict__.update(more)
    return form().format(record)


@FORMS
def test_the_token_of_a_private_link_is_left_out(form):
    text = line("Not Found: %s", "/registrations/p/abcDEF123/?x=1", form=form)
    assert "Not Found: /registrations/p/…/?…" in text
    assert "abcDEF123" not in text


@FORMS
@pytest.mark.parametrize("path", ["registrations/p", *catalogue._LINK_PATHS.values()])
def test_what_the_links_of_mails_end_with_is_left_out(form, path):
    text = line("Method Not Allowed (PUT): %s", f"https://portal.example.org/{path}/1-abcDEF123/", form=form)
    assert f"/{path}/…/" in text
    assert "abcDEF123" not in text


@FORMS
def test_what_was_searched_for_is_left_out(form):
    assert "/events/?…" in line("Error handling request %s", "/events/?q=Ann+Lee&page=2", form=form)


@FORMS
def test_addresses_of_people_are_left_out(form):
    assert "no mailbox <…@…>, sorry" in line("no mailbox <ann.lee+x@mail.example.org>, sorry", form=form)


@FORMS
def test_a_traceback_tells_place_and_kind_without_the_values_it_quotes(form):
    text = line("failed", form=form, exc_info=_failure())
    assert "Ann" not in text
    assert "example.org" not in text
    assert "builtins.ValueError" in text
    assert "builtins.KeyError" in text
    assert "test_logs.py" in text


@FORMS
def test_an_error_in_the_message_is_called_by_its_kind(form):
    failure = _failure()
    quoted = line("failed: %s", str(failure[1]), form=form, exc_info=failure)
    handed_in = line("failed: %r", failure[1], form=form)
    assert "failed: KeyError" in quoted
    assert "failed: KeyError" in handed_in
    assert "example.org" not in quoted + handed_in


@FORMS
def test_the_values_that_celery_quotes_are_left_out(form):
    context = {"name": "jobs.x", "id": "1", "exc": f"ValueError({NAME!r})", "args": NAME, "kwargs": MAIL}
    text = line("Task %(name)s[%(id)s] raised %(exc)s (%(args)s %(kwargs)s)", context, form=form)
    assert "Task jobs.x[1] raised … (… …)" in text
    assert "Ann" not in text


@FORMS
def test_each_error_of_a_group_has_its_place(form):
    try:
        raise ExceptionGroup("Some failed.", [_failure()[1]])
    except ExceptionGroup:
        text = line("failed", form=form, exc_info=sys.exc_info())
    assert "ExceptionGroup" in text
    assert "in _failure" in text
    assert "Ann" not in text


def test_a_line_of_json_says_when_what_and_of_which_request():
    request_id = tracing.new_id()
    with tracing.request(request_id):
        text = line("done %s", "well\nand good", form=JsonFormatter, created=1_790_000_000.5, about={"status": 200})
    assert "\n" not in text
    assert json.loads(text) == {
        "time": "2026-09-21T14:13:20.500+00:00",
        "level": "WARNING",
        "logger": "django.request",
        "message": "done well\nand good",
        "request_id": request_id,
        "status": 200,
    }


def test_a_task_is_named_with_the_request_that_rang_for_it():
    request_id = tracing.new_id()
    tracing.begin_task(name="mail.deliver", task_id="7", request_id=request_id)
    told = json.loads(line("x", form=JsonFormatter))
    tracing.end_task()
    assert (told["task"], told["task_id"], told["request_id"]) == ("mail.deliver", "7", request_id)
    assert "task" not in json.loads(line("x", form=JsonFormatter))


def test_a_ring_carries_the_request_beside_its_arguments(monkeypatch):
    sent = []
    monkeypatch.setattr(app.amqp, "send_task_message", lambda producer, name, message, **options: sent.append(message))
    request_id = tracing.new_id()
    with current_app.connection_for_write() as connection, tracing.request(request_id):
        current_app.send_task("registrations.mail.tasks.deliver", connection=connection)
    assert sent != []
    assert RequestFactory() is not None


def _failure():
    try:
        try:
            raise ValueError(NAME)
        except ValueError as cause:
            raise KeyError(MAIL) from cause
    except KeyError:
        return sys.exc_info()
