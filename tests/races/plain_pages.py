"""gunicorn's configuration of a portal whose pages name its files as they are: none were collected here."""

import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ranportal.settings")
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
