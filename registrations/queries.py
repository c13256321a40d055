"""Reads about registrations for services, pages and policies. Admin-only reads stand in reports.py."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet

from accounts.models import User
from accounts.queries import is_administrator
from events.models import Call
from registrations import returned
from registrations.enums import Act, AskedOf, State
from registrations.models import (
    Answer,
    Criterion,
    Decision,
    OutgoingMail,
    PrivateLink,
    Question,
    Registration,
    Release,
    SelectionSettings,
    Transition,
)
from registrations.states import HOLDS_PLACE, NOT_LIVE


def organises(*, user: User, call: Call) -> bool:
    """Whether the user organises this call."""
    return user.is_active and call.organisers.filter(pk=user.pk).exists()


def reviews(*, user: User, call: Call) -> bool:
    """Whether the user was assigned to review this call."""
    return user.is_active and call.review_assignments.filter(reviewer=user).exists()


def is_released(call: Call) -> bool:
    """Whether any decision of the call was released."""
    return Decision.objects.filter(registration__call=call, released_at__isnull=False).exists()


def selection_settings(call: Call) -> SelectionSettings:
    """How the people of this call are selected: its row with the deputy, or an unsaved one with the defaults."""
    kept = SelectionSettings.objects.select_related("deputy").filter(call=call).first()
    return kept or SelectionSettings(call=call)


def may_give_release(*, user: User, call: Call) -> bool:
    """Whether the user may release, or take back, decisions of this call: as organiser or deputy."""
    deputy_id = selection_settings(call).deputy_id
    return organises(user=user, call=call) or (user.is_active and deputy_id is not None and user.pk == deputy_id)


def may_change_protection(*, user: User, call: Call) -> bool:
    """Whether the user may change what protects the people of this call, such as its mailbox and its check.

    Anybody who prepares the call while nobody organises it; then its organisers and its deputy, as long as they may see
    people, and administrators.
    """
    if not call.organisers.exists():
        return True
    sees_people = user.has_perm("registrations.view_registration") and may_give_release(user=user, call=call)
    return sees_people or is_administrator(user)


def may_change_where(*, user: User, call: Call) -> bool:
    """Whether the user may see and change the link to join and the private address of the call's event.

    As `may_change_protection`, and whoever looks after the event as long as nobody has a place.
    """
    if may_change_protection(user=user, call=call):
        return True
    return not Registration.objects.filter(call=call, state__in=HOLDS_PLACE).exists()


def waiting_release(call: Call) -> Release | None:
    """The release of this call that was given and neither taken back nor carried out, or None."""
    return Release.objects.filter(call=call, recalled_at=None, done_at=None).select_related("given_by").first()


def hands_in_decisions(call: Call) -> Counter[int]:
    """By user id, how many people of the call somebody decided about since its last carried-out release.

    Who staged what is staged, and who undid what nobody has staged again: that person would hear nothing. Only about
    applications that are still in.
    """
    staged = Decision.objects.filter(registration__call=call, registration__state=State.SUBMITTED, released_at=None)
    is_over = Release.objects.filter(call=OuterRef("registration__call"), done_at__gt=OuterRef("at"), refusal="")
    undone = Transition.objects.filter(
        ~Exists(is_over),
        act=Act.UNSTAGE,
        registration__call=call,
        registration__state=State.SUBMITTED,
        registration__decision=None,
    )
    undoers = undone.order_by().values_list("by").annotate(number=Count("registration", distinct=True))
    stagers = staged.order_by().values_list("staged_by").annotate(number=Count("pk"))
    hands: Counter[int] = Counter()
    for user_id, number in stagers.union(undoers, all=True):
        hands[user_id] += number
    return hands


def questions_of(call: Call, *, asked_of: AskedOf = AskedOf.EVERYONE) -> list[Question]:
    """The questions that the call asks of these people, in order, each with the question that its condition names."""
    return [question for question in current_questions(call) if question.asked_of == asked_of]


def current_questions(call: Call) -> list[Question]:
    """What the call asks at present, in order: neither earlier wordings nor what it asks no longer."""
    return list(call.questions.filter(retired_at=None).select_related("condition_question"))


def ever_asked(call: Call) -> list[Question]:
    """All that the call asks or ever asked, in order, earlier wordings first; `answer_count` says how many answered."""
    questions = call.questions.select_related("condition_question").annotate(answer_count=Count("answers"))
    return list(questions.order_by("position", "version", "pk"))


def starts_at(call: Call) -> datetime:
    """When the event of the call begins; its deadline where it has no date yet."""
    return first_session_at(call) or call.closes_at


def first_session_at(call: Call) -> datetime | None:
    """When the event of the call begins; None where it has no date yet."""
    return min((session.starts_at for session in call.event.sessions.all()), default=None)


def has_answered_details(registration: Registration) -> bool:
    """Whether the person has sent the practical questions, also if nothing was answered in them."""
    return registration.transitions.filter(act=Act.ANSWER_DETAILS).exists()


def columns_of(call: Call) -> list[Question]:
    """One question for each key that is asked or was answered, in order: the newest wording stands for earlier ones."""
    is_answered = Exists(Answer.objects.filter(question=OuterRef("pk")))
    known = call.questions.filter(Q(retired_at=None) | is_answered)
    newest = {question.key: question for question in known.order_by("version")}
    return sorted(newest.values(), key=lambda question: (question.asked_of, question.position, question.pk))


def live_with_address(call: Call, *, address_index: str) -> list[Registration]:
    """The call's registrations that still bind this address, the first one first."""
    live = Registration.objects.filter(call=call, address_index=address_index).exclude(state__in=NOT_LIVE)
    return list(live.order_by("same_address_number"))


