from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registrations', '0004_trace_of_reviews'),
    ]

    operations = [
        migrations.AddField(
            model_name='mailgate',
            name='seen_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='outgoingmail',
            name='restored_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='put on hold by a restore'),
        ),
    ]
