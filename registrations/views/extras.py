"""Extras on an own page: each asked by itself, each taken back by one button."""

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from ranportal.shared.refusals import Refused
from registrations import extras, policies, retention
from registrations.enums import Extra
from registrations.field_register import care_of
from registrations.own_forms import ExtraForm
from registrations.services import consents
from registrations.views.frame import Own, own, proven
from registrations.views.personal import SeeOther


@own
@proven
def my_extras(own: Own) -> HttpResponseBase:
    """What the person allows. A POST names one `extra` and gives it, or with `withdraw` takes it back.

    With `answer` it takes back the answer to the question of this key.
    """
    if not own.is_sent:
        return _page(own)
    if key := own.request.POST.get("answer"):
        consents.take_back(registration=own.held, key=key, now=own.now)
        return _again(own, "taken", "answer")
    name = own.request.POST.get("withdraw") or own.request.POST.get("extra")
    if name not in Extra.values:
        return _page(own, refusal="Please use one of the buttons on this page.", status=400)
    extra = Extra(name)
    if "withdraw" in own.request.POST:
        consents.withdraw(registration=own.held, extra=extra, now=own.now)
        return _again(own, "taken", extra)
    form = ExtraForm(extra, own.request.POST)
    if not form.is_valid():
        return _page(own, form=form, status=422)
    try:
        detail = form.cleaned_data.get("detail", "")
        consents.give(registration=own.held, extra=extra, detail=detail, now=own.now)
    except Refused as refusal:
        return _page(own, refusal=str(refusal), status=409)
    return _again(own, "given", extra)


def _again(own: Own, word: str, extra: str) -> HttpResponseBase:
    address = reverse("registrations:registration-extras", args=[own.held.reference])
    return SeeOther(f"{address}?{word}={extra}")


def _page(own: Own, *, form: ExtraForm | None = None, refusal: str = "", status: int = 200) -> HttpResponseBase:
    may_give = policies.may_give_extras(own.held)
    said = [(answer, care_of(answer.question)) for answer in extras.free_answers(own.held)]
    days = retention.days_of(own.held.call)
    context = {
        "registration": own.held,
        "rows": [
            (choice, _form(choice, form) if may_give else None, choice.text.kept.said(days))
            for choice in extras.choices(own.held)
        ],
        "answers": [(answer, care, care.kept.said(days)) for answer, care in said],
        "refusal": refusal,
        "form": form,
        "given": _label(own.request.GET.get("given")),
        "taken": _label(own.request.GET.get("taken")),
        "is_answer_taken": own.request.GET.get("taken") == "answer",
    }
    return render(own.request, "registrations/extras.html", context, status=status)


def _form(choice: extras.Choice, sent: ExtraForm | None) -> ExtraForm | None:
    """The form of a choice that is open: what was sent, with what is wrong, or an empty one."""
    if sent is not None and sent.extra == choice.extra:
        return sent
    return ExtraForm(choice.extra) if choice.consent is None or choice.is_changed else None


def _label(name: str | None) -> str:
    return str(Extra(name).label) if name in Extra.values else ""
