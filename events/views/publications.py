"""Publications: the list, a page for each, and its document."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from events import documents, queries
from events.models import Publication
from ranportal.shared.clock import moment_of
from ranportal.shared.pagination import page_of


@require_safe
def publication_list(request: HttpRequest) -> HttpResponse:
    """All visible publications, the newest first."""
    publications = page_of(queries.visible_publications(moment_of(request)), request.GET.get("page"))
    return render(request, "events/publication-list.html", {"publications": publications})


@require_safe
def publication_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One publication with its key points, its document and where it comes from."""
    try:
        publication = queries.publication_of_slug(slug, moment_of(request))
    except Publication.DoesNotExist as missing:
        raise Http404("There is no such publication.") from missing
    context = {
        "publication": publication,
        "document": documents.document_of(publication),
        "document_url": reverse("events:publication-document", args=[slug]),
    }
    return render(request, "events/publication-detail.html", context)


@require_safe
def publication_document(request: HttpRequest, slug: str) -> FileResponse:
    """The publication's file, to be saved: never shown as a page of this site. Gone with its publication."""
    publication = get_object_or_404(queries.visible_publications(moment_of(request)), slug=slug)
    response = documents.download(publication)
    if response is None:
        raise Http404("This publication has no document at the moment.")
    return response
