"""The portal's addresses, and beside them the least that a page and a form can do: the baselines."""

from uuid import uuid4

from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_POST

from ranportal.shared import clock


def plain(request: HttpRequest) -> HttpResponse:
    """Answer two letters, through every middleware of the portal."""
    return HttpResponse("ok")


@require_POST
def one_row(request: HttpRequest) -> HttpResponse:
    """Read the form, insert one row in a transaction, lead elsewhere."""
    with transaction.atomic():
        Session.objects.create(session_key=uuid4().hex, session_data=request.POST["email"], expire_date=clock.now())
    return HttpResponse(status=303, headers={"Location": "/"})


urlpatterns = [path("plain/", plain), path("one-row/", one_row), path("", include("ranportal.urls"))]
