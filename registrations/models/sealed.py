"""Rows of which only the key of their call opens some parts."""

import json
import logging
from typing import Any

from django.db import models

from ranportal.shared import sealing
from registrations import looks
from registrations.models.call_key import KeyDestroyed, key_for, key_named

logger = logging.getLogger(__name__)

#: What is read for a part whose key was destroyed, and for one whose bytes were changed.
ERASED, UNREADABLE = "(erased)", "(cannot be read)"


class SealedRow(models.Model):
    """A row about one registration whose sealed parts are read and written like any other attribute.

    Nothing is opened before a part is read, and all parts are sealed anew, together, when the row is saved after one
    was written. `sealed` is in `update_fields` where a save names fields; before `bulk_update`, call `seal`. A query
    that updates `sealed` to b"" leaves nothing of it: each part is "" then. A part that nothing opens any more reads
    as ERASED or UNREADABLE; `said` raises instead.
    """

    #: How a query gets from such a row to its call.
    path_to_call = "registration__call"
    registration: Any
    registration_id: Any
    sealed: Any

    class Meta:
        abstract = True

    @property
    def sealed_as(self) -> str:
        """What this row is among the sealed rows of its registration: what was sealed opens in no other."""
        return str(self._meta.model_name)

    @property
    def is_open(self) -> bool:
        """Whether a sealed part was read or written since the row was fetched or made."""
        return "_open" in self.__dict__

    def seal(self) -> None:
        """Bring the column up to date with what was written to its parts. Raises KeyDestroyed."""
        if self.__dict__.pop("_is_written", False):
            key_id, key = key_for(self.registration.call)
            plain = json.dumps(self._parts(), ensure_ascii=False, separators=(",", ":")).encode()
            self.sealed = sealing.seal(plain, key=key, key_id=key_id, place=self._place())
            self._sealed_anew()

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """As ever; and what was open is closed."""
        self.__dict__.pop("_open", None)
        self.__dict__.pop("_is_written", None)
        self.__dict__.pop("_failure", None)
        super().refresh_from_db(*args, **kwargs)

    def said(self, part: str) -> Any:
        """One part; "" where nothing was ever said. Raises KeyDestroyed, sealing.Unopened."""
        return self._parts().get(part, "")

    def shown(self, part: str) -> Any:
        """One part for people to read; ERASED or UNREADABLE where nothing opens it any more."""
        try:
            return self.said(part)
        except KeyDestroyed:
            return ERASED
        except sealing.Unopened:
            return UNREADABLE

    def say(self, part: str, value: Any) -> None:
        """Write one part: plain JSON."""
        self._parts()[part] = value
        self.__dict__["_is_written"] = True

    def _sealed_anew(self) -> None:
        """What a row repeats of its parts, to be brought up to date."""

    def _parts(self) -> dict[str, Any]:
        parts: dict[str, Any] | None = self.__dict__.get("_open")
        if parts is None:
            parts = self.__dict__["_open"] = self._opened_once()
        return parts

    def _opened_once(self) -> dict[str, Any]:
        failure: Exception | None = self.__dict__.get("_failure")
        if failure is None:
            try:
                return self._opened(bytes(self.sealed or b""))
            except (KeyDestroyed, sealing.Unopened) as error:
                failure = self.__dict__["_failure"] = error
                logger.warning("A sealed row cannot be opened: %s %s (%r).", self._meta.model_name, self.pk, error)
        raise failure

    def _opened(self, sealed: bytes) -> dict[str, Any]:
        if not sealed:
            return {}
        looks.note(self.registration_id)
        key = key_named(sealing.key_id_of(sealed))
        parts: dict[str, Any] = json.loads(sealing.opened(sealed, key=key, place=self._place()))
        return parts

    def _place(self) -> str:
        return f"{self.sealed_as}:{self.registration_id}"


class SealedField(models.BinaryField):
    """The column `sealed` of a SealedRow: its named parts become attributes of the row, save those that it defines."""

    def __init__(self, *args: Any, parts: tuple[str, ...] = (), **options: Any) -> None:
        self.parts = parts
        super().__init__(*args, **{"default": b"", "editable": False, **options})

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        for part in self.parts:
            if part not in cls.__dict__:
                setattr(cls, part, _attribute(part))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Seal first: every insert and save of a whole row passes here."""
        if isinstance(model_instance, SealedRow):
            model_instance.seal()
        return super().pre_save(model_instance, add)


def _attribute(part: str) -> property:
    def read(row: SealedRow) -> Any:
        return row.shown(part)

    def write(row: SealedRow, value: Any) -> None:
        row.say(part, value)

    return property(read, write)
