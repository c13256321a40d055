"""What people do with their own data on their private page: allow an extra, put right who they are, erase it all."""

from collections.abc import Mapping
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Hidden, Layout
from django import forms

from registrations.enums import Extra
from registrations.field_register import TEXTS
from registrations.fields import OnCheckbox, ParagraphsField
from registrations.forms import PersonForm, laid_out
from registrations.models import Registration

DETAIL_LENGTH = 500


class ExtraForm(forms.Form):
    """One extra: an empty box to tick, and what belongs to it."""

    use_required_attribute = False
    agree = forms.BooleanField(required=False, widget=OnCheckbox)
    detail = ParagraphsField(
        limit=DETAIL_LENGTH,
        required=False,
        help_text="Only what we need to know. You need not say why.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, extra: Extra, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="", auto_id=f"id_{extra}_%s")
        self.extra, text = extra, TEXTS[extra]
        self.fields["agree"].label = text.allows
        self.fields["detail"].label = text.asks
        if not text.asks:
            del self.fields["detail"]

    def clean_agree(self) -> bool:
        """Return the tick. Nothing here is required; a button without a tick allows nothing."""
        if not self.cleaned_data["agree"]:
            raise forms.ValidationError("Tick the box if you allow it. If you do not, there is nothing to do.")
        return True

    def clean_detail(self) -> str:
        """Return what belongs to the tick, which says nothing without it."""
        if not self.cleaned_data["detail"]:
            raise forms.ValidationError("Please tell us, so that we can act on it.")
        return str(self.cleaned_data["detail"])

    @property
    def helper(self) -> FormHelper:
        """How crispy-forms lays the form out; the button says which extra it is about."""
        helper = laid_out(f"extra-{self.extra}", "Allow it")
        helper.add_input(Hidden("extra", self.extra))
        helper.layout = Layout(*[name for name in ("detail", "agree") if name in self.fields])
        return helper


class CorrectionForm(PersonForm):
    """Who the person is, but for the address and the field of work."""

    def __init__(self, *, registration: Registration, data: Mapping[str, Any] | None = None) -> None:
        identity = registration.identity
        initial = {name: getattr(identity, name) for name in self.base_fields if name != "country"}
        initial["country"] = registration.country
        super().__init__(data, initial=initial, label_suffix="")

    @property
    def helper(self) -> FormHelper:
        """How crispy-forms lays the form out."""
        helper = laid_out("correction", "Save")
        helper.layout = Layout(*self.fields)
        return helper


class EraseForm(forms.Form):
    """A tick that it is meant."""

    use_required_attribute = False
    sure = forms.BooleanField(
        label="Yes, erase my registration. I know that it cannot be undone.",
        error_messages={"required": "Tick the box if you mean it."},
        widget=OnCheckbox,
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="")

    @property
    def helper(self) -> FormHelper:
        """How crispy-forms lays the form out."""
        return laid_out("erase", "Erase my registration")
