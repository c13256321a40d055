"""The privacy statement, for everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registrations import statement


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What happens with personal data: the version in force. Prints well."""
    context = {
        "text": statement.text(),
        "version": statement.version(),
        "dated": statement.dated(),
        "contacts": statement.contacts(),
    }
    return render(request, "registrations/privacy.html", context)
