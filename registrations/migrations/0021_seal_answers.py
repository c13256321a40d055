"""Seal answers in words of one's own and sensitive ones, with their files, notes of checks and hidden passages."""

from functools import partial
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import migrations, transaction
from django.db.models import Q

from ranportal.shared import sealing
from registrations.migrations._sealing import Keys, in_chunks, opened, sealed

_FREE = ("short_text", "long_text", "date", "email", "url", "file")


def seal(apps, schema_editor):
    keys, model = Keys(apps), apps.get_model

    def act(row, **parts):
        key_id, key = keys.of(_registration(row).call_id)
        row.sealed = sealed(parts, key_id=key_id, key=key, place=_place(row))

    def answer(row):
        act(row, value=row.plain_value, text=row.plain_text)
        row.plain_value, row.plain_text = "", ""
        if row.file:
            row.file = _sealed_file(row, *keys.of(row.registration.call_id))

    def note(row):
        act(row, note=row.note)
        row.note = ""

    def passage(row):
        act(row, passage=row.passage)
        row.passage = ""

    told = Q(question__kind__in=_FREE) | Q(question__is_sensitive=True)
    answers = model("registrations", "Answer").objects.filter(told, sealed=b"").select_related("registration")
    checks = model("registrations", "Check").objects.filter(sealed=b"").exclude(note="").select_related("registration")
    passages = model("registrations", "Redaction").objects.filter(sealed=b"").exclude(passage="")
    in_chunks(answers, ["sealed", "plain_value", "plain_text", "file"], answer)
    in_chunks(checks, ["sealed", "note"], note)
    in_chunks(passages.select_related("answer__registration"), ["sealed", "passage"], passage)


def unseal(apps, schema_editor):
    keys, model = Keys(apps), apps.get_model

    def answer(row):
        parts = opened(row, keys=keys, place=_place(row))
        row.plain_value, row.plain_text, row.sealed = parts.get("value", ""), parts.get("text", ""), b""
        if row.file:
            row.file = _opened_file(row, keys)

    def note(row):
        row.note, row.sealed = opened(row, keys=keys, place=_place(row)).get("note", ""), b""

    def passage(row):
        row.passage, row.sealed = opened(row, keys=keys, place=_place(row)).get("passage", ""), b""

    answers, checks, passages = (
        model("registrations", name).objects.exclude(sealed=b"") for name in ("Answer", "Check", "Redaction")
    )
    in_chunks(answers, ["sealed", "plain_value", "plain_text", "file"], answer)
    in_chunks(checks, ["sealed", "note"], note)
    in_chunks(passages.select_related("answer"), ["sealed", "passage"], passage)


def _sealed_file(row, key_id, key):
    """The name under which the file is kept sealed; the same where it is sealed already, or gone."""
    content = _content(row.file.name)
    if content is None or content[:1] == sealing.FORM:
        return row.file.name
    name = _new_name()
    return _kept(row, name, sealing.seal(content, key=key, key_id=key_id, place=_file_place(name)))


def _opened_file(row, keys):
    content = _content(row.file.name)
    if content is None or content[:1] != sealing.FORM:
        return row.file.name
    key = keys.named(sealing.key_id_of(content))
    return _kept(row, _new_name(), sealing.opened(content, key=key, place=_file_place(row.file.name)))


def _content(name):
    try:
        with storages["private"].open(name) as stored:
            return stored.read()
    except FileNotFoundError:
        return None


def _kept(row, name, content):
    storage, former = storages["private"], row.file.name
    stored_as = storage.save(name, ContentFile(content))
    # Until the row names the other one, this is the only one.
    transaction.on_commit(partial(storage.delete, former))
    return stored_as


def _new_name():
    return f"answers/{uuid4().hex}"


def _file_place(name):
    return f"file:{name.rpartition('/')[2][:32]}"


def _registration(row):
    return row.answer.registration if hasattr(row, "answer_id") else row.registration


def _place(row):
    if hasattr(row, "answer_id"):
        return f"redaction-{row.answer_id}:{row.answer.registration_id}"
    if hasattr(row, "question_id"):
        return f"answer-{row.question_id}:{row.registration_id}"
    return f"check:{row.registration_id}"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("registrations", "0020_sealed_answers")]

    operations = [migrations.RunPython(seal, unseal, elidable=True)]
