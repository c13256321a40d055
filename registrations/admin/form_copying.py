"""Questions from elsewhere: another call, or the library; and into the library."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.admin import NarrowLookups
from ranportal.shared.refusals import Refused
from registrations import queries
from registrations.admin.form_building import for_builders, form_page
from registrations.admin.question_forms import LibraryQuestionForm
from registrations.enums import AskedOf
from registrations.models import LibraryQuestion, Question
from registrations.services import form_building


class CopyForm(forms.Form):
    """Which questions of the other call."""

    questions = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, error_messages={"required": "Please choose at least one question."}
    )


class TakeForm(CopyForm):
    """Which questions of the library, and who is asked."""

    asked_of = forms.ChoiceField(
        label="Asked of", choices=AskedOf.choices, widget=forms.RadioSelect, initial=AskedOf.EVERYONE
    )


class KeepForm(forms.Form):
    """What is said about a question in the library."""

    note = forms.CharField(label="What it is good for", max_length=300, required=False)


@admin.register(LibraryQuestion)
class LibraryAdmin(NarrowLookups):
    """Tried questions, to be copied into the form of any call."""

    form = LibraryQuestionForm
    list_display = ("label", "key", "kind", "audience", "is_sensitive", "note")
    list_filter = ("kind", "audience", "is_sensitive")
    search_fields = ("key", "label", "help", "note")
    show_facets = admin.ShowFacets.NEVER
    actions = None


def urls(model_admin: admin.ModelAdmin) -> list[URLPattern]:
    """The addresses of these pages, below those of the call."""
    pages = (
        ("form/copy/", "form_copy", copy),
        ("form/library/", "form_library", take),
        ("form/<int:question_id>/library/", "form_keep", keep),
    )
    return [
        path(f"<int:call_id>/{address}", for_builders(model_admin, page), name=f"events_call_{name}")
        for address, name, page in pages
    ]


def copy(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """Choose a call, then its questions."""
    calls = model_admin.get_queryset(request).exclude(pk=call.pk).filter(questions__retired_at=None).distinct()
    calls = calls.filter(questions__isnull=False).order_by("-closes_at")
    chosen = request.POST.get("from") or request.GET.get("from") or ""
    source = get_object_or_404(calls, pk=chosen) if chosen.isascii() and chosen.isdigit() else None
    there = queries.current_questions(source) if source else []
    form = _chosen(CopyForm, request, there, taken=_keys(call))
    if source is not None and request.method == "POST" and form.is_valid():
        picked = [question for question in there if str(question.pk) in form.cleaned_data["questions"]]
        try:
            copied = form_building.copy(call=call, questions=picked, by=request.user, now=clock.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _copied(model_admin, request, call, copied)
    context = {"title": "Copy from another call", "calls": calls, "source": source, "form": form}
    return form_page(model_admin, request, call, "copy.html", context, status=422 if form.errors else 200)


def take(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """Choose among the questions of the library."""
    entries = list(LibraryQuestion.objects.all())
    form = _chosen(TakeForm, request, entries, taken=_keys(call))
    if request.method == "POST" and form.is_valid():
        picked = [entry for entry in entries if str(entry.pk) in form.cleaned_data["questions"]]
        asked_of = AskedOf(form.cleaned_data["asked_of"])
        try:
            copied = form_building.take_from_library(
                call=call, entries=picked, asked_of=asked_of, by=request.user, now=clock.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _copied(model_admin, request, call, copied)
    context = {"title": "Take from the library", "entries": entries, "form": form}
    return form_page(model_admin, request, call, "library.html", context, status=422 if form.errors else 200)


def keep(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call, question_id: int) -> HttpResponseBase:
    """Put a question of this call into the library."""
    if not request.user.has_perm("registrations.add_libraryquestion"):
        raise PermissionDenied
    question = get_object_or_404(call.questions.filter(retired_at=None), pk=question_id)
    form = KeepForm(request.POST if request.method == "POST" else None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        try:
            form_building.put_into_library(question=question, note=form.cleaned_data["note"], now=clock.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            model_admin.log_change(request, call, f"Put into the library: “{question.label}”.")
            messages.success(request, f"“{question.label}” is in the library now.")
            return redirect("admin:events_call_form", call.pk)
    context = {"title": "Put into the library", "question": question, "form": form}
    return form_page(model_admin, request, call, "keep.html", context, status=422 if form.errors else 200)


def _keys(call: Call) -> set[str]:
    return {question.key for question in queries.current_questions(call)}


def _chosen(form_class: type[CopyForm], request: HttpRequest, there: list[Any], *, taken: set[str]) -> CopyForm:
    form = form_class(request.POST if request.method == "POST" else None, label_suffix="")
    form.fields["questions"].choices = [(str(one.pk), _words(one, taken)) for one in there]
    return form


def _words(question: Question | LibraryQuestion, taken: set[str]) -> str:
    """Its words, and on a second line what there is to know about it."""
    note = question.note if isinstance(question, LibraryQuestion) else ""
    is_there = f"This form has a question “{question.key}” already." if question.key in taken else ""
    about = " ".join(filter(None, (f"{question.get_kind_display()}.", note, is_there)))
    return f"{question.label}\n{about}"


def _copied(
    model_admin: admin.ModelAdmin, request: HttpRequest, call: Call, copied: form_building.Copied
) -> HttpResponseBase:
    if copied.made:
        words = f"Added: {', '.join(copied.made)}."
        model_admin.log_change(request, call, words)
        messages.success(request, words)
    if copied.skipped:
        messages.warning(request, f"Left out, since the form has questions of these keys: {', '.join(copied.skipped)}.")
    if copied.without_condition:
        names = ", ".join(copied.without_condition)
        messages.warning(request, f"Asked of all now, since what they waited for was not copied: {names}.")
    return redirect("admin:events_call_form", call.pk)
