"""A day and an hour in one field of a staff form, with the browser's own pickers."""

from datetime import datetime
from typing import Any

from django import forms

from registrations.admin.session_inline import DayInput, HourInput


class MomentWidget(forms.MultiWidget):
    """Two inputs in a group that the label names, each with a name of its own for those who do not see them."""

    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__([DayInput({"aria-label": "Day"}), HourInput({"aria-label": "Hour"})], attrs)

    def decompress(self, value: Any) -> list[Any]:
        # The address of an “add” page may name anything as a beginning, as text.
        local = forms.utils.to_current_timezone(value) if isinstance(value, datetime) else None
        return [local.date(), local.time()] if local else [None, None]


class MomentField(forms.SplitDateTimeField):
    """An aware moment, typed on the clocks of the current time zone (Brussels, unless a page sets another)."""

    widget = MomentWidget
