"""The selection board of a call: the table of applicants, what is done to those ticked, and the panel beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import balance, queries
from registrations import board as reads
from registrations.admin.act_forms import ReasonForm
from registrations.admin.board_frame import BOARD, board_page, require_selective
from registrations.attributes import attributes_of
from registrations.enums import Outcome, PinDirection, ReasonCode
from registrations.models import BoardView, Proposal, Registration
from registrations.services import rules, selection

_STAGE = {Outcome.SELECT.value: "Select", Outcome.RESERVE.value: "Reserve list", Outcome.DECLINE.value: "Not selected"}
_UNDO = {"undo": "Undo"}
_PINS = {"in": "Must be in", "out": "Must stay out"}
_UNPIN = {"unpin": "Neither"}
NOBODY = "Tick at least one person first."


class BoardForm(ReasonForm):
    """What to do with those who are ticked; undoing needs no reason."""

    act = forms.ChoiceField(choices=[*_STAGE.items(), *_UNDO.items(), *_PINS.items(), *_UNPIN.items()])

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("act") in (*_UNDO, *_UNPIN):
            return self.cleaned_data
        return super().clean()


class ViewForm(forms.Form):
    """A name for what the board shows."""

    name = forms.CharField(max_length=60, error_messages={"required": "Give the view a name."})
    query = forms.CharField(max_length=1000, required=False)


@dataclass(frozen=True)
class Board:
    """What one request for the board of a call is about."""

    call: Call
    proposal: Proposal | None
    parts: list[balance.Part]
    filters: list[reads.Filter]
    columns: Mapping[str, str]
    asked: reads.Asked


def show(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """GET shows the board as the address asks; POST stages or pins those who are ticked and comes back to it."""
    board = _board(call, request.GET)
    if request.method == "POST":
        return _act(model_admin, request, board)
    return _page(model_admin, request, board)


def views(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """Save what the board shows under a name, or forget one's own view."""
    if "forget" in request.POST:
        own = BoardView.objects.filter(call=call, owner=request.user)
        rules.delete_view(view=get_object_or_404(own, pk=_number(request.POST["forget"])))
        messages.success(request, "The view is forgotten.")
        return redirect(BOARD, call.pk)
    form = ViewForm(request.POST)
    query = _board(call, QueryDict(form.data.get("query", ""))).asked.query
    if form.is_valid() and len(query) <= 1000:
        view = rules.save_view(call=call, owner=request.user, name=form.cleaned_data["name"], query=query)
        messages.success(request, f"“{view.name}” is saved.")
    else:
        messages.error(request, " ".join(words for errors in form.errors.values() for words in errors))
    return redirect(f"{_address(call)}?{query}")


def _board(call: Call, data: QueryDict) -> Board:
    require_selective(call)
    proposal, questions = call.proposals.first(), queries.questions_of(call)
    attributes = attributes_of(call, questions)
    laid_down = list(call.selection_rules.all())
    shown = balance.shown_attributes(attributes, laid_down)
    parts = balance.parts(call, attributes=shown, rules=laid_down, proposal=proposal)
    values = {part.attribute.key: [(g.value, g.key, g.words) for g in part.choices] for part in parts}
    filters, columns = reads.filters_of(call, attributes, values), reads.columns_of(questions)
    return Board(call, proposal, parts, filters, columns, reads.asked(data, filters=filters, columns=columns))


def _act(model_admin: admin.ModelAdmin, request: HttpRequest, board: Board) -> HttpResponseBase:
    form = BoardForm(request.POST, label_suffix="")
    ticked = {pk for text in request.POST.getlist("chosen") if (pk := _number(text))}
    if not form.is_valid():
        return _page(model_admin, request, board, form=form, ticked=ticked, status=422)
    people = _chosen(board, ticked, is_everyone="everyone" in request.POST)
    if not people:
        form.add_error(None, NOBODY)
        return _page(model_admin, request, board, form=form, ticked=ticked, status=422)
    try:
        words = _run(people, request, **form.cleaned_data)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _page(model_admin, request, board, form=form, ticked=ticked, status=409)
    messages.success(request, words)
    return redirect(request.get_full_path())


