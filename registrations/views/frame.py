"""The frame of every page below a private page: whose it is, and what to do with the form on it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.forms import Form
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import private_page, queries
from registrations.models import PrivateLink, Registration
from registrations.views.personal import SeeOther, no_way_in, personal
from registrations.views.visit import Visit, link_to, visit_of


@dataclass(frozen=True)
class Own:
    """A request for one's own registration: by which link of which visit, and when."""

    request: HttpRequest
    visit: Visit
    link: PrivateLink
    now: datetime

    @property
    def held(self) -> Registration:
        return self.link.registration

    @property
    def is_sent(self) -> bool:
        return self.request.method == "POST"

    def back(self, *, word: str = "") -> HttpResponseBase:
        """Return to the private page; `word` tells it what was done."""
        address = reverse("registrations:registration-mine", args=[self.held.reference])
        return SeeOther(f"{address}?{word}=1" if word else address)


OwnView = Callable[[Own], HttpResponseBase]


def own(view: OwnView) -> Callable[..., HttpResponseBase]:
    """Make a view of those that are handed the own registration; for others there is no such page."""

    @wraps(view)
    @personal
    @require_http_methods(["GET", "HEAD", "POST"])
    def door(request: HttpRequest, reference: str) -> HttpResponseBase:
        now = clock.now()
        visit = visit_of(request, now=now)
        link = link_to(visit, reference=reference, now=now)
        if link is None:
            return no_way_in(request)
        return view(Own(request, visit, link, now))

    return door


def proven(view: OwnView) -> OwnView:
    """Open such a page only when the address is proven; before that, lead to the page that asks for it.

    The link may lie in the mailbox of a stranger, if the address was mistyped.
    """

    @wraps(view)
    def guarded(own: Own) -> HttpResponseBase:
        return view(own) if own.held.proven_at is not None else own.back()

    return guarded


def private(own: Own, *, refusal: str = "", status: int = 200) -> HttpResponseBase:
    """The private page itself, with a refusal above it if there is one; of an address not yet proven, nothing else."""
    held = queries.my_registration(own.link.registration_id)
    if held is None:
        return no_way_in(own.request)
    context = {
        "refusal": refusal,
        "was_saved": "saved" in own.request.GET,
        **private_page.shown(held, own.link, received_at=own.request.received_at, now=own.now),
    }
    template = "registrations/mine.html" if held.proven_at is not None else "registrations/mine_unproven.html"
    return render(own.request, template, context, status=status)


def form_page(
    own: Own,
    template: str,
    *,
    form: Callable[..., Form],
    run: Callable[[Any], object],
    why_not: str = "",
) -> HttpResponseBase:
    """A page with one form: shown, shown again with what is wrong (422), or run; refusals stand on the private page.

    `why_not` is a refusal from the start: nobody fills in a form for nothing.
    """
    if why_not:
        return private(own, refusal=why_not, status=409 if own.is_sent else 200)
    bound = form(data=own.request.POST, files=own.request.FILES) if own.is_sent else form()
    if not own.is_sent or not bound.is_valid():
        context = {"form": bound, "registration": own.held}
        return render(own.request, template, context, status=422 if own.is_sent else 200)
    try:
        run(bound)
    except Refused as refusal:
        return private(own, refusal=str(refusal), status=409)
    return own.back(word="saved")
