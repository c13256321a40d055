"""Each risk of a migration has a written reason: why it locks nobody out, or how the two-step recipe was followed."""

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from tests.architecture.house import APPS
from tests.migrations.risks import risks_of

NO_PLAIN_WORDS = "before the first release; names in the clear must not wait for the next one"
#: Why each risk is none: (app, migration, the risk's first two words).
REASONS = {
    ("registrations", "0003_undone_mail", "AddField outgoingmail.is_undone"): "before the first release",
    ("registrations", "0003_undone_mail", "DeleteModel ToldPublication"): "before the first release",
    ("registrations", "0015_trust", "AddField outgoingmail.user"): "before the first release",
    ("registrations", "0015_trust", "AddField outgoingmail.vouch"): "before the first release",
    ("registrations", "0015_trust", "Loosen outgoingmail.call"): "only lets the column be empty",
    ("registrations", "0015_trust", "AddCheck outgoingmail"): "looks at what is there without a lock against readers",
    ("registrations", "0018_no_plain_identity", "RemoveField identity.given_name"): NO_PLAIN_WORDS,
    ("registrations", "0018_no_plain_identity", "RemoveField identity.family_name"): NO_PLAIN_WORDS,
    ("registrations", "0018_no_plain_identity", "RemoveField identity.display_name"): NO_PLAIN_WORDS,
    ("registrations", "0018_no_plain_identity", "RemoveField identity.email"): NO_PLAIN_WORDS,
    ("registrations", "0018_no_plain_identity", "RemoveField identity.organisation"): NO_PLAIN_WORDS,
    ("registrations", "0019_access_log", "AlterField accessentry.user"): "a table that was empty until then",
    ("registrations", "0020_sealed_answers", "RenameField answer.value.value"): NO_PLAIN_WORDS,
    ("registrations", "0020_sealed_answers", "RenameField answer.text.text"): NO_PLAIN_WORDS,
    ("registrations", "0022_no_plain_notes", "RemoveField check.note"): NO_PLAIN_WORDS,
    ("registrations", "0022_no_plain_notes", "RemoveField redaction.passage"): NO_PLAIN_WORDS,
    ("registrations", "0027_closed_links", "AddConstraint privatelink"): "readers read on; writers wait below a second",
}


def found() -> dict[tuple[str, str], list[str]]:
    """The risks of every migration of ours."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    risks = {}
    for app, name in sorted(loader.disk_migrations):
        if app in APPS:
            before = loader.project_state((app, name), at_end=False)
            risks[app, name] = list(risks_of(app, loader.disk_migrations[app, name].operations, before))
    return risks


def without_reason(risks: dict[tuple[str, str], list[str]]) -> list[str]:
    return [
        f"{app}.{name}: {risk}"
        for (app, name), lines in risks.items()
        for risk in lines
        if (app, name, " ".join(risk.split()[:2])) not in REASONS
    ]


def test_every_risk_of_a_migration_has_a_reason():
    risks = found()

    assert len(risks) >= 8
    assert without_reason(risks) == []


def test_every_reason_is_still_asked_for():
    there = {(*key, " ".join(risk.split()[:2])) for key, lines in found().items() for risk in lines}

    assert set(REASONS) - there == set()


def _outbox() -> ProjectState:
    state = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("key", models.CharField(max_length=20))]
    migrations.CreateModel("OutgoingMail", fields).state_forwards("registrations", state)
    return state


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (migrations.AddField("outgoingmail", "a", models.BooleanField(default=False)), "insert nothing"),
        (migrations.AddField("outgoingmail", "a", models.IntegerField(null=True, db_index=True)), "locks a big table"),
        (
            migrations.AddField("outgoingmail", "a", models.ForeignKey("auth.User", models.CASCADE, null=True)),
            "locks a big table",
        ),
        (migrations.AlterField("outgoingmail", "key", models.CharField(max_length=40)), "writes the table anew"),
        (migrations.AlterField("outgoingmail", "key", models.CharField(max_length=20, null=True)), "under a lock"),
        (migrations.AddIndex("outgoingmail", models.Index(fields=["key"], name="k")), "locks a big table"),
        (
            migrations.AddConstraint("outgoingmail", models.UniqueConstraint(fields=["key"], name="k")),
            "locks a big table",
        ),
        (migrations.RemoveField("outgoingmail", "key"), "release that still runs"),
        (migrations.RenameField("outgoingmail", "key", "other"), "release that still runs"),
        (migrations.DeleteModel("OutgoingMail"), "release that still runs"),
        (migrations.RunPython(lambda apps, editor: None), "cannot be taken back"),
        (migrations.RunSQL("SELECT 1"), "cannot be taken back"),
    ],
    ids=lambda part: type(part).__name__ if not isinstance(part, str) else "",
)
def test_each_risk_is_found(operation, words):
    (risk,) = risks_of("registrations", [operation], _outbox())

    assert words in risk


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("outgoingmail", "a", models.IntegerField(null=True)),
        migrations.AddField("outgoingmail", "a", models.BooleanField(default=False, db_default=False)),
        migrations.AlterField("outgoingmail", "key", models.CharField("the key", max_length=20, choices=[("a", "A")])),
        migrations.RunPython(lambda apps, editor: None, migrations.RunPython.noop),
        migrations.CreateModel("Another", [("id", models.BigAutoField(primary_key=True))]),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_what_is_safe_needs_no_reason(operation):
    assert list(risks_of("registrations", [operation], _outbox())) == []


def test_an_index_on_a_table_that_was_just_made_is_safe():
    fields = [("id", models.BigAutoField(primary_key=True)), ("key", models.CharField(max_length=20))]
    made = [
        migrations.CreateModel("Answer", fields),
        migrations.AddIndex("answer", models.Index(fields=["key"], name="k")),
    ]

    assert list(risks_of("registrations", made, ProjectState())) == []
