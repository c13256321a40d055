"""Publications: the list, a page for each, and its document."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
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
    now = moment_of(request)
    publication = _publication(slug, request)
    context = {"publication": publication, "document": documents.document_of(publication), "now": now}
    return render(request, "events/publication-detail.html", context)


@require_safe
def publication_document(request: HttpRequest, slug: str) -> FileResponse:
    """The publication's file, to be saved: never shown as a page of this site. Gone with its publication."""
    publication = _publication(slug, request)
    document, file = documents.document_of(publication), documents.opened(publication)
    if document is None or file is None:
        raise Http404("This publication has no document at the moment.")
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"{publication.slug}.{document.extension}",
        content_type=document.content_type,
        headers={"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"},
    )


def _publication(slug: str, request: HttpRequest) -> Publication:
    try:
        return queries.publication_of_slug(slug, moment_of(request))
    except Publication.DoesNotExist as missing:
        raise Http404("There is no such publication.") from missing
