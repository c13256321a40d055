from django.db import migrations, models

import registrations.models.sealed


class Migration(migrations.Migration):
    dependencies = [("registrations", "0015_trust")]

    operations = [
        migrations.AddField(
            "identity",
            "sealed",
            registrations.models.sealed.SealedField(db_default=b"", default=b"", editable=False),
        ),
        migrations.AddField(
            "identity",
            "organisation_index",
            models.CharField(blank=True, db_default="", default="", editable=False, max_length=64),
        ),
        # Without these the way back could not make the columns again.
        migrations.AlterField("identity", "given_name", models.CharField(max_length=100, db_default="")),
        migrations.AlterField("identity", "family_name", models.CharField(max_length=100, db_default="")),
        migrations.AlterField("identity", "display_name", models.CharField(max_length=120, db_default="")),
        migrations.AlterField("identity", "email", models.EmailField(max_length=254, db_default="")),
        migrations.AlterField("identity", "organisation", models.CharField(max_length=200, db_default="")),
    ]
