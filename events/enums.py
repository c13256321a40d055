from django.db import models


class EventKind(models.TextChoices):
    """What kind of event takes place."""

    WEBINAR = "webinar", "Webinar"
    TRAINING_WEBINAR = "training_webinar", "Training webinar"
    WORKING_GROUP_MEETING = "working_group_meeting", "Working-group meeting"
    CROSS_CUTTING_EVENT = "cross_cutting_event", "Cross-cutting event"
    STUDY_VISIT = "study_visit", "Study visit"
    PLENARY = "plenary", "Plenary"


class EventFormat(models.TextChoices):
    """Where people meet."""

    ONLINE = "online", "Online"
    ONSITE = "onsite", "On site"
    HYBRID = "hybrid", "On site and online"


class Admission(models.TextChoices):
    """How places are given: in order of proven addresses, or by selection after the deadline."""

    OPEN = "open", "Open"
    SELECTIVE = "selective", "Selective"


class AnnouncementKind(models.TextChoices):
    NEWS = "news_announcement", "News announcement"
    CALL_FOR_PARTICIPANTS = "call_for_participants", "Call for participants"


class PublicationKind(models.TextChoices):
    EXPERT_OPINION = "expert_opinion", "Expert opinion"
    EX_POST_PAPER = "ex_post_paper", "Ex post paper"
    HANDBOOK = "handbook", "Handbook"


class Status(models.TextChoices):
    """What staff decided about a page. With PUBLISHED the page appears at its `published_at`, not before."""

    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"


class PublicationState(models.TextChoices):
    """What a page is at a moment: its status compared with the clock."""

    DRAFT = "draft", "Draft"
    SCHEDULED = "scheduled", "Scheduled"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"


class CallState(models.TextChoices):
    """What a call is at a moment: its dates compared with the clock."""

    NOT_YET_OPEN = "not_yet_open", "Not yet open"
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"
    CANCELLED = "cancelled", "Cancelled"
