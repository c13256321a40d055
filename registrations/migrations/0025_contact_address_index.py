"""Make contact points findable by their address, and take it out of the names of the mails to them."""

from django.core.exceptions import ObjectDoesNotExist
from django.db import migrations, models

from ranportal.shared.sealing import Unopened
from registrations.migrations._sealing import Keys, in_chunks, opened
from registrations.people import address_index


def fill_in(apps, schema_editor):
    keys, model = Keys(apps), apps.get_model
    destroyed = model("registrations", "CallKey").objects.filter(destroyed_at__isnull=False).values("call")

    def vouch(row):
        try:
            parts = opened(row, keys=keys, place=f"vouch-{row.number}:{row.registration_id}")
        except (ObjectDoesNotExist, Unopened):
            # Bytes that were changed name nobody, and need not stop the upgrade.
            return
        row.address_index = address_index(parts["email"])

    def mail(row):
        row.key = f"v{row.vouch_id}:vouch_asked:{row.vouch.number}"

    vouches = model("registrations", "Vouch").objects.filter(address_index="").exclude(sealed=b"")
    in_chunks(vouches.exclude(registration__call__in=destroyed), ["address_index"], vouch)
    mails = model("registrations", "OutgoingMail").objects.filter(kind="vouch_asked", vouch__isnull=False)
    in_chunks(mails.select_related("vouch"), ["key"], mail)


class Migration(migrations.Migration):
    dependencies = [("registrations", "0024_log_cut_by_age")]

    operations = [
        migrations.AddField(
            "vouch",
            "address_index",
            models.CharField(blank=True, db_default="", db_index=True, default="", editable=False, max_length=64),
        ),
        # The way back leaves the mails as they are: their names are theirs alone in either release.
        migrations.RunPython(fill_in, migrations.RunPython.noop, elidable=True),
    ]
