"""Let people leave out what rests on their consent: a question about that is not required any more."""

from django.db import migrations
from django.db.models import Q

#: What rests on consent, as `field_register.is_free` has it.
FREE = Q(legal_basis__in=("consent", "explicit")) | Q(is_sensitive=True) & ~Q(legal_basis="legal_duty")


def let_free(apps, schema_editor):
    for name in ("Question", "LibraryQuestion"):
        apps.get_model("registrations", name).objects.filter(FREE, is_required=True).update(is_required=False)


class Migration(migrations.Migration):
    dependencies = [("registrations", "0025_contact_address_index")]

    operations = [migrations.RunPython(let_free, migrations.RunPython.noop, elidable=True)]
