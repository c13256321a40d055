"""What the crispy-forms template pack "ecl" needs to know about a field.

Forms choose the pack by `{% load crispy_forms_tags %}{% crispy form %}` or `{{ form|crispy }}`. Give a widget its
attributes (rows, autocomplete, maxlength, inputmode) in the form: the pack keeps them. Never hand text that people
typed to crispy's Fieldset, Submit or HTML: crispy renders those as templates.
"""

from collections.abc import Iterator
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString

register = template.Library()

# More specific widgets stand before those that they inherit from.
KINDS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxSelectMultiple, "checkboxes"),
    (forms.RadioSelect, "radios"),
    (forms.CheckboxInput, "checkbox"),
    (forms.FileInput, "file"),
    (forms.Textarea, "textarea"),
    (forms.SelectMultiple, "list"),
    (forms.Select, "select"),
)
CLASSES = {
    "text": "ecl-text-input",
    "textarea": "ecl-text-area ecl-text-area--l portal-text-area",
    "select": "ecl-select",
    "list": "ecl-select portal-select-list",
    "file": "portal-file-upload",
    "checkbox": "ecl-checkbox__input",
}
SHORT_TYPES = ("number", "date", "time", "tel")
SHORT_LENGTH = 12


@register.filter
def field_kind(field: BoundField) -> str:
    """What the field looks like: text, textarea, select, list, file, checkbox, checkboxes or radios."""
    widget = field.field.widget
    return next((kind for widget_class, kind in KINDS if isinstance(widget, widget_class)), "text")


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's input, select or text area with the look's classes added to its own."""
    kind = field_kind(field)
    classes = [CLASSES.get(kind, "")]
    if kind == "text":
        classes.append(f"ecl-text-input--{'s' if is_short(field) else 'l'}")
    if field.errors and kind in ("text", "textarea"):
        classes.append(f"{CLASSES[kind].split()[0]}--invalid")
    own = field.field.widget.attrs.get("class", "")
    return field.as_widget(attrs={"class": " ".join(filter(None, [own, *classes]))})


@register.filter
def anchor(field: BoundField) -> str:
    """The id of what a link to this field should lead to: its input, or the first of a group."""
    if field_kind(field) in ("radios", "checkboxes"):
        return f"{field.auto_id}_0"
    return field.id_for_label


@register.filter
def fields_in_error(form: forms.BaseForm) -> list[BoundField]:
    """The visible fields that need another look, in the order of the form."""
    return [field for field in form.visible_fields() if field.errors]


@register.filter
def hidden_errors(form: forms.BaseForm) -> list[str]:
    """What is wrong with fields that nobody sees, named by their field."""
    return [f"{field.name}: {error}" for field in form.hidden_fields() for error in field.errors]


@register.filter
def options(field: BoundField) -> Iterator[dict[str, Any]]:
    """The choices of a group of radio buttons or checkboxes: text, name, value, whether selected, other attributes."""
    for option in field.subwidgets:
        # ARIA knows no such attribute for a single radio button; the group carries the message.
        attrs = {name: value for name, value in option.data["attrs"].items() if name != "aria-invalid"}
        yield {**option.data, "attrs": attrs}


def is_short(field: BoundField) -> bool:
    """Whether a few characters are all that the field takes."""
    widget = field.field.widget
    length = widget.attrs.get("maxlength") or getattr(field.field, "max_length", None)
    return getattr(widget, "input_type", "") in SHORT_TYPES or (length is not None and int(length) <= SHORT_LENGTH)
