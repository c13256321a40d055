"""The nine working groups of the network."""

from django.db import migrations

WORKING_GROUPS = (
    ("ran-cn", "RAN C&N", "communication and narratives"),
    ("ran-fcs", "RAN FC&S", "families, communities and social care"),
    ("ran-health", "RAN HEALTH", "mental health"),
    ("ran-local", "RAN LOCAL", "local authorities"),
    ("ran-pol", "RAN POL", "police and law enforcement"),
    ("ran-prisons", "RAN PRISONS", "prison and probation"),
    ("ran-rehabilitation", "RAN REHABILITATION", "exit work and rehabilitation"),
    ("ran-vot", "RAN VoT", "victims of terrorism"),
    ("ran-ye", "RAN Y&E", "youth and education"),
)

DESCRIPTIONS = {
    "ran-cn": "People who answer extremist messages, online and offline, and who help others to tell a different story.",
    "ran-fcs": "People who stand by families and communities when radicalisation comes close, and those who care for them.",
    "ran-health": "Psychologists, psychiatrists, nurses and others who meet radicalisation in health care.",
    "ran-local": "People in towns and regions who bring local services together to prevent violent extremism.",
    "ran-pol": "Police officers, from the neighbourhood to the specialised unit, who work on prevention.",
    "ran-prisons": "Prison and probation staff who work with people during their sentence and on the way out.",
    "ran-rehabilitation": "Exit workers and others who help people to leave violent extremism behind.",
    "ran-vot": "Victims and survivors of terrorism, and those who support them and carry their voices.",
    "ran-ye": "Teachers, youth workers and others who are close to young people.",
}


def make_working_groups(apps, schema_editor):
    groups = apps.get_model("events", "WorkingGroup").objects.using(schema_editor.connection.alias)
    for slug, name, subject in WORKING_GROUPS:
        groups.get_or_create(
            slug=slug, defaults={"name": name, "subject": subject, "description": DESCRIPTIONS[slug]}
        )


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]

    operations = [migrations.RunPython(make_working_groups, migrations.RunPython.noop)]
