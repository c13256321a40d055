"""The rules that proposals of a call keep to: a page of lines, each explained in plain words."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations.admin.board_frame import RULES, board_page, require_selective
from registrations.attributes import COUNTRY, FIRST_TIME, Attribute, attributes_of
from registrations.balance import EACH
from registrations.countries import COUNTRY_CHOICES
from registrations.services import rules
from registrations.services.rules import RuleLine

_EMPTY_LINES = 3
_EACH = (EACH, "Each value by itself")


class RuleForm(forms.Form):
    """One line; an empty one, or one to be taken away, is no rule."""

    attribute = forms.ChoiceField(label="Of those with the same", required=False)
    value = forms.CharField(label="Which", max_length=200, required=False)
    minimum = forms.IntegerField(label="At least", min_value=0, max_value=10_000, required=False)
    maximum = forms.IntegerField(label="At most", min_value=0, max_value=10_000, required=False)
    weight = forms.IntegerField(label="Weight", min_value=1, max_value=1000, required=False)
    is_gone = forms.BooleanField(label="Take away", required=False)

    def __init__(self, *args: Any, attributes: list[Attribute], **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.attributes = {attribute.key: attribute for attribute in attributes}
        choices = [(attribute.key, attribute.label) for attribute in attributes]
        self.fields["attribute"].choices = [("", "–"), *choices]

    @property
    def is_rule(self) -> bool:
        return bool(self.cleaned_data.get("attribute")) and not self.cleaned_data.get("is_gone")

    def clean(self) -> dict[str, Any]:
        """The value as it is compared: a person may type its words, as “Latvia”."""
        given = super().clean() or {}
        attribute = self.attributes.get(given.get("attribute", ""))
        if attribute is None or given.get("is_gone"):
            return given
        typed = given.get("value", "").strip()
        values = _values(attribute)
        by_words = {words.casefold(): value for value, words in values}
        if typed.casefold() in ("", EACH, _EACH[1].casefold()):
            given["value"] = EACH
        elif typed not in dict(values) and values:
            if typed.casefold() not in by_words:
                self.add_error("value", f"“{typed}” is none of the answers of “{attribute.label}”.")
            given["value"] = by_words.get(typed.casefold(), typed)
        return given

    def line(self) -> RuleLine:
        given = self.cleaned_data
        return RuleLine(
            given["attribute"], given["value"], given["minimum"], given["maximum"], given.get("weight") or 1
        )


def show(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """GET shows the rules with some empty lines; POST saves all lines together, or none."""
    require_selective(call)
    attributes = attributes_of(call)
    kwargs = {"attributes": attributes}
    if request.method == "GET":
        formset = _formset(initial=_initial(call, attributes), form_kwargs=kwargs)
        return _page(model_admin, request, call, attributes, formset)
    formset = _formset(request.POST, form_kwargs=kwargs)
    refusal = ""
    if formset.is_valid():
        lines = [form.line() for form in formset if form.is_rule]
        try:
            saved = rules.save_rules(call=call, rules=lines, by=request.user, now=clock.now())
        except Refused as refused:
            refusal = str(refused)
        else:
            messages.success(request, f"{len(saved)} rule{'' if len(saved) == 1 else 's'} saved.")
            return redirect(RULES, call.pk)
    return _page(
        model_admin,
        request,
        call,
        attributes,
        formset,
        refusal=refusal or "Please look at the marked lines.",
        status=422,
    )


def _formset(*args: Any, **kwargs: Any) -> forms.BaseFormSet:
    made = forms.formset_factory(RuleForm, extra=_EMPTY_LINES, max_num=60, absolute_max=80)
    return made(*args, prefix="rule", **kwargs)


def _initial(call: Call, attributes: list[Attribute]) -> list[dict[str, Any]]:
    by_key = {attribute.key: attribute for attribute in attributes}
    return [
        {
            "attribute": rule.attribute,
            "value": _shown(by_key.get(rule.attribute), rule.value),
            "minimum": rule.minimum,
            "maximum": rule.maximum,
            "weight": rule.weight,
        }
        for rule in call.selection_rules.all()
    ]


def _values(attribute: Attribute) -> list[tuple[str, str]]:
    """The values that a rule can name, with their words; none where anything can be one."""
    return list(COUNTRY_CHOICES) if attribute.key == COUNTRY else list(attribute.choices)


def _shown(attribute: Attribute | None, value: str) -> str:
    if value == EACH or attribute is None:
        return "" if value == EACH else value
    return dict(_values(attribute)).get(value, value)


def _in_words(attributes: list[Attribute], initial: list[dict[str, Any]]) -> list[str]:
    labels = {attribute.key: attribute.label for attribute in attributes}
    return [_sentence(line["attribute"], labels.get(line["attribute"], line["attribute"]), line) for line in initial]


def _sentence(attribute: str, label: str, line: dict[str, Any]) -> str:
    least, most, value, weight = line["minimum"], line["maximum"], line["value"], line["weight"]
    bounds = [f"at least {least}"] * (least is not None) + [f"at most {most}"] * (most is not None)
    words = f"{' and '.join(bounds)} {_who(attribute, label, value)}."
    counts = f" Each one too few counts {weight} times." if weight > 1 and least is not None else ""
    return words[:1].upper() + words[1:] + counts


def _who(attribute: str, label: str, value: str) -> str:
    if not value:
        return f"of each: {label}"
    return "who come for the first time" if attribute == FIRST_TIME else f"with {label}: {value}"


def _page(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    call: Call,
    attributes: list[Attribute],
    formset: forms.BaseFormSet,
    *,
    refusal: str = "",
    status: int = 200,
) -> TemplateResponse:
    context = {
        "title": "Rules of the selection",
        "formset": formset,
        "sentences": _in_words(attributes, _initial(call, attributes)),
        "values": [(attribute, _values(attribute)) for attribute in attributes if attribute.key != COUNTRY],
        "refusal": refusal,
    }
    return board_page(model_admin, request, call, "rules.html", context, tab=RULES, status=status)
