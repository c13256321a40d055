"""Sealed rows as tests find, read and change them: no query reads what they say."""

from collections.abc import Iterable

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import QuerySet

from registrations.models import Answer, Identity, Registration
from registrations.models.sealed import SealedRow
from registrations.people import address_index
from registrations.questions import GivenAnswer
from registrations.services import uploads


def of_address(email: str) -> Registration:
    """The only registration with this address."""
    return Registration.objects.get(address_index=address_index(email))


def addresses() -> list[str]:
    """The addresses of all registrations, in the order of arrival."""
    return [identity.email for identity in Identity.objects.order_by("pk")]


def write(registration: Registration | int, **parts: str) -> None:
    """Have the identity of this registration say something else; its index stays."""
    rewrite(Identity.objects.filter(registration=registration), **parts)


def rewrite(rows: Iterable[SealedRow], **parts: object) -> None:
    """Have each of these rows say something else."""
    for row in rows:
        for name, said in parts.items():
            setattr(row, name, said)
        row.save()


def attach(answer: Answer, content: bytes, *, name: str = "x") -> None:
    """Have this answer come with a file, stored and sealed as one that is sent."""
    given = GivenAnswer(answer.value, answer.text, SimpleUploadedFile(name, content))
    with uploads.stored({answer.question: given}) as kept:
        answer.file = kept[answer.question].stored_as
        answer.save()


def said(answers: QuerySet[Answer], by: str = "key") -> dict[object, object]:
    """The values of these answers by an attribute of their questions."""
    return {getattr(answer.question, by): answer.value for answer in answers.select_related("question")}
