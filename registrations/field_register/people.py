"""What we hold about people who register, and about the contact points whom they name."""

from registrations.enums import LegalBasis
from registrations.field_register.shapes import (
    CARDS_KEPT,
    HISTORY_KEPT,
    MAILS_KEPT,
    OPEN_ALARMS_KEPT,
    Entry,
    Kept,
    Reader,
)

OUTCOME = Kept(
    "{unproven_days} after the deadline if you do not confirm your address; {declined_days} after the decisions if you "
    "get no place; else {selected_days} after the event",
    ("unproven_days", "declined_days", "selected_days"),
)
SENSITIVE = Kept("{sensitive_days} after the event", ("sensitive_days",))
CLEARANCE = Kept("{clearance_days} after the event", ("clearance_days",))
EXTRA = Kept(
    "at once when you take it back; what you wrote with it {sensitive_days} after the event; the rest {selected_days} "
    "after the event",
    ("sensitive_days", "selected_days"),
)
ALLOWED = Kept("at once when you take it back, else {selected_days} after the event", ("selected_days",))
NEEDED = Kept("at once when you take it back, else {sensitive_days} after the event", ("sensitive_days",))
MAILS = Kept("the text when it is sent; that it was sent, after {time}", time=MAILS_KEPT)
LOOKS = Kept("after {time}", time=HISTORY_KEPT)
CARD = Kept("{time} after the newest event that it counts, or with your data if you erase them", time=CARDS_KEPT)
NUMBER = Kept(
    "with the last people of your event: only numbers of many stay then; your name, your address and your words go "
    "before, with your registration"
)
LINKS = Kept("works until 30 days after the event; goes with your registration")
HELP = Kept(
    "{sensitive_days} after the event, or after we called you if that is later; if nobody has, {time} after the event",
    ("sensitive_days",),
    OPEN_ALARMS_KEPT,
)

_BOTH = (Reader.PERSON, Reader.ORGANISERS, Reader.OFFICER)
_OURS = (Reader.ORGANISERS, Reader.OFFICER)
_ASKED = (Reader.ON_REQUEST, *_OURS)
_TASK = LegalBasis.PUBLIC_TASK

