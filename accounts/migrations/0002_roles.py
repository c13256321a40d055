"""The four roles, as groups with their permissions; the permissions are made here, since Django makes them only later."""

from django.db import migrations

ALL = ("add", "change", "delete", "view")
CONTENT = {
    ("events", "event"): ("add", "change", "view"),
    ("events", "announcement"): ALL,
    ("events", "publication"): ALL,
    ("events", "workinggroup"): ("change", "view"),
    ("events", "session"): ALL,
    ("events", "call"): ("add", "change", "view"),
    ("registrations", "question"): ALL,
    ("registrations", "criterion"): ALL,
}
PEOPLE = {
    ("registrations", "registration"): ("add", "change", "view"),
    ("registrations", "outgoingmail"): ("change", "view"),
    ("registrations", "review"): ("add", "change", "view"),
}
ROLES = {
    "publisher": CONTENT,
    "organiser": {
        ("events", "event"): ("change", "view"),
        ("events", "call"): ("change", "view"),
        ("events", "session"): ALL,
        ("registrations", "question"): ALL,
        ("registrations", "criterion"): ALL,
        ("registrations", "registration"): ("add", "change", "view"),
        ("registrations", "outgoingmail"): ("change", "view"),
    },
    "reviewer": {("registrations", "review"): ("add", "change", "view")},
    "administrator": {**CONTENT, **PEOPLE, ("accounts", "user"): ("add", "change", "view"), ("auth", "group"): ("view",)},
}


def make_roles(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    for role, rights in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(
            permission(apps, app, model, act) for (app, model), acts in rights.items() for act in acts
        )


def permission(apps, app, model, act):
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label=app, model=model)
    made, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=f"{act}_{model}", defaults={"name": f"Can {act} {verbose_name(apps, app, model)}"}
    )
    return made


def verbose_name(apps, app, model):
    return apps.get_model(app, model)._meta.verbose_name


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("events", "0001_initial"),
        ("registrations", "0001_initial"),
    ]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop, elidable=False)]
