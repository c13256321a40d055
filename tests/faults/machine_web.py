"""gunicorn's configuration of a machine of the tests: file names that need no collected static files."""

import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ranportal.settings")
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
