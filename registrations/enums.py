from django.db import models


class State(models.TextChoices):
    """The states of a registration (labels are for staff; what the person reads stands in the templates)."""

    UNPROVEN = "unproven", "Address not confirmed yet"
    SUBMITTED = "submitted", "Received"
    SELECTED = "selected", "Selected, not answered yet"
    CONFIRMED = "confirmed", "Confirmed"
    RESERVE = "reserve", "On the list"
    DECLINED = "declined", "Not selected"
    LAPSED = "lapsed", "Place given on"
    WITHDRAWN = "withdrawn", "Place given up"
    CANCELLED = "cancelled", "Event cancelled"
    ATTENDED = "attended", "Took part"
    ABSENT = "absent", "Did not take part"


class Act(models.TextChoices):
    """What is done to a registration. The first eleven may change its state (see states.py), the rest only traces."""

    SEND = "send", "Form sent"
    PROVE = "prove", "Address confirmed"
    RELEASE = "release", "Decision released"
    CONFIRM = "confirm", "Place confirmed"
    LAPSE = "lapse", "Place given on"
    PROMOTE = "promote", "Moved up from the list"
    CLOSE_LIST = "close_list", "List closed"
    RECONSIDER = "reconsider", "Decided again by hand"
    ATTENDANCE = "attendance", "Attendance marked"
    WITHDRAW = "withdraw", "Place given up"
    CANCEL = "cancel", "Event cancelled"
    SEND_AGAIN = "send_again", "Form sent again"
    CHANGE_ANSWERS = "change_answers", "Answers changed"
    CORRECT_ADDRESS = "correct_address", "Address corrected"
    CHECK = "check", "Check noted"
    SCORE = "score", "Scored"
    DECLARE_CONFLICT = "declare_conflict", "Conflict of interest declared"
    STAGE = "stage", "Decision staged"
    UNSTAGE = "unstage", "Staged decision undone"
    CHANGE_ROLE = "change_role", "Role changed"
    PIN = "pin", "Fixed for the proposal"
    READ_ANYWAY = "read_anyway", "Read in spite of a likely conflict"
    ASSIGN_REVIEW = "assign_review", "Given to a reviewer"
    REDACT = "redact", "Passage hidden from reviewers"
    ANSWER_DETAILS = "answer_details", "Practical questions answered"
    ERASE = "erase", "Data erased"
    GIVE_CONSENT = "give_consent", "Consent to an extra given"
    WITHDRAW_CONSENT = "withdraw_consent", "Consent to an extra withdrawn"
    ASK_VOUCH = "ask_vouch", "Contact point asked"
    VOUCH = "vouch", "Contact point answered"
    UNSAFE = "unsafe", "Asked to be called: feels unsafe"
    CALLED_BACK = "called_back", "Called back"
    DOWNLOAD = "download", "Own data downloaded"
    CLOSE_LINK = "close_link", "Private link closed, a new one sent"


class Actor(models.TextChoices):
    """Who may make a move."""

    PERSON = "person", "The person"
    ORGANISER = "organiser", "An organiser"
    SYSTEM = "system", "A scan"


class Channel(models.TextChoices):
    """How they told us."""

    PORTAL = "portal", "On the portal"
    TELEPHONE = "telephone", "By telephone"
    MAIL = "mail", "By mail"
    IN_PERSON = "in_person", "In person"
    LETTER = "letter", "By letter"


class ParticipantRole(models.TextChoices):
    PARTICIPANT = "participant", "Participant"
    SPEAKER = "speaker", "Speaker"
    MODERATOR = "moderator", "Moderator"
    INTERPRETER = "interpreter", "Interpreter"
    OBSERVER = "observer", "Observer"


