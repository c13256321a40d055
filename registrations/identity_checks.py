"""Who is still to be looked at in a call, and what helps to tell who somebody is. It points; people judge (law 9).

Names are sealed, so all identities of the call are read in one statement and compared here.
"""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import idna
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Prefetch, Q, QuerySet, Subquery

from events.models import Call
from ranportal.shared.crypto import keyed_digest
from registrations import looks
from registrations.attributes import attended_before
from registrations.enums import Act, CheckResult, State
from registrations.masking.affiliation import own_domain
from registrations.models import Identity, Registration, Transition, Vouch
from registrations.models.registration import ERASED
from registrations.states import NOT_LIVE

#: Nobody looks at these: they are not in, or not any more.
_OUT = (*sorted(NOT_LIVE), State.UNPROVEN, State.DECLINED)
_OPEN = (CheckResult.NOT_LOOKED_AT, CheckResult.ASK_BACK)

#: What one looks at to tell who somebody is.
LOOKED_AT = ("given_name", "family_name", "organisation", "email")
#: What a person's history says where one of these was changed after somebody had looked or been asked.
CHANGED = "To be looked at again: the name, organisation or address was changed."

#: Cyrillic and Greek letters, digits and letters with a stroke that pass for a letter of the alphabet at a glance.
_PASSES_FOR = {
    **dict(
        zip(
            "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d\u04bb\u04cf"
            "\u043a\u043c\u0442\u0432\u043d",
            "aeopcyxijsdqwhlkmtbh",
            strict=True,
        )
    ),
    **dict(zip("\u03b1\u03b5\u03bf\u03b9\u03c1\u03c4\u03c5\u03bd\u03ba\u03c7", "aeoiptuvkx", strict=True)),
    **dict(zip("01\u0131\u0142\u00f8\u0111", "olilod", strict=True)),
}
_WORDS = re.compile(r"[^\W_]+")
_AT_A_GLANCE = str.maketrans(_PASSES_FOR)


@dataclass(frozen=True)
class Hints:
    """What is seen about one person beside the others of the call; the lists hold references.

    `domain` is "" where anybody can have a mailbox at it. `at_domain` is how many others have one there.
    """

    domain: str
    at_domain: int
    same_name: Sequence[str] = ()
    same_address: Sequence[str] = ()
    variant: Sequence[str] = ()
    lookalike: Sequence[str] = ()

    @property
    def is_doubtful(self) -> bool:
        """Whether somebody else of the call seems to be the same person, or to pass for this one."""
        return bool(self.same_name or self.same_address or self.variant or self.lookalike)


def to_look_at(call: Call) -> QuerySet[Registration]:
    """Who is in and was not found fine or refused as they are now, in the order of arrival."""
    return everybody(call).filter(Q(check_result__in=_OPEN) | Q(changed_at__gt=F("checked_at")))


def everybody(call: Call) -> QuerySet[Registration]:
    """Who is in, in the order of arrival, with identity, vouches, `took_part_before`, `was_fine_before`, `changed_at`.

    `changed_at` is when the name, organisation or address was last changed after somebody had looked or been asked.
    """
    here = Registration.objects.filter(call=call, proven_at__isnull=False)
    people = here.exclude(state__in=_OUT).exclude(address_index__startswith=ERASED)
    elsewhere = Registration.objects.filter(address_index=OuterRef("address_index")).exclude(call=call)
    changes = Transition.objects.filter(registration=OuterRef("pk"), act=Act.CHECK, reason=CHANGED).order_by("-at")
    vouches = Prefetch("vouches", queryset=Vouch.objects.filter(revoked_at=None).order_by("number"))
    return (
        people.annotate(
            took_part_before=ExpressionWrapper(attended_before(), output_field=BooleanField()),
            was_fine_before=Exists(elsewhere.filter(check_result=CheckResult.FINE)),
            changed_at=Subquery(changes.values("at")[:1]),
        )
        .select_related("identity", "checked_by")
        .prefetch_related(vouches)
        .order_by("pk")
    )


def who_is(identity: Identity) -> str:
    """64 hexadecimal digits that change with the name, the organisation or the address, and tell none of them."""
    return keyed_digest("who-is", json.dumps([getattr(identity, part) for part in LOOKED_AT]))


def seen(registration: Registration) -> str:
    """What stands for all that a page of checks shows of this person now: its newest check, and who it is."""
    checked_at = registration.checked_at.isoformat() if registration.checked_at else ""
    return f"{checked_at} {who_is(registration.identity)}"


