"""Let a private link be closed and another be made for the same version of the form: one that stands, at most.

The new constraint comes first, so that there is always one. The release before makes no second link of a version, so it
runs on. Going back is possible as long as no link was closed.
"""

from django.db import migrations, models

ACTS = [
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
    ("read_anyway", "Read in spite of a likely conflict"),
    ("assign_review", "Given to a reviewer"),
    ("redact", "Passage hidden from reviewers"),
    ("answer_details", "Practical questions answered"),
    ("erase", "Data erased"),
    ("give_consent", "Consent to an extra given"),
    ("withdraw_consent", "Consent to an extra withdrawn"),
    ("ask_vouch", "Contact point asked"),
    ("vouch", "Contact point answered"),
    ("unsafe", "Asked to be called: feels unsafe"),
    ("called_back", "Called back"),
    ("download", "Own data downloaded"),
    ("close_link", "Private link closed, a new one sent"),
]


class Migration(migrations.Migration):
    dependencies = [("registrations", "0026_free_questions")]

    operations = [
        migrations.AddConstraint(
            model_name="privatelink",
            constraint=models.UniqueConstraint(
                fields=["registration", "version"],
                condition=models.Q(revoked_at=None),
                name="private_link_one_stands",
            ),
        ),
        migrations.RemoveConstraint(model_name="privatelink", name="private_link_once_per_version"),
        migrations.AlterField(model_name="transition", name="act", field=models.CharField(choices=ACTS, max_length=16)),
    ]
