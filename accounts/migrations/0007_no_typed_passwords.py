"""Refused sign-ins keep nothing that was typed: empty what stands with those there are."""

from django.db import migrations


def empty_what_was_typed(apps, schema_editor):
    apps.get_model("axes", "AccessAttempt").objects.update(post_data="", get_data="")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_who_sees_people"),
        ("axes", "0010_accessattemptexpiration"),
    ]

    operations = [migrations.RunPython(empty_what_was_typed, migrations.RunPython.noop, elidable=True)]
