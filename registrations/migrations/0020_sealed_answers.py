from django.db import migrations, models

import registrations.models.sealed

_SEALED = registrations.models.sealed.SealedField(db_default=b"", default=b"", editable=False)


class Migration(migrations.Migration):
    dependencies = [("registrations", "0019_access_log")]

    operations = [
        *(migrations.AddField(model, "sealed", _SEALED) for model in ("answer", "check", "redaction")),
        migrations.RenameField("answer", "value", "plain_value"),
        migrations.RenameField("answer", "text", "plain_text"),
        migrations.AlterField("answer", "plain_value", models.JSONField(default=str, db_default="")),
        migrations.AlterField("answer", "plain_text", models.TextField(blank=True, default="", db_default="")),
        # Without these the way back could not make the columns again.
        migrations.AlterField("check", "note", models.TextField(blank=True, db_default="")),
        migrations.AlterField("redaction", "passage", models.TextField(db_default="")),
    ]
