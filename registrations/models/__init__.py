from registrations.models.answer import Answer
from registrations.models.beat_pulse import BeatPulse
from registrations.models.bounce import Bounce
from registrations.models.decision import Decision
from registrations.models.identity import Identity
from registrations.models.mail_connection import MailConnection
from registrations.models.outgoing_mail import MailGate, OutgoingMail
from registrations.models.private_link import PrivateLink
from registrations.models.question import Question
from registrations.models.reconciliation import NotTold, Reconciliation
from registrations.models.registration import Registration
from registrations.models.review import Check, Criterion, Review, ReviewAssignment, Score
from registrations.models.told import ToldEvent
from registrations.models.transition import Transition

__all__ = [
    "Answer",
    "BeatPulse",
    "Bounce",
    "Check",
    "Criterion",
    "Decision",
    "Identity",
    "MailConnection",
    "MailGate",
    "NotTold",
    "OutgoingMail",
    "PrivateLink",
    "Question",
    "Reconciliation",
    "Registration",
    "Review",
    "ReviewAssignment",
    "Score",
    "ToldEvent",
    "Transition",
]
