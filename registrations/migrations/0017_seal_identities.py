"""Seal the names and addresses of everybody, by the hundred; the columns in the clear go after that."""

from django.db import migrations

from ranportal.shared import sealing
from registrations.masking.affiliation import one_spelling
from registrations.migrations._sealing import Keys, in_chunks, opened, sealed

_PARTS = ("given_name", "family_name", "display_name", "email", "organisation")


def seal(apps, schema_editor):
    keys = Keys(apps)

    def act(row):
        key_id, key = keys.of(row.registration.call_id)
        said = one_spelling(row.organisation)
        parts = {name: getattr(row, name) for name in _PARTS}
        row.sealed = sealed(parts, key_id=key_id, key=key, place=_place(row))
        row.organisation_index = sealing.index(said, key=key, purpose="organisation") if said else ""
        for name in _PARTS:
            setattr(row, name, "")

    rows = apps.get_model("registrations", "Identity").objects.filter(sealed=b"").exclude(email="")
    in_chunks(rows.select_related("registration"), ["sealed", "organisation_index", *_PARTS], act)


def unseal(apps, schema_editor):
    keys = Keys(apps)

    def act(row):
        for name, value in opened(row, keys=keys, place=_place(row)).items():
            setattr(row, name, value)
        row.sealed = b""

    rows = apps.get_model("registrations", "Identity").objects.exclude(sealed=b"")
    in_chunks(rows, ["sealed", *_PARTS], act)


def _place(row):
    return f"identity:{row.registration_id}"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("registrations", "0016_sealed_identity")]

    operations = [migrations.RunPython(seal, unseal, elidable=True)]
