from registrations.models.access_log import AccessCheckpoint, AccessEntry
from registrations.models.alarm import Alarm
from registrations.models.answer import Answer
from registrations.models.beat_pulse import BeatPulse
from registrations.models.bounce import Bounce
from registrations.models.call_key import CallKey, KeyDestroyed
from registrations.models.consent import Consent, OfferedExtra
from registrations.models.decision import Decision
from registrations.models.identity import Identity
from registrations.models.keeping import CallNumbers, CounterCard, DeletionCertificate, KeepingRules
from registrations.models.mail_connection import MailConnection
from registrations.models.outgoing_mail import MailGate, OutgoingMail
from registrations.models.private_link import PrivateLink
from registrations.models.proposal import Pin, Proposal, ProposalLine, SelectionRule
from registrations.models.question import LibraryQuestion, Question
from registrations.models.reconciliation import NotTold, Reconciliation
from registrations.models.redaction import Redaction
from registrations.models.registration import Registration
from registrations.models.review import Check, Criterion, Review, ReviewAssignment, ReviewTask, Score
from registrations.models.selection import BoardView, Release, SelectionSettings
from registrations.models.team import LogisticsAssignment
from registrations.models.told import ToldEvent
from registrations.models.transition import Transition
from registrations.models.vouch import Vouch

__all__ = [
    "AccessCheckpoint",
    "AccessEntry",
    "Alarm",
    "Answer",
    "BeatPulse",
    "BoardView",
    "Bounce",
    "CallKey",
    "CallNumbers",
    "Check",
    "Consent",
    "CounterCard",
    "Criterion",
    "Decision",
    "DeletionCertificate",
    "Identity",
    "KeepingRules",
    "KeyDestroyed",
    "LibraryQuestion",
    "LogisticsAssignment",
    "MailConnection",
    "MailGate",
    "NotTold",
    "OfferedExtra",
    "OutgoingMail",
    "Pin",
    "PrivateLink",
    "Proposal",
    "ProposalLine",
    "Question",
    "Reconciliation",
    "Redaction",
    "Registration",
    "Release",
    "Review",
    "ReviewAssignment",
    "ReviewTask",
    "Score",
    "SelectionRule",
    "SelectionSettings",
    "ToldEvent",
    "Transition",
    "Vouch",
]