def asked_to_prove_at(registration: Registration) -> datetime:
    """When the newest link of the registration was made."""
    return registration.links.latest("version", "pk").created_at


def is_reference_taken(reference: str) -> bool:
    """Whether a registration has this reference."""
    return Registration.objects.filter(reference=reference).exists()


def my_registration(pk: int) -> Registration | None:
    """One registration with all that its private page shows: identity, call, event, sessions and answers."""
    answers = Prefetch("answers", queryset=Answer.objects.select_related("question"))
    return (
        Registration.objects.select_related("identity", "call__event")
        .prefetch_related(answers, "call__event__sessions")
        .filter(pk=pk)
        .first()
    )


def newest_link(registration: Registration) -> PrivateLink | None:
    """The newest private link of the registration that stands; None once it was erased."""
    return registration.links.filter(revoked_at=None).order_by("-version").first()


def standing_links(pks: Iterable[int]) -> QuerySet[PrivateLink]:
    """Those of these private links that stand, with all that tells whose they are and how long they live."""
    return (
        PrivateLink.objects.filter(pk__in=pks, revoked_at=None)
        .select_related("registration__identity", "registration__call__event", "registration__call__keeping_rules")
        .prefetch_related("registration__call__event__sessions")
    )


def was_list_closed(registration: Registration) -> bool:
    """Whether the person waited on the list until it closed."""
    if registration.state != State.DECLINED:
        return False
    last = registration.transitions.filter(target=State.DECLINED).order_by("-at", "-pk").first()
    return last is not None and last.act == Act.CLOSE_LIST


def mails_of(registration: Registration) -> QuerySet[OutgoingMail]:
    """What was or will be sent to this person, the newest first, without the rendered bytes."""
    return returned.with_reports(registration.mails.defer("rendered", "facts")).order_by("-created_at", "-pk")


def on_list(call: Call) -> QuerySet[Registration]:
    """Who waits on the call's reserve or waiting list, in its order."""
    return Registration.objects.filter(call=call, state=State.RESERVE).order_by("list_position", "pk")


def position_of(registration: Registration) -> int | None:
    """The place on the list, counted from 1; None for those who do not wait."""
    if registration.state != State.RESERVE:
        return None
    ahead = on_list(registration.call).filter(list_position__lt=registration.list_position)
    return ahead.count() + 1


def next_list_position(call: Call) -> int:
    """The list position after the last one ever given in this call."""
    last = Registration.objects.filter(call=call).aggregate(last=Max("list_position"))["last"]
    return (last or 0) + 1


def applied(call: Call) -> int:
    """How many proven applications the call got, withdrawn ones included."""
    return Registration.objects.filter(call=call, proven_at__isnull=False).count()


def criteria_words(call: Call) -> list[str]:
    """What reviewers score, in words."""
    return list(Criterion.objects.filter(call=call).values_list("label", flat=True))


def references(registrations: Iterable[Registration]) -> list[str]:
    """Their references, for messages about several."""
    return [registration.reference for registration in registrations]
