"""Refuses to run for real on what only the demo may use: one line for each setting that is missing."""

import logging
from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info
from django.core.exceptions import ImproperlyConfigured

SHORTEST_SECRET_KEY = 50
DEMO_SENDER = "secretariat@example.org"
PLAIN_HTTP = (
    "PLAIN_HTTP=1: what people type and their sessions travel unencrypted. For a closed network or a trial only."
)

logger = logging.getLogger(__name__)


def refusals() -> list[str]:
    """Return why these settings may not serve real people, one line each; nothing for the demo (DEBUG=1)."""
    if settings.DEMO:
        return []
    found = [
        *_keys(),
        (_is_demo_database(), "DATABASE_URL must name the database: the demo's SQLite file is for the demo."),
        (
            not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS,
            "ALLOWED_HOSTS must list the names of this site; * is none.",
        ),
        (
            urlsplit(settings.SITE_URL).scheme != _scheme(),
            f"SITE_URL must be the {_scheme()}:// address of this site (PLAIN_HTTP says which of the two).",
        ),
        (
            settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"),
            "EMAIL_URL must name a mail server (smtp:// or smtps://): files are for the demo.",
        ),
        (
            parseaddr(settings.MAIL_FROM)[1] in ("", DEMO_SENDER),
            "MAIL_FROM must name the mailbox that sends: the demo's is nobody's.",
        ),
        (
            settings.CELERY_BROKER_URL == settings.DEMO_BROKER_URL,
            "CELERY_BROKER_URL must name the broker: the demo's socket is for the demo.",
        ),
        (
            bool(settings.OIDC_ISSUER) and urlsplit(settings.OIDC_ISSUER).scheme != "https",
            "OIDC_ISSUER must be an https:// address: who answers there opens accounts.",
        ),
        (
            settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"),
            "CACHE_URL must name a cache that all processes share (redis://…): one in each counts for itself alone.",
        ),
    ]
    return [line for is_refused, line in found if is_refused]


def _keys() -> list[tuple[bool, str]]:
    weak_key = f"missing, the demo's, or shorter than {SHORTEST_SECRET_KEY} characters."
    return [
        (_is_weak(settings.SECRET_KEY), f"SECRET_KEY is {weak_key}"),
        (any(map(_is_weak, settings.SECRET_KEY_FALLBACKS)), f"A key of SECRET_KEY_FALLBACKS is {weak_key}"),
        (
            not settings.ADDRESS_KEY,
            "ADDRESS_KEY is missing: it finds the registrations of one address, also after SECRET_KEY has changed.",
        ),
        (
            not settings.MASTER_KEYS or any(map(_is_weak, settings.MASTER_KEYS)),
            f"MASTER_KEYS is missing, or one of them is {weak_key} It opens the keys that seal what people say.",
        ),
    ]


def refuse_demo_defaults() -> None:
    """Raise ImproperlyConfigured with every refusal; for the web server and the worker, which run no checks.

    A start without TLS is told in the log.
    """
    lines = refusals()
    if lines:
        raise ImproperlyConfigured("Not started (DEBUG=0). " + " ".join(lines))
    if _is_unprotected():
        logger.warning(PLAIN_HTTP)


def production_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Django's system check of the same, so that each management command refuses too."""
    found: list[CheckMessage] = [
        Error(line, id=f"ranportal.E{number:03}") for number, line in enumerate(refusals(), start=1)
    ]
    return [*found, Info(PLAIN_HTTP, id="ranportal.I001")] if _is_unprotected() else found


def _is_unprotected() -> bool:
    return settings.PLAIN_HTTP and not settings.DEMO


def _scheme() -> str:
    return "http" if settings.PLAIN_HTTP else "https"


def _is_weak(key: str) -> bool:
    return key == settings.DEMO_SECRET_KEY or len(key) < SHORTEST_SECRET_KEY


def _is_demo_database() -> bool:
    database = settings.DATABASES["default"]
    return database["ENGINE"].endswith("sqlite3") and str(database["NAME"]) == settings.DEMO_DATABASE
