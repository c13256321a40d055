"""The public addresses of what is announced."""

from django.urls import path

from events.feeds import AnnouncementFeed
from events.sitemaps import sitemap_view
from events.views import announcements, events, publications, site

app_name = "events"

urlpatterns = [
    path("", site.home, name="home"),
    path("events/", events.event_list, name="event-list"),
    path("events/calendar.ics", events.calendar, name="calendar"),
    path("events/<slug:slug>/", events.event_detail, name="event-detail"),
    path("events/<slug:slug>/event.ics", events.event_calendar, name="event-calendar"),
    path("announcements/", announcements.announcement_list, name="announcement-list"),
    path("announcements/feed/", AnnouncementFeed(), name="announcement-feed"),
    path("announcements/<slug:slug>/", announcements.announcement_detail, name="announcement-detail"),
    path("publications/", publications.publication_list, name="publication-list"),
    path("publications/<slug:slug>/", publications.publication_detail, name="publication-detail"),
    path("publications/<slug:slug>/document/", publications.publication_document, name="publication-document"),
    path("working-groups/<slug:slug>/", site.working_group_detail, name="working-group-detail"),
    path("accessibility/", site.accessibility, name="accessibility"),
    path("recognise-our-mails/", site.mails, name="mails"),
    path(".well-known/security.txt", site.security_txt, name="security-txt"),
    path("sitemap.xml", sitemap_view, name="sitemap"),
]
