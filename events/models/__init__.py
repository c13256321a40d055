from events.models.announcement import Announcement
from events.models.call import Call
from events.models.event import Event, Session
from events.models.page import Page
from events.models.publication import Publication
from events.models.working_group import WorkingGroup

__all__ = ["Announcement", "Call", "Event", "Page", "Publication", "Session", "WorkingGroup"]
