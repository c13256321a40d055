"""Figures in the form that Prometheus reads, at one address, for whoever holds the token."""

import logging
import platform
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from secrets import compare_digest

import django
from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ranportal.shared import clock

logger = logging.getLogger(__name__)

Figures = Callable[[datetime], Iterable[Metric]]

#: What this process counts by itself; several processes of one web server count in a folder together (web_server).
COUNTED = CollectorRegistry()
REQUESTS = Counter("ranportal_requests", "Requests answered.", ["view", "method", "status"], registry=COUNTED)
SECONDS = Histogram(
    "ranportal_request_seconds",
    "Seconds until the answer began.",
    ["view", "method"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=COUNTED,
)


def count(*, view: str, method: str, status: int, seconds: float) -> None:
    """Count one request by the name of its view: addresses would be without number. Never raises."""
    try:
        REQUESTS.labels(view, method, status).inc()
        SECONDS.labels(view, method).observe(seconds)
    except Exception as error:
        # What was answered is done, also where the folder of figures is gone or full.
        logger.warning("A request could not be counted (%s).", type(error).__name__)


def page(figures: Figures) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view of all figures: what was counted, and `figures` read from the database at this moment.

    Without METRICS_TOKEN there is no such page; without that token in the request the answer is 401.
    """

    @never_cache
    @require_safe
    def report(request: HttpRequest) -> HttpResponse:
        if not settings.METRICS_TOKEN:
            raise Http404
        if not _has_token(request):
            return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
        registry = CollectorRegistry()
        if settings.PROMETHEUS_MULTIPROC_DIR:
            MultiProcessCollector(registry, path=settings.PROMETHEUS_MULTIPROC_DIR)
        else:
            registry.register(_Families(COUNTED.collect()))
        registry.register(_Families([_build(), *_read(figures)]))
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return report


class _Families(Collector):
    """Hands over what is known already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _has_token(request: HttpRequest) -> bool:
    expected = f"Bearer {settings.METRICS_TOKEN}"
    return compare_digest(request.headers.get("Authorization", "").encode(), expected.encode())


def _read(figures: Figures) -> list[Metric]:
    """The figures, after whether the database gave them: what was counted is told even when it is away."""
    try:
        found = list(figures(clock.now()))
    except DatabaseError:
        found = []
    return [GaugeMetricFamily("ranportal_database_up", "1: the figures were read.", value=int(bool(found))), *found]


def _build() -> Metric:
    names = {"release": settings.RELEASE, "python": platform.python_version(), "django": django.get_version()}
    family = GaugeMetricFamily("ranportal_build_info", "What is running.", labels=list(names))
    family.add_metric(list(names.values()), 1)
    return family
