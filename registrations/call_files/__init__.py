"""Call files: the YAML in which secretariats hand over an event with its call, announcement and publication.

Everything here is pure reading. What is wrong is told with file and line; nothing is written, nothing is looked up.
"""

from registrations.call_files.contents import (
    AnnouncementContent,
    CallContent,
    CallFile,
    CriterionContent,
    EventContent,
    PublicationContent,
    QuestionContent,
    SessionContent,
)
from registrations.call_files.problems import CallFileRefused, Problem
from registrations.call_files.reading import parse, read

__all__ = [
    "AnnouncementContent",
    "CallContent",
    "CallFile",
    "CallFileRefused",
    "CriterionContent",
    "EventContent",
    "Problem",
    "PublicationContent",
    "QuestionContent",
    "SessionContent",
    "parse",
    "read",
]