PEOPLE = (
    Entry(
        "Given name, family name",
        {"registrations.Identity": "given_name family_name"},
        "To know who takes part, and to find your registration when you call. Our mails do not name you.",
        _TASK,
        _BOTH,
        OUTCOME,
    ),
    Entry(
        "Name that others will see",
        {"registrations.Identity": "display_name"},
        "So that you choose by which name other participants know you.",
        _TASK,
        (*_BOTH, Reader.LOGISTICS, Reader.PARTICIPANTS),
        OUTCOME,
    ),
    Entry(
        "E-mail address",
        {"registrations.Identity": "email"},
        "To send you your private link, and to tell you what happens with your registration.",
        _TASK,
        _BOTH,
        OUTCOME,
    ),
    Entry(
        "A keyed number made from your address",
        {"registrations.Registration": "address_index same_address_number form_digest"},
        "To find your registrations without reading anybody’s address, and to see when a form was sent twice.",
        _TASK,
        (Reader.NOBODY,),
        OUTCOME,
    ),
    Entry(
        "Organisation",
        {"registrations.Identity": "organisation organisation_index"},
        "To find out whether you are who you say, and to bring different organisations together. You may prefer to "
        "tell us by telephone.",
        _TASK,
        _BOTH,
        OUTCOME,
    ),
    Entry(
        "Country, field of work",
        {"registrations.Registration": "country profession"},
        "To bring different countries and professions together.",
        _TASK,
        (*_BOTH, Reader.REVIEWERS),
        NUMBER,
    ),
    Entry(
        "Your answers to the questions of the event",
        {"registrations.Answer": "value text plain_value plain_text file changed_at"},
        "To select, where places are limited, and to prepare the event; the form says for each question what it is "
        "for, who reads it and when it goes.",
        _TASK,
        (*_BOTH, Reader.REVIEWERS, Reader.LOGISTICS),
        OUTCOME,
    ),
    Entry(
        "Where your registration stands",
        {
            "registrations.Registration": "reference state role is_counted privacy_version sent_at proven_at "
            "state_changed_at answer_by list_position is_excused",
            "registrations.Transition": "act source target at channel",
        },
        "To give places, to tell you where you stand, and to be able to answer for what we did.",
        _TASK,
        _BOTH,
        NUMBER,
    ),
    Entry(
        "Whether we know who you are",
        {
            "registrations.Registration": "check_result checked_at",
            "registrations.Check": "result checked_at",
        },
        "So that nobody takes part under a false name. You see when we looked, and the result once it is fine.",
        _TASK,
        _BOTH,
        OUTCOME,
    ),
    Entry(
        "What the staff noted beside a check or a step",
        {"registrations.Check": "note", "registrations.Transition": "reason"},
        "So that another member of the staff understands what was done, and can answer for it.",
        _TASK,
        _ASKED,
        OUTCOME,
    ),
    Entry(
        "A contact point whom you name: name, address",
        {
            "registrations.Vouch": "name email number key_id asked_at expires_at answered_at revoked_at address_index",
        },
        "To ask somebody who knows your work whether you are who you say. You need not name anybody.",
        _TASK,
        (*_BOTH, Reader.CONTACT_POINT),
        SENSITIVE,
    ),
    Entry(
        "What the contact point answered",
        {"registrations.Vouch": "answer"},
        "To know whether somebody stands up for you. It is said in confidence, and decides nothing by itself.",
        _TASK,
        (*_OURS, Reader.CONTACT_POINT),
        SENSITIVE,
    ),
    Entry(
        "What reviewers thought of your application",
        {
            "registrations.Registration": "score score_spread review_count",
            "registrations.Review": "has_conflict comment changed_at",
            "registrations.Score": "value",
            "registrations.Redaction": "passage redacted_at",
            "registrations.ReviewTask": "assigned_at",
        },
        "To select fairly where more people apply than there are places.",
        _TASK,
        (*_ASKED, Reader.REVIEWERS),
        NUMBER,
    ),
    Entry(
        "What was proposed, and why it was decided so",
        {
            "registrations.Pin": "direction reason pinned_at",
            "registrations.Proposal": "receipt",
            "registrations.ProposalLine": "proposed_as rank reason",
            "registrations.Decision": "rank reason_code reason proposal is_deviation staged_at",
        },
        "So that a person decides with reasons, and can answer for them. Software proposes; it decides nothing about "
        "you.",
        _TASK,
        _ASKED,
        NUMBER,
    ),
    Entry(
        "What was decided",
        {"registrations.Decision": "outcome released_at"},
        "To give places, and to tell you.",
        _TASK,
        (Reader.TOLD, *_OURS),
        NUMBER,
    ),
    Entry(
        "Your private links",
        {"registrations.PrivateLink": "version key_id created_at revoked_at code_tries"},
        "To let you in without a password, and nobody else. The link itself stands only in your mail.",
        _TASK,
        (Reader.ON_REQUEST, Reader.OFFICER),
        LINKS,
    ),
    Entry(
        "Mails to you",
        {
            "registrations.OutgoingMail": "key kind registration vouch link facts message_id date state due_at "
            "rendered sent_at attempts tried_since is_maybe_repeated last_error",
            "registrations.Bounce": "mail digest is_permanent status at",
            "registrations.NotTold": "registration mail kind finding",
        },
        "To tell you what happens with your registration, once, and to notice when a mail did not reach you.",
        _TASK,
        _BOTH,
        MAILS,
    ),
    Entry(
        "Extras that you allow: food, access, photographs, being listed, mail about other events",
        {"registrations.Consent": "extra wording given_at withdrawn_at detail"},
        "Only what you tick, one by one, and only for what it says beside the tick.",
        LegalBasis.EXPLICIT_CONSENT,
        (*_BOTH, Reader.LOGISTICS, Reader.PARTICIPANTS),
        EXTRA,
    ),
    Entry(
        "“I feel unsafe: call me”: your number and when to call",
        {"registrations.Alarm": "telephone words number raised_at handled_at"},
        "So that an organiser calls you.",
        _TASK,
        _BOTH,
        HELP,
    ),
    Entry(
        "A counter card: how often your address applied, was selected, took part, was excused",
        {"registrations.CounterCard": "address_index applied selected attended excused last_on"},
        "So that those who were often selected do not always come first. It holds numbers and a keyed number made from "
        "your address, no name.",
        _TASK,
        _BOTH,
        CARD,
    ),
    Entry(
        "Who looked at your data, when, and why",
        {"registrations.AccessEntry": "at kind page subjects purpose digest"},
        "To find out when somebody looked who should not have, and to tell you who did, if you ask.",
        LegalBasis.LEGAL_DUTY,
        (Reader.PERSON, Reader.OFFICER),
        LOOKS,
    ),
)
