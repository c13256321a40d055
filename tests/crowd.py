"""A crowd: as many registrations as a big installation has, with all that belongs to each, inserted by the database."""

from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

from events.models import Call
from registrations.enums import Act, MailKind, State
from registrations.models import Answer, Identity, OutgoingMail, PrivateLink, Registration, Transition
from tests.factories import NOW, AnswerFactory, CallFactory, OutgoingMailFactory, QuestionFactory, RegistrationFactory

#: Rows of each kind for one person.
ANSWERS, MOVES, MAILS = 3, 2, 2


def gather(count: int) -> Call:
    """A call with so many registrations: identity, link, answers, moves and mails for each; one mail of two waits."""
    call: Call = CallFactory.create(unlimited=True)
    pattern = RegistrationFactory.create(call=call, unproven=True)
    for number in range(ANSWERS):
        question = QuestionFactory.create(call=call)
        AnswerFactory.create(registration=pattern, question=question, text="Why I want to come. " * (number + 1))
    Transition.objects.create(registration=pattern, act=Act.SEND, target=State.UNPROVEN, at=NOW)
    Transition.objects.create(
        registration=pattern, act=Act.CHANGE_ANSWERS, source=State.UNPROVEN, target=State.UNPROVEN, at=NOW
    )
    OutgoingMailFactory.create(registration=pattern, kind=MailKind.PROVE_ADDRESS, sent=True, rendered=b"x" * 3000)
    OutgoingMailFactory.create(registration=pattern, kind=MailKind.PROVE_REMINDER)
    _multiply(pattern, count - 1)
    return call


def _multiply(pattern: Registration, count: int) -> None:
    """Insert copies of the pattern's rows; each copy has numbers of its own, far from all that are there."""
    first = 1_000_000_000
    who = f"{first} + n.i"
    _copy(
        Registration,
        pattern.pk,
        count,
        id=who,
        reference="'R' || n.i",
        address_index="'crowd' || n.i",
        form_digest="'crowd' || n.i",
    )
    _name(pattern, first, count)
    _answer(pattern, first, count)
    for model in (PrivateLink, Transition, OutgoingMail):
        rows = model._default_manager.filter(registration=pattern).order_by("pk").values_list("pk", flat=True)
        for place, key in enumerate(rows):
            own = {"id": f"{first} + {place} * {count} + n.i", "registration_id": who}
            if model is OutgoingMail:
                words = f"'crowd:' || n.i || ':{place}'"
                own |= {"key": words, "message_id": words, "link_id": f"{first} + n.i"}
            _copy(model, key, count, **own)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(
            no_style(), [Registration, PrivateLink, Answer, Transition, OutgoingMail]
        ):
            cursor.execute(statement)
        cursor.execute("ANALYZE")


def _name(pattern: Registration, first: int, count: int) -> None:
    """Who they are is sealed for each by itself, which no database can do."""
    Identity.objects.bulk_create(
        (
            Identity(
                registration=Registration(pk=first + number, call=pattern.call),
                given_name=pattern.identity.given_name,
                family_name=pattern.identity.family_name,
                display_name=pattern.identity.display_name,
                email=f"crowd{number}@example.org",
                organisation=pattern.identity.organisation,
            )
            for number in range(1, count + 1)
        ),
        batch_size=1000,
    )


def _answer(pattern: Registration, first: int, count: int) -> None:
    """What they said is sealed for each by itself as well."""
    said = list(pattern.answers.select_related("question"))
    for start in range(1, count + 1, 1000):
        people = [Registration(pk=first + n, call=pattern.call) for n in range(start, min(start + 1000, count + 1))]
        Answer.objects.bulk_create(
            Answer(
                registration=person,
                question=one.question,
                label=one.label,
                value=one.value,
                text=one.text,
                changed_at=one.changed_at,
            )
            for person in people
            for one in said
        )


def _copy(model: type[Model], row: int, count: int, /, **own: str) -> None:
    columns = [field.column for field in model._meta.concrete_fields]
    quoted = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(own.get(column, f'p."{column}"') for column in columns)
    table, identifier = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({quoted}) "
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "
            f'SELECT {values} FROM {table} p, n WHERE p."{identifier}" = %s',
            [count, row],
        )
