from django.db import migrations

#: What is sensitive rests on explicit consent, and goes soon after the event: so it was, and now it is written down.
OF_SENSITIVE = {"legal_basis": "explicit", "kept_for": "sensitive"}


def write_down(apps, schema_editor):
    for name in ("Question", "LibraryQuestion"):
        apps.get_model("registrations", name).objects.filter(
            is_sensitive=True, legal_basis="public_task", kept_for="outcome"
        ).update(**OF_SENSITIVE)


class Migration(migrations.Migration):
    dependencies = [("registrations", "0022_no_plain_notes")]

    operations = [migrations.RunPython(write_down, migrations.RunPython.noop)]