class Profession(models.TextChoices):
    POLICE = "police", "Police"
    PRISON = "prison", "Prison"
    PROBATION = "probation", "Probation"
    HEALTH = "health", "Health care"
    PSYCHOLOGY = "psychology", "Psychology"
    SOCIAL_WORK = "social_work", "Social work"
    YOUTH_WORK = "youth_work", "Youth work"
    EDUCATION = "education", "Education"
    LOCAL_AUTHORITY = "local_authority", "Local authority"
    EXIT_WORK = "exit_work", "Exit work"
    CIVIL_SOCIETY = "civil_society", "Civil society"
    RESEARCH = "research", "Research"
    POLICY = "policy", "Policy"
    OTHER = "other", "Other"


class QuestionKind(models.TextChoices):
    SHORT_TEXT = "short_text", "Short text"
    LONG_TEXT = "long_text", "Long text"
    SINGLE_CHOICE = "single_choice", "One of several"
    MULTIPLE_CHOICE = "multiple_choice", "Several of several"
    YES_NO = "yes_no", "Yes or no"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    COUNTRY = "country", "Country"
    EMAIL = "email", "E-mail address"
    URL = "url", "Web address"
    FILE = "file", "File"
    CONSENT = "consent", "Consent"


class Audience(models.TextChoices):
    REVIEWERS = "reviewers", "Reviewers and organisers"
    ORGANISERS = "organisers", "Organisers only"


class AskedOf(models.TextChoices):
    """Who is asked a question: everyone in the form, or only those who are selected, on their private page."""

    EVERYONE = "everyone", "Everyone, in the form"
    SELECTED = "selected", "Those who are selected"


class CheckResult(models.TextChoices):
    """What an organiser found out about who a person is."""

    NOT_LOOKED_AT = "not_looked_at", "Not looked at"
    FINE = "fine", "Fine"
    ASK_BACK = "ask_back", "Ask back"
    REFUSED = "refused", "Refused"


class Outcome(models.TextChoices):
    """What a decision says."""

    SELECT = "select", "Select"
    RESERVE = "reserve", "Reserve list"
    DECLINE = "decline", "Not selected"


class ReasonCode(models.TextChoices):
    """Why a decision is staged, in few words that can be counted."""

    PROPOSED = "proposed", "As proposed"
    SCORE = "score", "By score"
    BALANCE = "balance", "For the balance of the group"
    FIRST_TIME = "first_time", "First time at an event of the network"
    FIT = "fit", "Fits the target group especially well"
    NEEDED = "needed", "Needed for the programme"
    NOT_TARGET = "not_target", "Outside the target group"
    SAME_ORGANISATION = "same_organisation", "Enough people of one organisation"
    NO_PLACE = "no_place", "Not enough places"
    CHECK = "check", "What the check found"
    OTHER = "other", "Another reason"


class PinDirection(models.TextChoices):
    """What a proposal must do with a person, whatever the score."""

    IN = "in", "In"
    OUT = "out", "Out"


class ProposedAs(models.TextChoices):
    """What a proposal says about a person."""

    SELECTED = "selected", "Proposed"
    RESERVE = "reserve", "Reserve list"
    NOT_PROPOSED = "not_proposed", "Not proposed"


class MailKind(models.TextChoices):
    """One folder of three files under templates/mail/ each."""

    PROVE_ADDRESS = "prove_address", "Confirm your address"
    PROVE_REMINDER = "prove_reminder", "Confirm your address (reminder)"
    ADDRESS_CORRECTED = "address_corrected", "Confirm your corrected address"
    RECEIVED = "received", "Received"
    CONFIRMED = "confirmed", "Place confirmed"
    WAITING_LIST = "waiting_list", "On the waiting list"
    PROMOTED = "promoted", "Moved up from the list"
    LIST_CLOSED = "list_closed", "List closed"
    ANSWERS_CHANGED = "answers_changed", "Answers changed"
    GIVEN_UP = "given_up", "Place given up"
    SAME_ADDRESS = "same_address", "Same address again"
    SELECTED = "selected", "Selected"
    ANSWER_REMINDER = "answer_reminder", "Please answer (reminder)"
    PLACE_GIVEN_ON = "place_given_on", "Place given on"
    RESERVE = "reserve", "On the reserve list"
    NOT_SELECTED = "not_selected", "Not selected"
    EVENT_CHANGED = "event_changed", "Event changed"
    EVENT_CANCELLED = "event_cancelled", "Event cancelled"
    EVENT_REMINDER = "event_reminder", "Reminder of the event"
    OUTCOME_PUBLISHED = "outcome_published", "Outcome published"
    LINK_AGAIN = "link_again", "Private link again"
    JOIN_LINK_MISSING = "join_link_missing", "To the organiser: join link missing"
    CALL_CLOSED = "call_closed", "To the organiser: deadline passed"
    UNSAFE_ALARM = "unsafe_alarm", "To the organiser: somebody feels unsafe"
    VOUCH_ASKED = "vouch_asked", "To a contact point: do you know this person"
    STAFF_RESET = "staff_reset", "To staff: choose a new password"
    STAFF_NOTICE = "staff_notice", "To staff: something changed in your account"
    MANY_LOOKS = "many_looks", "To the data protection officer: many looks"


