"""Form fields that forgive how people type and say in words what to put right.

None of them sets `maxlength`: a browser would cut a pasted text without a word.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.validators import EmailValidator, URLValidator

from ranportal.shared import cleaning

LINE_LENGTH = 300
#: Text that is kept as typed: 200 kB, the same that the request may carry.
TEXT_LENGTH = 200 * 1024
ADDRESS_LENGTH = 254
FILE_BYTES = 5 * 1024 * 1024
FILE_NAME_LENGTH = 150

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
# Controls, and the marks that turn the direction of what follows: neither is part of what a person means to say.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def clean_paragraphs(text: str) -> str:
    """Return the text with one kind of line break, without control characters and surrounding space."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")).strip()


def clean_line(text: str) -> str:
    """Return the text as one line, without control characters, each run of spaces made one."""
    return " ".join(_UNSEEN.sub("", re.sub(r"[\r\n\t]", " ", text)).split())


def count_words(text: str) -> int:
    """Return the number of words as a word processor counts them."""
    return len(text.split())


def file_type(head: bytes) -> str | None:
    """Return the content type that the first bytes of a file show, or None if it is not one that we take."""
    return next((kind for signature, kind in _SIGNATURES if head.startswith(signature)), None)


class LineField(forms.CharField):
    """One line of text of at most `limit` characters."""

    def __init__(self, *, limit: int = LINE_LENGTH, **options: Any) -> None:
        self.limit = limit
        super().__init__(**options)

    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > self.limit:
            raise ValidationError(
                "Please shorten this to %(limit)d characters. It has %(length)d.",
                code="too_long",
                params={"limit": self.limit, "length": len(value)},
            )


class ParagraphsField(LineField):
    """Text of several lines, of at most `limit` characters and, if asked, `words` words."""

    widget = forms.Textarea

    def __init__(self, *, limit: int = TEXT_LENGTH, words: int | None = None, **options: Any) -> None:
        self.words = words
        super().__init__(limit=limit, **options)

    def to_python(self, value: Any) -> str:
        return clean_paragraphs(forms.CharField.to_python(self, value) or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        length = count_words(value)
        if self.words is not None and length > self.words:
            raise ValidationError(
                "Please shorten this to %(limit)d words. It has %(length)d.",
                code="too_many_words",
                params={"limit": self.words, "length": length},
            )


class MailboxField(forms.EmailField):
    """An address of one mailbox on the internet; quotes, IP numbers and localhost are no address of a practitioner."""

    default_error_messages = {"invalid": "Enter an e-mail address, as name@example.org."}
    default_validators = [EmailValidator(message="Enter an e-mail address, as name@example.org.", allowlist=[])]

    def to_python(self, value: Any) -> str:
        return clean_line(unicodedata.normalize("NFKC", super().to_python(value) or ""))

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > ADDRESS_LENGTH or set(value) & set('"[]'):
            raise ValidationError(self.error_messages["invalid"], code="invalid")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {}


class WebAddressField(forms.URLField):
    """A web address; https:// is added where it is missing."""

    limit = 500
    default_error_messages = {"invalid": "Enter a web address, as https://example.org/page."}
    default_validators = [
        URLValidator(schemes=["http", "https"], message="Enter a web address, as https://example.org/page.")
    ]

    def __init__(self, **options: Any) -> None:
        super().__init__(assume_scheme="https", **options)

    def to_python(self, value: Any) -> str:
        return super().to_python(clean_line(value or "")) or ""

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > self.limit:
            raise ValidationError("Please shorten this to %(limit)d characters.", params={"limit": self.limit})


class NumberField(forms.DecimalField):
    """A number between two bounds, each None for none. A comma may stand for the decimal point."""

    default_error_messages = {
        "invalid": "Enter a number, as 12 or 2.5.",
        "max_digits": "Enter a smaller number.",
        "max_decimal_places": "Enter a number with at most three digits after the point.",
        "max_whole_digits": "Enter a smaller number.",
    }
    widget = forms.TextInput

    def __init__(self, *, least: int | None, most: int | None, **options: Any) -> None:
        self.least, self.most = least, most
        super().__init__(max_digits=15, decimal_places=3, **options)

    def to_python(self, value: Any) -> Any:
        text = clean_line(str(value)) if value is not None else ""
        return super().to_python(text.replace(" ", "").replace(",", ".") or None)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is None:
            return
        if (self.least is not None and value < self.least) or (self.most is not None and value > self.most):
            raise ValidationError(f"Enter a number {bounds_words(self.least, self.most)}.", code="out_of_bounds")


def bounds_words(least: int | None, most: int | None) -> str:
    """Return how people say the bounds of a number, as “from 1 to 500”; empty without bounds."""
    if least is not None and most is not None:
        return f"from {least} to {most}"
    if least is not None:
        return f"of {least} or more"
    return f"of {most} or less" if most is not None else ""


class DayField(forms.DateField):
    """A day. Browsers send 2026-09-06; people without a date picker may type 6/9/2026 or 6.9.2026."""

    default_error_messages = {"invalid": "Enter a day, as 6/9/2026 for 6 September 2026."}

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"], widget=widget, **options)


class SeveralField(forms.MultipleChoiceField):
    """Several choices, at most `most` of them (None: no limit)."""

    def __init__(self, *, most: int | None, **options: Any) -> None:
        self.most = most
        super().__init__(**options)

    def validate(self, value: list[str]) -> None:
        super().validate(value)
        if self.most is not None and len(set(value)) > self.most:
            raise ValidationError("Please choose at most %(most)d.", code="too_many", params={"most": self.most})


class OnCheckbox(forms.CheckboxInput):
    """A box that is ticked only by the value `on`."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return data.get(name) == "on"


def harmless(name: str, content: bytes, content_type: str) -> SimpleUploadedFile:
    """Return the file as it may be stored: checked, cleaned, under the same name. Raises ValidationError."""
    try:
        content = cleaning.cleaned(content, content_type)
    except cleaning.FileRefused as refused:
        raise ValidationError(str(refused), code="refused") from refused
    if len(content) > FILE_BYTES:
        raise ValidationError("This file is larger than 5 MB. Please choose a smaller one.", code="too_large")
    return SimpleUploadedFile(name, content, content_type)


class DocumentField(forms.FileField):
    """A PDF, PNG or JPEG file of at most 5 MB, known by its content. Its `content_type` is what the content shows.

    What comes out is the file made harmless: without what acts in it and without traces of who made it.
    """

    widget = forms.FileInput
    default_error_messages = {
        "invalid": "Please choose the file again.",
        "missing": "Please choose the file again.",
        "empty": "This file is empty. Please choose another.",
    }

    def to_python(self, data: Any) -> Any:
        file: Any = super().to_python(data)
        if file is None:
            return None
        if file.size > FILE_BYTES:
            raise ValidationError("This file is larger than 5 MB. Please choose a smaller one.", code="too_large")
        content = file.read()
        content_type = file_type(content[:16])
        if content_type is None:
            raise ValidationError("Please choose a PDF, PNG or JPEG file.", code="wrong_kind")
        return harmless(file.name, content, content_type)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"accept": ".pdf,.png,.jpg,.jpeg"}
