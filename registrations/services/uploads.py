"""Files that people send, each sealed with the key of its call.

A file is stored before the rows that name it, and goes again where none came to name it. So no call is locked while a
slow store takes in five megabytes, and whatever breaks leaves neither a row without its file nor, for long, a file
without its row.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.core.files.uploadedfile import UploadedFile
from django.db import Error, connection

from ranportal.shared import sealing
from ranportal.shared.outages import is_disk_trouble
from ranportal.shared.stores import StoreDown
from registrations import looks
from registrations.models import Answer, Question
from registrations.models.answer import FOLDER, upload_name
from registrations.models.call_key import key_for, key_named
from registrations.questions import GivenAnswer

logger = logging.getLogger(__name__)

#: A file that no answer names is kept so long: the process that stored it may still be about to write its row.
UNNAMED_KEPT = timedelta(days=7)
_NAME_LENGTH = 32


@contextmanager
def stored(answers: Mapping[Question, GivenAnswer]) -> Iterator[dict[Question, GivenAnswer]]:
    """Store the files among the answers; open the transaction that writes their rows inside.

    Gives the answers with `stored_as`. Afterwards, files that no row names are deleted; only where the line to the
    database broke they stay for `delete_unnamed`, since a commit may have happened unseen. Raises StoreDown, and what
    is raised inside.
    """
    names: list[str] = []
    try:
        with_names = {question: _stored(question, given, names) for question, given in answers.items()}
    except BaseException:
        _delete(names)
        raise
    try:
        yield with_names
    except BaseException:
        if names and _is_line_whole():
            # What broke may have broken after the commit.
            _delete(_not_named(names))
        raise
    if names:
        _delete(_not_named(names))


def opened(answer: Answer) -> BytesIO:
    """The bytes that were sent with an answer. Raises FileNotFoundError, KeyDestroyed, sealing.Unopened, StoreDown."""
    with answer.file.open("rb") as stored:
        content = stored.read()
    looks.note(answer.registration_id)
    key = key_named(sealing.key_id_of(content))
    return BytesIO(sealing.opened(content, key=key, place=_place(str(answer.file.name))))


def unnamed(*, now: datetime) -> list[str]:
    """Return the stored files that no answer names and that are older than UNNAMED_KEPT."""
    storage = _storage()
    try:
        # Before the rows are read: what is stored after that is too young in any case.
        found = {f"{FOLDER}/{name}" for name in storage.listdir(FOLDER)[1]}
    except FileNotFoundError:
        return []
    strangers = found - set(Answer.objects.exclude(file="").values_list("file", flat=True))
    return sorted(name for name in strangers if _is_older(name, now - UNNAMED_KEPT))


def delete_unnamed(*, now: datetime) -> int:
    """Delete what a killed process or a broken line left behind; returns how many files."""
    return _delete(unnamed(now=now))


def _storage() -> Storage:
    return Answer._meta.get_field("file").storage


def _stored(question: Question, given: GivenAnswer, names: list[str]) -> GivenAnswer:
    if given.upload is None:
        return given
    name = upload_name()
    # Before it is stored: half a file has to go as well.
    names.append(name)
    try:
        stored_as = _storage().save(name, _sealed(question, given.upload, name))
    except OSError as error:
        if not is_disk_trouble(error):
            raise
        raise StoreDown(f"The disk takes no file ({error.strerror}).") from error
    if stored_as != name:
        names.append(stored_as)
    return replace(given, stored_as=stored_as)


def _sealed(question: Question, upload: UploadedFile, name: str) -> ContentFile:
    key_id, key = key_for(question.call)
    upload.seek(0)
    return ContentFile(sealing.seal(upload.read(), key=key, key_id=key_id, place=_place(name)))


def _place(name: str) -> str:
    # A store that keeps another file of this name adds to it.
    return f"file:{name.rpartition('/')[2][:_NAME_LENGTH]}"


def _is_line_whole() -> bool:
    """Whether the connection of the failed transaction still answers, so that it was rolled back for certain."""
    return connection.connection is not None and connection.is_usable()


def _not_named(names: list[str]) -> set[str]:
    try:
        return set(names) - set(Answer.objects.filter(file__in=names).values_list("file", flat=True))
    except Error:
        return set()


def _delete(names: Iterable[str]) -> int:
    deleted = 0
    for name in names:
        try:
            _storage().delete(name)
        except (OSError, StoreDown):
            logger.warning("A file that nothing names could not be deleted; the nightly purge will.", exc_info=True)
        else:
            deleted += 1
    return deleted


def _is_older(name: str, than: datetime) -> bool:
    try:
        return _storage().get_modified_time(name) <= than
    except FileNotFoundError:
        return False
