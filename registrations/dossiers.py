"""All that led to what one person was told, as plain data: for a page, and for a file that answers a complaint.

Reviewers are “Reviewer 1”, “Reviewer 2” here. The copy for the person leaves out what reveals others: why a proposal
said what it said, ranks, names of staff, what a reviewer said of the own conflict of interest, and in texts of the
staff references of others, mail addresses and telephone numbers; and a decision that is not released. A name in such a
text stays: somebody reads it, and hands it over. What people see by themselves is `own_data.for_person`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from accounts.models import User
from registrations import attributes, review_reports
from registrations.anchors import meanings
from registrations.countries import country_name
from registrations.enums import Act, ProposedAs
from registrations.masking import patterns
from registrations.masking.words import Reading
from registrations.models import (
    Criterion,
    Decision,
    OutgoingMail,
    Pin,
    ProposalLine,
    Registration,
    Review,
    Score,
    Transition,
)

#: Says what subject a mail has or had.
SubjectOf = Callable[[OutgoingMail], str]
_OF_REVIEWERS = frozenset({Act.SCORE, Act.DECLARE_CONFLICT, Act.READ_ANYWAY})
_REFERENCE = re.compile(r"\bP-[0-9A-Z]{5}\b")
_ANOTHER, _MAIL, _NUMBER = "(another person)", "(mail address)", "(telephone number)"
#: Acts of a reviewer that together with their time could tell the person who has a conflict of interest.
_ABOUT_CONFLICTS = frozenset({Act.DECLARE_CONFLICT, Act.READ_ANYWAY})
_OF_STAGING = frozenset({Act.STAGE, Act.UNSTAGE})
#: What a receipt tells the person: nothing of it is about single people.
_RECEIPT_FOR_PERSON = ("capacity", "objective", "optimal", "gap", "solver", "lottery")


def of_registration(
    registration: Registration, *, now: datetime, subject_of: SubjectOf, for_person: bool = False
) -> dict[str, Any]:
    """Return the whole dossier: text, numbers, lists and aware moments. The registration comes with call and event."""
    steps = list(registration.transitions.select_related("by").order_by("at", "pk"))
    reviewers = _reviewers(registration, steps)
    teller = _Teller(registration, reviewers, for_person=for_person)
    return {
        "reference": registration.reference,
        "event": registration.call.event.title,
        "made_at": now,
        "is_for_person": for_person,
        "application": _application(registration),
        "criteria": [_criterion(criterion) for criterion in registration.call.criteria.all()],
        "rules": _rules(registration, for_person=for_person),
        "answers": [
            {"question": answer.label, "answer": answer.text, "changed_at": answer.changed_at}
            for answer in registration.answers.all()
        ],
        "score": _score(registration),
        "reviews": _reviews(registration, reviewers, teller),
        "checks": [
            {"at": check.checked_at, "result": check.get_result_display(), "note": teller.text(check.note)}
            | teller.who(check.checked_by)
            for check in registration.checks.select_related("checked_by").order_by("checked_at", "pk")
        ],
        "pin": _pin(registration, teller),
        "proposals": [_proposal(line, teller) for line in _lines(registration)],
        "decision": (decision := _decision(registration, teller)),
        "history": [_step(step, teller) for step in steps if teller.may_tell(step, is_decided=decision is not None)],
        "mails": [_mail(mail, subject_of) for mail in _mails(registration)],
    }


def without_others(text: str, *, own: str) -> str:
    """What staff wrote, for the person with this reference: others' references and all addresses are left out."""
    reading = Reading(text)
    found = [(*span, _MAIL) for span in patterns.mail_addresses(reading.folded)]
    found += [(*span, _NUMBER) for span in patterns.telephone_numbers(reading.folded)]
    pieces, done = [], 0
    for start, end, words in sorted(found):
        first, last = reading.original(start, end)
        if first >= done:
            pieces += [text[done:first], words]
            done = last
    told = "".join([*pieces, text[done:]])
    return _REFERENCE.sub(lambda one: one[0] if one[0] == own else _ANOTHER, told)


class _Teller:
    """Says who did something, and what was written, as this copy may say it."""

    def __init__(self, registration: Registration, reviewers: Mapping[int, str], *, for_person: bool) -> None:
        self._own = registration.reference
        self._reviewers = reviewers
        self.for_person = for_person

    def who(self, user: User | None, *, act: str = "", channel: str = "") -> dict[str, str]:
        """The entry “by”: a reviewer by number, staff by name, and for the person by part."""
        if user is None:
            return {"by": "The person" if channel else "The portal"}
        if act in _OF_REVIEWERS and user.pk in self._reviewers:
            is_hidden = self.for_person and act in _ABOUT_CONFLICTS
            return {"by": "A reviewer" if is_hidden else self._reviewers[user.pk]}
        return {"by": "An organiser" if self.for_person else user.name}

    def text(self, text: str) -> str:
        """What somebody of the staff wrote, as this copy may say it."""
        return without_others(text, own=self._own) if self.for_person else text

    def may_tell(self, step: Transition, *, is_decided: bool) -> bool:
        """Whether this copy may say that this was done; what was staged only once there is a decision to tell."""
        return not self.for_person or is_decided or step.act not in _OF_STAGING

    def comment(self, review: Review) -> str:
        """A reviewer's comment; on a conflict of interest it is about the reviewer, and not for the person."""
        return "" if self.for_person and review.has_conflict else self.text(review.comment)


def _application(registration: Registration) -> dict[str, Any]:
    call = registration.call
    return {
        "state": registration.get_state_display(),
        "role": registration.get_role_display(),
        "country": country_name(registration.country),
        "profession": registration.get_profession_display(),
        "sent_at": registration.sent_at,
        "address_confirmed_at": registration.proven_at,
        "deadline": call.closes_at,
        "places": call.capacity,
        "everyone_hears_by": call.decision_by,
    }


