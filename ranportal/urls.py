"""Every address of the portal."""

from django.contrib import admin
from django.urls import include, path

from ranportal.shared import health, metrics
from registrations import figures, watch

handler400 = "ranportal.errors.bad_request"
handler500 = "ranportal.errors.server_error"

# The lists of people and mails need the width.
admin.site.enable_nav_sidebar = False

WORKER = health.worker()
#: All parts: for people and alarms. The other two are for what starts and what balances processes.
ready = health.page(
    health.database(watch.health, "beat", "mail", "releases"), health.broker(), WORKER, health.shared_cache()
)

urlpatterns = [
    path("", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("healthz/live/", health.page(), name="healthz-live"),
    path("healthz/web/", health.page(health.database()), name="healthz-web"),
    path("healthz/ready/", ready, name="healthz-ready"),
    path("metrics/", metrics.page(figures.figures), name="metrics"),
    path("", include("registrations.urls")),
    path("", include("events.urls")),
]
