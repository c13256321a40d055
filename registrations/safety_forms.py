"""What a person tells about somebody who knows their work, and where to call who feels unsafe."""

from collections.abc import Mapping
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms

from registrations.fields import LineField, MailboxField, ParagraphsField
from registrations.forms import laid_out

NAME_LENGTH = 120
TELEPHONE_LENGTH = 40
WORDS_LENGTH = 500
_LEAST_DIGITS = 5


class ContactForm(forms.Form):
    """Somebody who can say that the person does this work."""

    use_required_attribute = False
    name = LineField(
        limit=NAME_LENGTH,
        label="Name",
        error_messages={"required": "Enter the name of somebody who knows your work."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = MailboxField(
        label="E-mail address at work",
        help_text="We write to this address once. A work address helps more than a private one.",
        error_messages={"required": "Enter the e-mail address of this person at work."},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="")

    @property
    def helper(self) -> FormHelper:
        """How crispy-forms lays the form out."""
        return laid_out("contact", "Ask this person")


class UnsafeForm(forms.Form):
    """The number to call, and what to know before."""

    use_required_attribute = False
    telephone = LineField(
        limit=TELEPHONE_LENGTH,
        label="Your telephone number",
        help_text="With the code of the country, as +371 20000000.",
        error_messages={"required": "Enter the number at which we can call you."},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    words = ParagraphsField(
        limit=WORDS_LENGTH,
        required=False,
        label="When to call, and what we should know",
        help_text="For example: after 17:00; do not leave a message.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="")

    def clean_telephone(self) -> str:
        """Return the number as it was typed, when somebody could dial it."""
        telephone: str = self.cleaned_data["telephone"]
        if sum(sign.isdigit() for sign in telephone) < _LEAST_DIGITS:
            raise forms.ValidationError("Enter the number at which we can call you.")
        return telephone

    @property
    def helper(self) -> FormHelper:
        """How crispy-forms lays the form out."""
        return laid_out("unsafe", "Call me")
