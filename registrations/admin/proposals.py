"""The page of a call's proposals: make one, read its receipt and its reasons, stage it wholly."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.pagination import page_of
from ranportal.shared.refusals import Refused
from registrations import release_summary
from registrations.admin.board_frame import PROPOSAL, board_page, require_selective
from registrations.attributes import FIRST_TIME, ORGANISATION, attributes_of
from registrations.enums import Outcome, ProposedAs
from registrations.models import Proposal, ProposalLine
from registrations.proposal import LARGEST_SEED
from registrations.services import proposing, selection

_OTHERS_PER_PAGE = 100
#: What the page says of a receipt that leaves something out.
_UNKNOWN: dict[str, Any] = {
    "capacity": None,
    "objective": {"score": None},
    "optimal": False,
    "gap": 0,
    "unmet": [],
    "contradictions": [],
    "not_scored": 0,
    "holding": 0,
    "solver": None,
}


class ProposeForm(forms.Form):
    """A seed only where somebody wants the same lottery again."""

    seed = forms.IntegerField(
        label="Seed",
        min_value=0,
        max_value=LARGEST_SEED,
        required=False,
        error_messages={"min_value": "A seed is 0 or more.", "max_value": "This seed is too large."},
    )


def show(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """GET shows the newest proposal, or the one that the address names; POST makes another. Nothing is applied."""
    require_selective(call)
    if request.method == "GET":
        return _page(model_admin, request, call, ProposeForm(label_suffix=""))
    form = ProposeForm(request.POST, label_suffix="")
    if not form.is_valid():
        return _page(model_admin, request, call, form, status=422)
    try:
        proposing.propose(call=call, by=request.user, now=clock.now(), seed=form.cleaned_data["seed"])
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _page(model_admin, request, call, form, status=409)
    messages.success(request, "Here is a proposal. Nothing was staged: that is up to you.")
    return redirect(PROPOSAL, call.pk)


def stage(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """Stage the newest proposal wholly; with `others` also everyone else, as not selected."""
    require_selective(call)
    proposal = call.proposals.filter(pk=_number(request.POST.get("proposal", ""))).first()
    if proposal is None:
        messages.error(request, "There is no such proposal.")
        return redirect(PROPOSAL, call.pk)
    try:
        staged = selection.stage_proposal(
            proposal=proposal, with_others="others" in request.POST, by=request.user, now=clock.now()
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        told = ", ".join(f"{number} {Outcome(outcome).label.lower()}" for outcome, number in staged.items())
        messages.success(request, f"Staged as proposed: {told}. Nobody is told before you release.")
    return redirect(PROPOSAL, call.pk)


def _page(
    model_admin: admin.ModelAdmin, request: HttpRequest, call: Call, form: ProposeForm, *, status: int = 200
) -> TemplateResponse:
    proposals = list(call.proposals.select_related("made_by"))
    wanted = _number(request.GET.get("proposal", ""))
    proposal = next((one for one in proposals if one.pk == wanted), proposals[0] if proposals else None)
    context: dict[str, Any] = {
        "title": "Proposal",
        "form": form,
        "proposals": proposals,
        "proposal": proposal,
        "has_rules": call.selection_rules.exists(),
        "decided": release_summary.staged(call).count(),
    }
    if proposal is not None:
        context |= _told(call, proposal, request.GET.get("page")) | {"is_newest": proposal == proposals[0]}
    return board_page(model_admin, request, call, "proposal.html", context, tab=PROPOSAL, status=status)


def _told(call: Call, proposal: Proposal, page: str | None) -> dict[str, Any]:
    lines = proposal.lines.select_related("registration__decision").order_by("rank", "registration__reference")
    receipt = _UNKNOWN | proposal.receipt
    return {
        "receipt": receipt,
        "gap": f"{receipt['gap']:.2%}",
        "unmet": _unmet(call, receipt["unmet"]),
        "contradictions": ["; ".join(those) for those in receipt["contradictions"]],
        "is_same": proposing.same_input(proposal),
        "selected": _of(lines, ProposedAs.SELECTED),
        "reserve": _of(lines, ProposedAs.RESERVE),
        "others": page_of(lines.filter(proposed_as=ProposedAs.NOT_PROPOSED), page, per_page=_OTHERS_PER_PAGE),
    }


def _of(lines: QuerySet[ProposalLine], said: ProposedAs) -> list[ProposalLine]:
    return list(lines.filter(proposed_as=said))


def _unmet(call: Call, unmet: list[dict[str, Any]]) -> list[str]:
    """The minimums that could not be met, in words."""
    if not unmet:
        return []
    by_key = {attribute.key: attribute for attribute in attributes_of(call)}
    told = []
    for one in unmet:
        attribute = by_key.get(one["attribute"])
        label = attribute.label if attribute else one["attribute"]
        value = attribute.words(one["value"]) if attribute else str(one["value"])
        # The receipt has a digest for an organisation.
        what = {ORGANISATION: label, FIRST_TIME: value}.get(one["attribute"], f"{label} “{value}”")
        told.append(f"{what}: {one['got']} instead of at least {one['min']}")
    return told


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
