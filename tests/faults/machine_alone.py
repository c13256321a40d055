"""The same for a machine that keeps its sessions to itself: what the test of several machines must notice."""

from django.conf import settings

from tests.races import plain_pages

assert plain_pages.settings is settings
settings.SESSION_ENGINE = "django.contrib.sessions.backends.file"
