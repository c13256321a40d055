"""Marks that turn what follows come in by no form, and plain texts stay as they are."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from ranportal.shared import directions, middleware

TURNED = "Anna \u202egnp.exe\u202c \u2066x\u2069"


def seen(request: HttpRequest) -> HttpRequest:
    """The request as a page gets it."""
    kept = []

    def page(request: HttpRequest) -> HttpResponse:
        kept.append(request)
        return HttpResponse()

    middleware.CleanInputMiddleware(page)(request)
    return kept[0]


def test_a_form_brings_no_mark_that_turns():
    request = seen(RequestFactory().post("/?q=" + TURNED, {"name": [TURNED, "b"], "other": "c"}))

    assert request.POST.getlist("name") == ["Anna gnp.exe x", "b"]
    assert request.POST["other"] == "c"
    assert not directions.are_turned(request.GET["q"])


def test_a_form_with_a_file_brings_none_either():
    file = SimpleUploadedFile("a.txt", b"x")

    request = seen(RequestFactory().post("/", {"name": TURNED, "file": file}))

    assert request.POST["name"] == "Anna gnp.exe x"
    assert request.FILES["file"].read() == b"x"


@pytest.mark.parametrize("name", ["דנה כהן", "فاطمة", "Anna \u200eOzola", "👨\u200d👩\u200d👧"])
def test_names_in_any_script_stay_as_they_are(name):
    request = RequestFactory().post("/", {"name": name})
    fields = request.POST

    assert seen(request).POST is fields
    assert fields["name"] == name
