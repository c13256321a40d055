"""Who may use the library of questions: who builds forms. What is there is taken out by publishers and administrators."""

from django.db import migrations

RIGHTS = {
    "publisher": ("add", "change", "delete", "view"),
    "organiser": ("add", "change", "view"),
    "administrator": ("add", "change", "delete", "view"),
}


def let_builders_in(apps, schema_editor):
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="registrations", model="libraryquestion"
    )
    permissions = {
        act: apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=kind,
            codename=f"{act}_libraryquestion",
            defaults={"name": f"Can {act} question of the library"},
        )[0]
        for act in RIGHTS["publisher"]
    }
    for role, acts in RIGHTS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(*(permissions[act] for act in acts))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_colleagues"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("registrations", "0011_selection"),
    ]

    operations = [migrations.RunPython(let_builders_in, migrations.RunPython.noop, elidable=False)]
