from django.db import migrations

_NAMES = ("given_name", "family_name", "display_name", "email", "organisation")


class Migration(migrations.Migration):
    dependencies = [("registrations", "0017_seal_identities")]

    operations = [migrations.RemoveField("identity", name) for name in _NAMES]
