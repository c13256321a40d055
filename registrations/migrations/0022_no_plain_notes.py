from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("registrations", "0021_seal_answers")]

    operations = [migrations.RemoveField("check", "note"), migrations.RemoveField("redaction", "passage")]
