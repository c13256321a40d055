"""A portal in which every word that anybody can type is hostile: each column of words holds one of the payloads."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models.fields.files import FileField

from ranportal.shared import directions
from registrations.enums import LookKind
from registrations.models import AccessEntry
from registrations.models.sealed import SealedField
from registrations.services import looking
from tests.security.payloads import TEXTS

Column = Any
APPS = ("events", "registrations", "accounts")

#: Columns that hold no words of people: names of ours, digests, what stands in addresses.
NO_WORDS = {
    "address_index", "attribute", "check_result", "condition_value", "country", "digest", "email", "form_digest",
    "input_sha256", "key", "key_id", "language", "lease_token", "master_id", "message_id", "organisation_index", "page",
    "password", "path", "privacy_version", "query", "reference", "reply_to", "rules_version", "status",
    "template_version", "timezone", "token", "value", "wording",
}  # fmt: skip
_NO_WORDS_OF = (models.SlugField, models.URLField, models.EmailField, FileField)


def is_of_words(field: Column) -> bool:
    """Whether people's own words stand in this column."""
    is_text = isinstance(field, models.CharField | models.TextField) and not isinstance(field, _NO_WORDS_OF)
    return is_text and not field.choices and not field.unique and field.name not in NO_WORDS


def word_columns() -> Iterator[tuple[type[models.Model], list[Column]]]:
    """The columns of words, by model; sealed ones are not among them."""
    for label in APPS:
        for model in apps.get_app_config(label).get_models():
            yield model, [field for field in model._meta.concrete_fields if is_of_words(field)]


class Sower:
    """Writes payloads, one after the other, so that over forty rounds each stands in each place."""

    def __init__(self, first: int, *, texts: Sequence[str] = TEXTS) -> None:
        self._next, self._texts = first, texts
        self.places = 0

    def word(self, most: int | None = None) -> str:
        """The next payload, cut to the length of its column."""
        # Every door takes these marks out (test_directions.py).
        text = directions.straight(self._texts[self._next % len(self._texts)])
        self._next, self.places = self._next + 1, self.places + 1
        return text[:most]

    def sow(self) -> None:
        """Write into every row of every table, in one transaction."""
        with transaction.atomic():
            for model, fields in word_columns():
                if model is AccessEntry:
                    self._add_look()
                    continue
                sealed = next((field for field in model._meta.concrete_fields if isinstance(field, SealedField)), None)
                for row in model._default_manager.order_by("pk"):
                    self._write(row, fields, sealed)

    def _add_look(self) -> None:
        """The access log is only added to: what its newest look was for is said anew."""
        if look := AccessEntry.objects.order_by("number").last():
            page, call = look.page, look.call_id
            says = {"purpose": self.word(300), "kind": LookKind.EXPORT, "references": []}
            looking.enter(user=look.user, page=page, call_id=call, now=look.at, **says)

    def _write(self, row: Any, fields: list[Column], sealed: SealedField | None) -> None:
        written = []
        for field in fields:
            if getattr(row, field.name):
                setattr(row, field.name, self.word(field.max_length))
                written.append(field.name)
        for part in sealed.parts if sealed else ():
            if part in self._texts_of_sealed(row):
                row.say(part, self.word(200))
                written.append(sealed.name)  # type: ignore[union-attr]
        for name, plant in _JSON.get(row._meta.object_name, {}).items():
            setattr(row, name, plant(self, getattr(row, name)))
            written.append(name)
        if written:
            # As the database has it: no service would take all of this, and pages must stand it nevertheless.
            row.seal() if sealed else None
            values = {name: getattr(row, name) for name in set(written) if _is_column(row, name)}
            type(row)._default_manager.filter(pk=row.pk).update(**values) if values else None

    def _texts_of_sealed(self, row: Any) -> set[str]:
        names = {part for part, said in row._parts().items() if isinstance(said, str) and said}
        return names - {"email"}


def _is_column(row: models.Model, name: str) -> bool:
    return name in {field.name for field in row._meta.concrete_fields}


def _choices(sower: Sower, choices: list[list[str]]) -> list[list[str]]:
    return [[key, sower.word(200)] for key, _ in choices]


def _points(sower: Sower, points: list[str]) -> list[str]:
    return [sower.word() for _ in points] or [sower.word()]


def _facts(sower: Sower, facts: dict[str, Any]) -> dict[str, Any]:
    """What of a mail's frozen facts may be words of staff."""
    return facts | {"criteria": [sower.word(200), sower.word(200)]}


_JSON: dict[str | None, dict[str, Callable[[Sower, Any], Any]]] = {
    "Question": {"choices": _choices},
    "LibraryQuestion": {"choices": _choices},
    "Publication": {"key_points": _points},
    "OutgoingMail": {"facts": _facts},
}
