import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registrations", "0011_selection"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="question",
            name="question_key_once_per_call",
        ),
        migrations.AddField(
            model_name="criterion",
            name="anchors",
            field=models.TextField(blank=True, db_default="", verbose_name="what the scores mean"),
        ),
        migrations.AddField(
            model_name="decision",
            name="is_deviation",
            field=models.BooleanField(db_default=False, default=False, verbose_name="deviates from the proposal"),
        ),
        migrations.AddField(
            model_name="decision",
            name="reason_code",
            field=models.CharField(
                choices=[
                    ("proposed", "As proposed"),
                    ("score", "By score"),
                    ("balance", "For the balance of the group"),
                    ("first_time", "First time at an event of the network"),
                    ("fit", "Fits the target group especially well"),
                    ("needed", "Needed for the programme"),
                    ("not_target", "Outside the target group"),
                    ("same_organisation", "Enough people of one organisation"),
                    ("no_place", "Not enough places"),
                    ("check", "What the check found"),
                    ("other", "Another reason"),
                ],
                db_default="other",
                default="other",
                max_length=20,
                verbose_name="reason",
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="asked_of",
            field=models.CharField(
                choices=[("everyone", "Everyone, in the form"), ("selected", "Those who are selected")],
                db_default="everyone",
                default="everyone",
                max_length=10,
                verbose_name="asked of",
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="retired_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="question",
            name="version",
            field=models.PositiveSmallIntegerField(db_default=1, default=1, editable=False),
        ),
        migrations.AddField(
            model_name="registration",
            name="review_count",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False, verbose_name="reviews"),
        ),
        migrations.AddField(
            model_name="registration",
            name="score",
            field=models.FloatField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="registration",
            name="score_spread",
            field=models.PositiveSmallIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="decision",
            name="reason",
            field=models.TextField(blank=True, verbose_name="in words"),
        ),
        migrations.AlterField(
            model_name="transition",
            name="act",
            field=models.CharField(
                choices=[
                    ("send", "Form sent"),
                    ("prove", "Address confirmed"),
                    ("release", "Decision released"),
                    ("confirm", "Place confirmed"),
                    ("lapse", "Place given on"),
                    ("promote", "Moved up from the list"),
                    ("close_list", "List closed"),
                    ("reconsider", "Decided again by hand"),
                    ("attendance", "Attendance marked"),
                    ("withdraw", "Place given up"),
                    ("cancel", "Event cancelled"),
                    ("send_again", "Form sent again"),
                    ("change_answers", "Answers changed"),
                    ("correct_address", "Address corrected"),
                    ("check", "Check noted"),
                    ("score", "Scored"),
                    ("declare_conflict", "Conflict of interest declared"),
                    ("stage", "Decision staged"),
                    ("unstage", "Staged decision undone"),
                    ("change_role", "Role changed"),
                    ("pin", "Fixed for the proposal"),
                    ("assign_review", "Given to a reviewer"),
                    ("redact", "Passage hidden from reviewers"),
                    ("answer_details", "Practical questions answered"),
                    ("erase", "Data erased"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired_at__isnull", True)),
                fields=("call", "key"),
                name="question_key_once_per_call",
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.UniqueConstraint(fields=("call", "key", "version"), name="question_version_once_per_key"),
        ),
        migrations.AddField(
            model_name="decision",
            name="proposal",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="registrations.proposal",
            ),
        ),
    ]
