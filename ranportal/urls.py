"""Every address of the portal."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from ranportal.shared import health

handler500 = "ranportal.errors.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz/live/", health.live, name="healthz-live"),
    path("healthz/web/", health.web, name="healthz-web"),
    path("healthz/ready/", health.ready, name="healthz-ready"),
]
for module in ("registrations.urls", "events.urls"):
    if find_spec(module):
        urlpatterns.append(path("", include(module)))