def hints_about(call: Call, shown: Iterable[Registration]) -> dict[int, Hints]:
    """What helps about each of those shown, by id, compared with all who are in: one statement.

    Those shown, and those to whom they are likened, were looked at; the others were only compared.
    """
    here = Identity.objects.filter(registration__call=call).exclude(registration__state__in=sorted(NOT_LIVE))
    people = here.exclude(registration__address_index__startswith=ERASED)
    rows = people.select_related("registration").only(
        "sealed", "registration__reference", "registration__address_index"
    )
    with looks.unnoticed():
        crowd = _Crowd(rows.order_by().iterator())
    hints = {registration.pk: crowd.hints(registration.pk) for registration in shown}
    for pk, found in hints.items():
        looks.note(pk)
        for reference in (*found.same_name, *found.same_address, *found.variant, *found.lookalike):
            looks.note(crowd.ids[reference])
    return hints


def folded_name(given: str, family: str) -> str:
    """The same for names that differ in case, accents, hyphens or order."""
    return " ".join(sorted(_WORDS.findall(_without_accents(f"{given} {family}".casefold()))))


def one_mailbox(email: str) -> str:
    """The same for addresses that often lead to one mailbox: dots, what follows a plus, and case do not count."""
    local, _, domain = unicodedata.normalize("NFKC", email).strip().casefold().rpartition("@")
    local = local.partition("+")[0].replace(".", "")
    return f"{local}@{_readable(domain)}"


def at_a_glance(text: str) -> str:
    """The same for addresses that one takes for each other: letters of other scripts, digits, accents, rn and m."""
    return _without_accents(text.casefold().translate(_AT_A_GLANCE)).replace("rn", "m").replace("vv", "w")


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


# Thousands of people have few domains.
@lru_cache(maxsize=4000)
def _readable(domain: str) -> str:
    if "xn--" in domain:
        with suppress(idna.IDNAError):
            domain = idna.decode(domain)
    return domain.replace("googlemail.", "gmail.")


@lru_cache(maxsize=4000)
def _house(domain: str) -> tuple[str, str]:
    """The domain, "" where anybody can have a mailbox at it, and what it passes for."""
    own = own_domain(domain)
    return own, at_a_glance(own)


class _Crowd:
    """All people of a call, grouped by what may liken one to another."""

    def __init__(self, people: Iterable[Identity]) -> None:
        self.ids: dict[str, int] = {}
        self._keys: dict[int, Mapping[str, str]] = {}
        self._groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._references: dict[int, str] = {}
        for who in people:
            self._add(who)

    def hints(self, pk: int) -> Hints:
        """What is seen about this person; nothing about somebody who is not among them."""
        keys = self._keys.get(pk)
        if keys is None:
            return Hints(domain="", at_domain=0)
        same_address = set(self._others(pk, "index"))
        variant = set(self._others(pk, "mailbox")) - same_address
        lookalike = {
            *(other for other in self._others(pk, "glance") if self._keys[other]["mailbox"] != keys["mailbox"]),
            *(other for other in self._others(pk, "house") if self._keys[other]["domain"] != keys["domain"]),
        }
        return Hints(
            domain=keys["domain"],
            at_domain=len(self._others(pk, "domain")),
            same_name=self._named(self._others(pk, "name")),
            same_address=self._named(same_address),
            variant=self._named(variant),
            lookalike=self._named(lookalike),
        )

    def _add(self, who: Identity) -> None:
        email = str(who.said("email"))
        mailbox = one_mailbox(email)
        domain, glance = _house(mailbox.rpartition("@")[2])
        keys = {
            "index": who.registration.address_index,
            "name": folded_name(str(who.said("given_name")), str(who.said("family_name"))),
            "mailbox": mailbox,
            "glance": at_a_glance(mailbox),
            "domain": domain,
            "house": glance,
        }
        self.ids[who.registration.reference] = who.pk
        self._references[who.pk] = who.registration.reference
        self._keys[who.pk] = keys
        for group in keys.items():
            self._groups[group].append(who.pk)

    def _others(self, pk: int, key: str) -> list[int]:
        value = self._keys[pk][key]
        return [other for other in self._groups[key, value] if other != pk] if value else []

    def _named(self, ids: Iterable[int]) -> Sequence[str]:
        return sorted(self._references[pk] for pk in ids)
