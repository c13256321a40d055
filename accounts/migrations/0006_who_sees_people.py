"""Two more roles, and an administrator who sees no person: whoever does also has the role of an organiser."""

from django.db import migrations

PEOPLE = ("registration", "review")
RIGHTS = {
    "logistics": {"logisticsassignment": "logistics assignment"},
    "data_protection": {"accessentry": "access entry", "deletioncertificate": "deletion certificate"},
}


def part_the_roles(apps, schema_editor):
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for role, models in RIGHTS.items():
        group, _ = Group.objects.get_or_create(name=role)
        for model, words in models.items():
            kind, _ = ContentType.objects.get_or_create(app_label="registrations", model=model)
            group.permissions.add(
                Permission.objects.get_or_create(
                    content_type=kind, codename=f"view_{model}", defaults={"name": f"Can view {words}"}
                )[0]
            )
    administrators, _ = Group.objects.get_or_create(name="administrator")
    seen = administrators.permissions.filter(content_type__app_label="registrations", content_type__model__in=PEOPLE)
    administrators.permissions.remove(*seen)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_drafts"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("registrations", "0015_trust"),
    ]

    operations = [migrations.RunPython(part_the_roles, migrations.RunPython.noop, elidable=False)]
