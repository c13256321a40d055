"""How an officer says whom a page is about: by the exact address, and where several people share it, by reference."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

from django import forms
from django.http import QueryDict

from registrations.models import Registration
from registrations.shared_addresses import Holder, people_behind

_NOT_CHOSEN = {
    "required": "Tick at least one registration, or all of them.",
    "invalid_choice": "Other registrations came or went since this page was opened. Please look again.",
}


class AddressForm(forms.Form):
    """The exact address of one person."""

    email = forms.EmailField(label="Address", max_length=254, help_text="Exactly as the person uses it.")


class ReferencesField(forms.MultipleChoiceField):
    """References that travel with a form, each as it was chosen; whoever uses them looks whether they are there."""

    widget = forms.MultipleHiddenInput

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def valid_value(self, value: Any) -> bool:
        """Whatever was sent."""
        return True


class ChooseForm(forms.Form):
    """Which registrations of a shared address are meant. Nothing is ticked at first, and to mean all is a tick, too.

    That tick names those whom the page showed: who registered while it lay open makes it count no more.
    """

    email = forms.EmailField(max_length=254, widget=forms.HiddenInput)

    def __init__(self, people: Sequence[Holder], data: QueryDict) -> None:
        initial = {"email": data.get("email", "")}
        super().__init__(data if "choose" in data else None, initial=initial, label_suffix="")
        self.people = people
        found = [one.reference for person in people for one in person.registrations]
        self.all_of_them = " ".join(found)
        self.fields["references"] = forms.MultipleChoiceField(
            choices=[(value, value) for value in (*found, self.all_of_them)], error_messages=_NOT_CHOSEN
        )

    @classmethod
    def of(cls, registrations: Iterable[Registration], data: QueryDict) -> Self | None:
        """The form for these registrations of one address; None where they are all of one person."""
        people = people_behind(registrations)
        return cls(people, data) if len(people) > 1 else None

    @property
    def chosen(self) -> set[str]:
        """The references that were ticked, one by one or by the tick for all; none as long as nothing was."""
        ticked = self.cleaned_data.get("references", ()) if self.is_valid() else ()
        return {reference for value in ticked for reference in value.split()}


def of_these(registrations: Iterable[Registration], references: Iterable[str]) -> list[Registration]:
    """Those of the registrations that are meant; where none is named, all."""
    wanted = set(references)
    return [one for one in registrations if not wanted or one.reference in wanted]
