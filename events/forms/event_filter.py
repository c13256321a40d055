"""The filter of the event list."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.text import Truncator

from events.enums import EventKind
from events.queries import EventFilter
from events.words import language_words

_ANY = ("", "Any")
_MOST_SHOWN = 40


class OpenBox(forms.CheckboxInput):
    """A box that stands for the value 1 in an address, and for nothing else."""

    def __init__(self) -> None:
        super().__init__(attrs={"value": "1"}, check_test=lambda value: value == "1")

    def value_from_datadict(self, data: Mapping[str, Any], files: Mapping[str, Any], name: str) -> str:  # type: ignore[override]
        return data.get(name, "")


class EventFilterForm(forms.Form):
    """The event list's filter, as its address carries it. An unknown value is no error: it is left out, with a note."""

    is_all_optional = True  # so that labels need not say it

    q = forms.CharField(label="Search for words", required=False, max_length=200)
    kind = forms.ChoiceField(label="Kind of event", required=False, choices=[_ANY, *EventKind.choices])
    working_group = forms.ChoiceField(label="Working group", required=False)
    language = forms.ChoiceField(label="Language", required=False)
    open = forms.ChoiceField(
        label="Open for registration now", required=False, choices=[_ANY, ("1", "Yes")], widget=OpenBox
    )

    def __init__(self, data: Mapping[str, Any], *, groups: Sequence[tuple[str, str]], languages: Sequence[str]) -> None:
        super().__init__(data)
        self.groups, self.languages = groups, languages
        self.fields["working_group"].choices = [_ANY, *groups]  # type: ignore[attr-defined]
        self.fields["language"].choices = [_ANY, *((code, language_words(code)) for code in languages)]  # type: ignore[attr-defined]

    def asked(self) -> EventFilter:
        """Return what the reader asked for, as far as we know it."""
        self.full_clean()
        known = self.cleaned_data
        return EventFilter(
            kind=known.get("kind", ""),
            working_group=known.get("working_group", ""),
            language=known.get("language", ""),
            is_open=known.get("open") == "1",
            words=known.get("q", ""),
        )

    def notes(self) -> list[str]:
        """Return a sentence for each value that is left out."""
        return [
            f"“{Truncator(self.data[name]).chars(_MOST_SHOWN)}” is not something we can look for under"
            f" “{self.fields[name].label}”. We left it out."
            for name in self.errors
        ]

    def without_unknown(self) -> "EventFilterForm":
        """Return the form with what we know, to be shown again."""
        known = {name: value for name, value in self.data.items() if name not in self.errors}
        return EventFilterForm(known, groups=self.groups, languages=self.languages)

    @property
    def is_narrow(self) -> bool:
        """Whether any condition beside the words is set."""
        return any(self.data.get(name) for name in self.fields if name != "q")

    @property
    def is_asked(self) -> bool:
        """Whether the reader asked for anything."""
        return any(self.data.get(name) for name in self.fields)
