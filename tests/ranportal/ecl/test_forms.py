"""The crispy-forms template pack "ecl"."""

from html.parser import HTMLParser
from typing import Any

import pytest
from crispy_forms.utils import render_crispy_form
from django import forms
from django.test import Client

from ranportal.ecl.templatetags import ecl_forms
from tests.ranportal.ecl.gallery import EveryField

pytestmark = pytest.mark.urls("tests.ranportal.ecl.gallery")

NOTHING_TYPED = {"version": ""}


class Elements(HTMLParser):
    """The start tags of a page, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice: {names}"
        self.found.append((tag, dict(attrs)))

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for _, attrs in self.found if attrs.get("name") == name]

    def ids(self) -> list[str | None]:
        return [attrs["id"] for _, attrs in self.found if "id" in attrs]


def elements_of(form: forms.Form) -> Elements:
    return Elements(render_crispy_form(form, context={"csrf_token": "x"}))


@pytest.mark.parametrize("data", [None, NOTHING_TYPED])
def test_every_description_that_a_field_names_exists_once(data: dict[str, str] | None) -> None:
    elements = elements_of(EveryField(data))
    named = [reference for _, attrs in elements.found for reference in (attrs.get("aria-describedby") or "").split()]
    assert len(named) >= 5
    assert {elements.ids().count(reference) for reference in named} == {1}


@pytest.mark.parametrize("data", [None, NOTHING_TYPED])
def test_every_label_leads_to_an_input(data: dict[str, str] | None) -> None:
    elements = elements_of(EveryField(data))
    targets = [attrs["for"] for tag, attrs in elements.found if tag == "label"]
    assert len(targets) == len(set(targets)) == 15
    assert set(targets) <= set(elements.ids())


def test_no_id_is_used_twice() -> None:
    ids = elements_of(EveryField(NOTHING_TYPED)).ids()
    assert len(ids) == len(set(ids))


def test_the_summary_links_to_each_field_that_needs_another_look() -> None:
    form = EveryField(NOTHING_TYPED)
    elements = elements_of(form)
    links = [attrs["href"] for tag, attrs in elements.found if tag == "a"]
    assert links == [f"#{ecl_forms.anchor(field)}" for field in form.visible_fields() if field.errors]
    assert {link.removeprefix("#") for link in links if link} <= set(elements.ids())


def test_the_summary_says_how_many_answers_are_meant() -> None:
    html = render_crispy_form(EveryField(NOTHING_TYPED), context={"csrf_token": "x"})
    assert "9 answers need another look" in html


def test_what_is_wrong_with_a_hidden_field_is_said_too() -> None:
    html = render_crispy_form(EveryField(NOTHING_TYPED), context={"csrf_token": "x"})
    assert "<li>version: This field is required.</li>" in html


def test_a_form_nobody_has_sent_has_no_summary() -> None:
    html = render_crispy_form(EveryField(), context={"csrf_token": "x"})
    assert 'role="alert"' not in html
    assert "aria-invalid" not in html


def test_attributes_of_a_widget_are_kept_once() -> None:
    (name,) = elements_of(EveryField()).named("given_name")
    (motivation,) = elements_of(EveryField()).named("motivation")
    assert name["autocomplete"] == "given-name"
    assert motivation["rows"] == "6"


def test_what_was_typed_comes_back() -> None:
    elements = elements_of(EveryField({"given_name": 'Ada "A" <b>', "sector": "police", "topics": ["trust"]}))
    assert elements.named("given_name")[0]["value"] == 'Ada "A" <b>'
    assert [option["value"] for option in elements.named("sector") if "checked" in option] == ["police"]
    assert [option["value"] for option in elements.named("topics") if "checked" in option] == ["trust"]


@pytest.mark.parametrize("name", ["sector", "topics"])
def test_a_group_of_choices_is_a_fieldset_with_a_legend(name: str) -> None:
    found = elements_of(EveryField()).found
    position = next(index for index, (_, attrs) in enumerate(found) if attrs.get("id") == f"div_id_{name}")
    assert [tag for tag, _ in found[position : position + 2]] == ["fieldset", "legend"]


def test_each_field_says_in_words_whether_it_must_be_answered() -> None:
    html = render_crispy_form(EveryField(), context={"csrf_token": "x"})
    assert (html.count("(required)"), html.count("(optional)")) == (9, 4)


def test_a_form_with_a_file_is_sent_as_one() -> None:
    tag, attrs = elements_of(EveryField()).found[0]
    assert (tag, attrs["enctype"], attrs["method"]) == ("form", "multipart/form-data", "post")


def test_labels_help_and_choices_are_text() -> None:
    class Hostile(forms.Form):
        one = forms.CharField(label="<i>", help_text="<i>")
        many = forms.ChoiceField(label="<i>", choices=[("<i>", "<i>")], widget=forms.RadioSelect)
        yes = forms.BooleanField(label="<i>")

    def refuse(self: forms.Form) -> None:
        raise forms.ValidationError("<i>")

    Hostile.clean = refuse  # type: ignore[method-assign, assignment]
    assert "<i>" not in render_crispy_form(Hostile({"one": "<i>", "many": "<i>"}), context={"csrf_token": "x"})


@pytest.mark.parametrize(
    ("widget", "kind"),
    [
        (forms.TextInput(), "text"),
        (forms.Textarea(), "textarea"),
        (forms.Select(), "select"),
        (forms.SelectMultiple(), "list"),
        (forms.RadioSelect(), "radios"),
        (forms.CheckboxSelectMultiple(), "checkboxes"),
        (forms.CheckboxInput(), "checkbox"),
        (forms.ClearableFileInput(), "file"),
    ],
)
def test_the_kind_of_a_field_follows_its_widget(widget: forms.Widget, kind: str) -> None:
    form = forms.Form()
    form.fields["x"] = forms.Field(widget=widget)
    assert ecl_forms.field_kind(form["x"]) == kind


def test_a_short_text_gets_a_short_field() -> None:
    form = forms.Form()
    form.fields["code"] = forms.CharField(max_length=8)
    form.fields["name"] = forms.CharField(max_length=100)
    assert "ecl-text-input--s" in ecl_forms.control(form["code"])
    assert "ecl-text-input--l" in ecl_forms.control(form["name"])


def test_the_form_page_answers_with_what_is_missing(client: Client) -> None:
    answer: Any = client.post("/form/", {"given_name": "Ada"})
    assert answer.status_code == 422
    assert 'value="Ada"' in answer.content.decode()