def _criterion(criterion: Criterion) -> dict[str, Any]:
    anchors = [{"score": number, "means": words} for number, words in meanings(criterion.anchors).items()]
    return {"label": criterion.label, "weight": criterion.weight, "max": criterion.max_score, "anchors": anchors}


def _rules(registration: Registration, *, for_person: bool) -> list[dict[str, Any]]:
    known = {attribute.key: attribute for attribute in attributes.attributes_of(registration.call)}
    rules = []
    for rule in registration.call.selection_rules.all():
        attribute = known.get(rule.attribute)
        if rule.value == "*":
            value = "each by itself"
        elif for_person and rule.attribute == attributes.ORGANISATION:
            value = "one organisation"
        elif attribute is None:
            value = rule.value
        else:
            value = attribute.words(rule.value == "true" if attribute.key == attributes.FIRST_TIME else rule.value)
        bounds = {"at_least": rule.minimum, "at_most": rule.maximum, "weight": rule.weight}
        rules.append({"about": attribute.label if attribute else rule.attribute, "value": value, **bounds})
    return rules


def _score(registration: Registration) -> dict[str, Any]:
    mean = registration.score
    return {
        "mean_per_cent": None if mean is None else round(mean, 2),
        "spread": registration.score_spread,
        "reviews": registration.review_count,
    }


def _reviewers(registration: Registration, steps: Iterable[Transition]) -> dict[int, str]:
    # In the order in which they came to read it, which says nothing about who they are; then who read and said nothing.
    reviewers = list(registration.reviews.order_by("pk").values_list("reviewer_id", flat=True))
    reviewers += [step.by_id for step in steps if step.act in _OF_REVIEWERS and step.by_id is not None]
    return {pk: f"Reviewer {number}" for number, pk in enumerate(dict.fromkeys(reviewers), start=1)}


def _reviews(registration: Registration, reviewers: Mapping[int, str], teller: _Teller) -> list[dict[str, Any]]:
    scores = Prefetch("scores", Score.objects.select_related("criterion").order_by("criterion__position", "pk"))
    reviews: Iterable[Any] = review_reports.reviews_of(registration).order_by("pk").prefetch_related(scores)
    return [
        {
            "by": reviewers[review.reviewer_id],
            "at": review.changed_at,
            "has_conflict": review.has_conflict,
            "is_stale": review.is_stale,
            "scores": [
                {"criterion": score.criterion.label, "score": score.value, "of": score.criterion.max_score}
                for score in review.scores.all()
            ],
            "comment": teller.comment(review),
        }
        for review in reviews
    ]


def _pin(registration: Registration, teller: _Teller) -> dict[str, Any] | None:
    pin = Pin.objects.filter(registration=registration).select_related("pinned_by").first()
    if pin is None:
        return None
    said = {"direction": pin.get_direction_display(), "reason": teller.text(pin.reason), "at": pin.pinned_at}
    return said | teller.who(pin.pinned_by)


def _lines(registration: Registration) -> list[ProposalLine]:
    lines = ProposalLine.objects.filter(registration=registration).select_related("proposal__made_by")
    return list(lines.order_by("proposal__made_at", "proposal_id"))


def _proposal(line: ProposalLine, teller: _Teller) -> dict[str, Any]:
    made = line.proposal
    receipt = made.receipt
    if teller.for_person:
        receipt = {name: receipt[name] for name in _RECEIPT_FOR_PERSON if name in receipt}
    about = {
        "at": made.made_at,
        **teller.who(made.made_by),
        "seed": made.seed,
        "rules_version": made.rules_version,
        "input_sha256": made.input_sha256,
        "receipt": receipt,
        "said": ProposedAs(line.proposed_as).label,
    }
    return about if teller.for_person else about | {"rank": line.rank, "reason": line.reason}


def _decision(registration: Registration, teller: _Teller) -> dict[str, Any] | None:
    decision = (
        Decision.objects.filter(registration=registration)
        .select_related("staged_by", "released_by", "proposal")
        .first()
    )
    if decision is None or (teller.for_person and decision.released_at is None):
        return None
    about = {
        "outcome": decision.get_outcome_display(),
        "code": decision.get_reason_code_display(),
        "reason": teller.text(decision.reason),
        "deviates_from_proposal": decision.is_deviation,
        "staged_at": decision.staged_at,
        "staged_by": teller.who(decision.staged_by)["by"],
        "released_at": decision.released_at,
        "released_by": teller.who(decision.released_by)["by"] if decision.released_at else None,
    }
    return about if teller.for_person else about | {"rank": decision.rank}


def _step(step: Transition, teller: _Teller) -> dict[str, Any]:
    return {
        "at": step.at,
        "what": step.get_act_display(),
        "from": step.get_source_display() if step.source else None,
        "to": step.get_target_display(),
        **teller.who(step.by, act=step.act, channel=step.channel),
        "how_told": step.get_channel_display() if step.channel else None,
        "reason": teller.text(step.reason),
    }


def _mails(registration: Registration) -> list[OutgoingMail]:
    mails = registration.mails.defer("rendered").select_related("call__event")
    return list(mails.order_by("created_at", "pk"))


def _mail(mail: OutgoingMail, subject_of: SubjectOf) -> dict[str, Any]:
    return {
        "what": mail.get_kind_display(),
        "subject": subject_of(mail),
        "state": mail.get_state_display(),
        "made_at": mail.created_at,
        "sent_at": mail.sent_at,
    }