def _chosen(board: Board, ticked: set[int], *, is_everyone: bool) -> list[Registration]:
    """Those ticked, or all that the address finds, in the order of the board; nobody from elsewhere."""
    asked = board.asked if is_everyone else replace(board.asked, filters={}, score="")
    people = reads.found(board.call, asked, filters=board.filters, proposal=board.proposal)
    wanted = people if is_everyone else people.filter(pk__in=ticked)
    return reads.in_full(wanted.values_list("pk", flat=True), board.proposal)


def _run(people: Sequence[Registration], request: HttpRequest, *, act: str, code: ReasonCode, reason: str) -> str:
    by, now = request.user, clock.now()
    if act in _UNDO:
        return f"Undone: {selection.unstage(registrations=people, by=by, now=now)}."
    if act in _UNPIN:
        return f"Left to the proposal: {rules.unpin(registrations=people, by=by, now=now)}."
    if act in _PINS:
        direction = PinDirection(act)
        number = rules.pin(registrations=people, direction=direction, reason=reason, by=by, now=now)
        return f"{_PINS[act]}: {number}. The next proposal keeps to it."
    if code == ReasonCode.PROPOSED:
        people = sorted(people, key=lambda r: r.line_rank or 0)
    number = selection.stage(registrations=people, outcome=Outcome(act), code=code, reason=reason, by=by, now=now)
    return f"{_STAGE[act]}: {number} staged. Nobody is told before you release."


def _page(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    board: Board,
    *,
    form: BoardForm | None = None,
    ticked: set[int] | None = None,
    status: int = 200,
) -> TemplateResponse:
    people = reads.found(board.call, board.asked, filters=board.filters, proposal=board.proposal)
    page = reads.page(people, board.asked.page)
    usual = ReasonCode.PROPOSED if board.proposal else ReasonCode.OTHER
    context = {
        "title": "Selection board",
        "board": board,
        "asked": board.asked,
        "parts": board.parts,
        "page": page,
        "rows": reads.rows(board.call, reads.in_full(page.object_list, board.proposal), board.asked, board.parts),
        "numbers": balance.numbers(board.call),
        "headings": _headings(board.asked),
        "columns": [(key, label, key in board.asked.columns) for key, label in board.columns.items()],
        "labels": [board.columns[key] for key in board.asked.columns],
        "filters": [(f, board.asked.filters.get(f.key, "")) for f in board.filters],
        "views": list(BoardView.objects.filter(call=board.call, owner=request.user)),
        "form": form or BoardForm(label_suffix="", initial={"code": usual}),
        "ticked": ticked or set(),
        "buttons": {"stage": {**_STAGE, **_UNDO}, "pin": {**_PINS, **_UNPIN}},
    }
    return board_page(model_admin, request, board.call, "board.html", context, tab=BOARD, status=status)


_HEADINGS = {
    "reference": "Reference",
    "score": "Score",
    "spread": "Spread",
    "reviews": "Reviews",
    "decision": "Decision",
    "proposed": "Proposal",
    "check": "Check",
    "country": "Country",
    "profession": "Profession",
}


def _headings(asked: reads.Asked) -> list[dict[str, str]]:
    """The headings of the table: what each sorts by next, and how it sorts now."""
    headings = []
    for key, label in _HEADINGS.items():
        is_mine = asked.sort.removeprefix("-") == key
        is_down = asked.sort == f"-{key}"
        starts_down = key in ("score", "spread", "reviews")
        turned = key if is_down else f"-{key}"
        order = ("descending" if is_down else "ascending") if is_mine else ""
        headings.append(
            {"label": label, "order": order, "query": asked.with_sort(turned if is_mine or starts_down else key)}
        )
    return headings


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _address(call: Call) -> str:
    return reverse(BOARD, args=[call.pk])
