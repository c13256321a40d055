"""The builder: the form of a call as a list, and a small page for each thing that one does to a question."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import queries
from registrations.admin.question_forms import QuestionForm
from registrations.conditions import broken_conditions, label_of
from registrations.enums import AskedOf
from registrations.models import Question
from registrations.services import form_building

Page = Callable[..., HttpResponseBase]
_FOLDER = "admin/events/call/form"


@dataclass(frozen=True)
class Row:
    """One question in the list. `answers` counts those to its present wording, `before` those to earlier ones."""

    question: Question
    place: int
    only_if: str
    answers: int
    before: int

    @property
    def is_answered(self) -> bool:
        return self.answers > 0


@dataclass(frozen=True)
class Part:
    """The questions asked of the same people."""

    asked_of: str
    title: str
    rows: list[Row]


def urls(model_admin: admin.ModelAdmin) -> list[URLPattern]:
    """The addresses of the builder, below those of the call."""
    pages: tuple[tuple[str, str, Page], ...] = (
        ("form/", "form", builder),
        ("form/add/", "form_add", add),
        ("form/<int:question_id>/", "form_question", change),
        ("form/<int:question_id>/reword/", "form_reword", reword),
        ("form/<int:question_id>/remove/", "form_remove", remove),
    )
    return [
        path(f"<int:call_id>/{address}", for_builders(model_admin, page), name=f"events_call_{name}")
        for address, name, page in pages
    ]


def for_builders(model_admin: admin.ModelAdmin, page: Page) -> Any:
    """`page(model_admin, request, call, …)` for those who may change this call; for others there is no such call."""

    @require_http_methods(["GET", "POST"])
    def door(request: HttpRequest, call_id: int, **parts: Any) -> HttpResponseBase:
        call = get_object_or_404(model_admin.get_queryset(request), pk=call_id)
        if not model_admin.has_change_permission(request, call):
            raise PermissionDenied
        return page(model_admin, request, call, **parts)

    return model_admin.admin_site.admin_view(door)


def builder(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """The list of questions. A POST moves one, or takes the places that were typed."""
    if request.method == "POST":
        _say(request, partial(_reorder, request, call))
        return redirect("admin:events_call_form", call.pk)
    ever = queries.ever_asked(call)
    asked = [question for question in ever if question.retired_at is None]
    keys = {question.key for question in asked}
    gone = {question.key: question for question in ever if question.key not in keys and question.answer_count}
    context = {
        "title": "Form",
        "parts": [_part(asked_of, asked, ever) for asked_of in AskedOf],
        "broken": broken_conditions(asked),
        "gone": [(question, _answers(question.key, ever)) for question in gone.values()],
    }
    return form_page(model_admin, request, call, "builder.html", context)


def add(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """A new question, at the end of the form."""
    form = QuestionForm(request.POST if request.method == "POST" else None, questions=queries.current_questions(call))
    words = {"title": "Add a question", "button": "Add the question"}
    return _edited(
        model_admin,
        request,
        call,
        form,
        words,
        lambda by: form_building.add(call=call, values=form.values(), by=by, now=clock.now()),
    )


def change(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call, question_id: int) -> HttpResponseBase:
    """A question as it is; of one that was answered only what changes nothing for those who answered."""
    question, asked = _question(call, question_id)
    is_answered = question.answers.exists()
    form = QuestionForm(
        request.POST if request.method == "POST" else None, instance=question, questions=asked, is_fixed=is_answered
    )
    words = {"title": "Change a question", "button": "Save", "question": question, "is_answered": is_answered}
    return _edited(
        model_admin,
        request,
        call,
        form,
        words,
        lambda by: form_building.change(question=question, values=form.values(), by=by, now=clock.now()),
    )


def reword(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call, question_id: int) -> HttpResponseBase:
    """The same question in other words, as a new version."""
    question, asked = _question(call, question_id)
    form = QuestionForm(
        request.POST if request.method == "POST" else None, instance=question, questions=asked, is_rewording=True
    )
    words = {"title": "Ask it in other words", "button": "Ask it so from now on", "question": question}
    return _edited(
        model_admin,
        request,
        call,
        form,
        {**words, "is_rewording": True},
        lambda by: form_building.reword(question=question, values=form.values(), by=by, now=clock.now()),
    )


def remove(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call, question_id: int) -> HttpResponseBase:
    """Ask whether it is meant, then take the question out, or ask it no longer where people have answered."""
    question, _ = _question(call, question_id)
    is_answered = question.answers.exists()
    act = form_building.retire if is_answered else form_building.remove
    if request.method == "POST":
        done = f"“{question.label}” is asked no longer." if is_answered else f"“{question.label}” was taken out."

        def run() -> str:
            act(question=question, by=request.user, now=clock.now())
            return done

        if words := _say(request, run):
            model_admin.log_change(request, call, words)
        return redirect("admin:events_call_form", call.pk)
    title = "Ask this question no longer" if is_answered else "Take this question out"
    context = {"title": title, "question": question, "is_answered": is_answered}
    return form_page(model_admin, request, call, "remove.html", context)


def form_page(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    call: Call,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> TemplateResponse:
    """A page of the builder inside the frame of the admin."""
    frame = {**model_admin.admin_site.each_context(request), "opts": model_admin.opts, "is_popup": False, "call": call}
    return TemplateResponse(request, f"{_FOLDER}/{template}", {**frame, **context}, status=status)


def _edited(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    call: Call,
    form: QuestionForm,
    words: dict[str, Any],
    run: Callable[[Any], Question],
) -> HttpResponseBase:
    if request.method == "POST" and form.is_valid():
        try:
            question = run(request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            done = f"{words['title']}: “{question.label}”."
            model_admin.log_change(request, call, done)
            messages.success(request, f"Saved: “{question.label}”.")
            return redirect("admin:events_call_form", call.pk)
    context = {"question": None, "is_answered": False, "is_rewording": False, **words, "form": form}
    return form_page(model_admin, request, call, "question.html", context, status=422 if form.errors else 200)


def _question(call: Call, question_id: int) -> tuple[Question, list[Question]]:
    asked = queries.current_questions(call)
    question = get_object_or_404(call.questions.filter(retired_at=None), pk=question_id)
    question.call = call
    return question, asked


def _reorder(request: HttpRequest, call: Call) -> str:
    asked = queries.current_questions(call)
    direction, _, key = request.POST.get("move", "").partition(":")
    if direction:
        question = next((one for one in asked if one.key == key), None)
        if question is None or direction not in ("up", "down"):
            raise form_building.OtherOrder("The form has changed since you opened this page. Please look at it again.")
        question.call = call
        form_building.move(question=question, is_up=direction == "up", by=request.user, now=clock.now())
        return f"“{question.label}” moved {direction}."
    keys = [question.key for question in typed_order(request, asked)]
    form_building.order(call=call, keys=keys, by=request.user, now=clock.now())
    return "The order is saved."


def typed_order(request: HttpRequest, asked: list[Question]) -> list[Question]:
    """The questions in the order of the places that were typed; where none or nonsense was, they stay."""
    field = forms.IntegerField(required=False, min_value=0, max_value=999)

    def place(item: tuple[int, Question]) -> tuple[bool, int, int]:
        shown, question = item
        try:
            typed = field.clean(request.POST.get(f"place-{question.key}"))
        except forms.ValidationError:
            typed = None
        at = shown if typed is None else typed
        # Of two with the same place, the one that came up stands above the other, the one that came down below.
        return question.asked_of != AskedOf.EVERYONE, at, at - shown

    return [question for _, question in sorted(_numbered(asked), key=place)]


def _numbered(asked: list[Question]) -> list[tuple[int, Question]]:
    forms_of = [[question for question in asked if question.asked_of == asked_of] for asked_of in AskedOf]
    return [item for questions in forms_of for item in enumerate(questions, start=1)]


def _say(request: HttpRequest, run: Callable[[], str]) -> str:
    """Do it and say so above the next page; a refusal is said there too, and nothing returned."""
    try:
        words = run()
    except Refused as refusal:
        messages.error(request, str(refusal))
        return ""
    messages.success(request, words)
    return words


def _part(asked_of: AskedOf, asked: list[Question], ever: list[Question]) -> Part:
    questions = [question for question in asked if question.asked_of == asked_of]
    rows = [_row(question, place, ever) for place, question in enumerate(questions, start=1)]
    return Part(asked_of.value, str(asked_of.label), rows)


def _row(question: Question, place: int, ever: list[Question]) -> Row:
    condition, answers = question.condition_question, question.answer_count
    only_if = ""
    if condition is not None:
        only_if = f"Only if “{condition.label}” is “{label_of(condition, question.condition_value)}”"
    return Row(question, place, only_if, answers, _answers(question.key, ever) - answers)


def _answers(key: str, ever: list[Question]) -> int:
    return sum(question.answer_count for question in ever if question.key == key)