class MailState(models.TextChoices):
    """The states of a row of the outbox; written by registrations.mail alone."""

    QUEUED = "queued", "Waiting"
    LEASED = "leased", "Being prepared"
    HANDING_OVER = "handing_over", "Being handed over"
    SENT = "sent", "Sent"
    REFUSED = "refused", "Refused by the receiving side"
    UNRENDERABLE = "unrenderable", "Text could not be made"
    TOO_LATE = "too_late", "No longer useful"
    CANCELLED = "cancelled", "Cancelled"
    HELD = "held", "On hold"


class Finding(models.TextChoices):
    """What the daily check found of a mail that did not tell its person once."""

    LATE = "late", "Still waiting, long after it was due"
    STOPPED = "stopped", "Did not go out"
    RETURNED = "returned", "Went out and came back"
    MISSING = "missing", "Was never written"
    DOUBLED = "doubled", "Tells the same twice"


class LegalBasis(models.TextChoices):
    """What allows us to hold something, by the articles of Regulation (EU) 2018/1725."""

    PUBLIC_TASK = "public_task", "A task in the public interest (Article 5(1)(a))"
    CONSENT = "consent", "Your consent (Article 5(1)(d))"
    EXPLICIT_CONSENT = "explicit", "Your explicit consent (Articles 5(1)(d) and 10(2)(a))"
    LEGAL_DUTY = "legal_duty", "A duty by law (Article 5(1)(b))"


class KeptFor(models.TextChoices):
    """How long something about a person is kept; how many days that is stands in the call's keeping rules."""

    OUTCOME = "outcome", "As long as the registration, by what came of it"
    SENSITIVE = "sensitive", "Until shortly after the event, as a sensitive need"
    CLEARANCE = "clearance", "Until the day after the event, for entering a building"


class Extra(models.TextChoices):
    """What people may allow besides, each by itself, each until they say otherwise."""

    DIET = "diet", "What you eat"
    ACCESS = "access", "What you need to take part"
    PHOTOGRAPHS = "photographs", "Photographs in which you can be seen"
    LISTED_NAME = "listed_name", "Your name in the list for participants"
    LISTED_ORGANISATION = "listed_org", "Your organisation in the list for participants"
    LISTED_COUNTRY = "listed_country", "Your country in the list for participants"
    LISTED_EMAIL = "listed_email", "Your e-mail address in the list for participants"
    NETWORK_MAIL = "network_mail", "Mail about other events of the network"


class VouchAnswer(models.TextChoices):
    """What a contact point says about a person who named it."""

    KNOWS = "knows", "Knows this person in this work"
    DOES_NOT = "does_not", "Does not know this person"


class LookKind(models.TextChoices):
    """How somebody of the staff looked at people."""

    DETAIL = "detail", "One person's page"
    LIST = "list", "A list"
    SEARCH = "search", "A search"
    AUTOCOMPLETE = "autocomplete", "Suggestions while typing"
    EXPORT = "export", "An export"
