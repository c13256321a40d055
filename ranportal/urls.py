"""Every address of the portal."""

from django.contrib import admin
from django.urls import include, path

from ranportal.shared import health

handler400 = "ranportal.errors.bad_request"
handler500 = "ranportal.errors.server_error"

# The lists of people and mails need the width.
admin.site.enable_nav_sidebar = False

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz/live/", health.live, name="healthz-live"),
    path("healthz/web/", health.web, name="healthz-web"),
    path("healthz/ready/", health.ready, name="healthz-ready"),
    path("", include("registrations.urls")),
    path("", include("events.urls")),
]
