"""Reads the environment: plain functions from text to settings, which raise ``BadEnvironment`` with a clear line."""

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

LONGEST_SOCKET_PATH = 100
"""Bytes. The kernel allows 107; the rest is for suffixes that servers add."""

_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off", ""}

_SQLITE_OPTIONS = {
    "timeout": 20,
    # A transaction takes the write lock when it starts, so what it counted stays true until it ends.
    "transaction_mode": "IMMEDIATE",
    # Of what is deleted, nothing stays in the file.
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
    ),
}


#: What keeps a machine that is cut off from holding the others up. It notices after ten seconds that nobody answers
#: (milliseconds, seconds, a count); the server lets go of its locks when it stays silent in a transaction.
_POSTGRESQL_OPTIONS = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "options": "-c idle_in_transaction_session_timeout=15s",
}


class BadEnvironment(ImproperlyConfigured):
    """A variable of the environment cannot be understood."""


def text(name: str, default: str = "", *, environ: Mapping[str, str] = os.environ) -> str:
    """Return the variable without surrounding blanks, or the default when it is absent or empty.

    ``NAME_FILE`` may name a file that holds the value instead, as containers hand over secrets. Raises BadEnvironment
    when both are set, or the file cannot be read.
    """
    value, file = environ.get(name, "").strip(), environ.get(f"{name}_FILE", "").strip()
    if not file:
        return value or default
    if value:
        raise BadEnvironment(f"{name} and {name}_FILE are both set: keep one.")
    try:
        return Path(file).read_text("utf-8").strip() or default
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadEnvironment(f"{name}_FILE names {file}, which cannot be read: {reason}.") from error


def flag(name: str, *, default: bool, environ: Mapping[str, str] = os.environ) -> bool:
    """Return a yes/no variable; raises BadEnvironment for any other word."""
    value = environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in _YES:
        return True
    if value.strip().lower() in _NO:
        return False
    raise BadEnvironment(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: int, *, least: int = 0, environ: Mapping[str, str] = os.environ) -> int:
    """Return a whole number of `least` or more; raises BadEnvironment for anything else."""
    value = text(name, str(default), environ=environ)
    if not value.isascii() or not value.isdigit():
        raise BadEnvironment(f"{name} must be a whole number, not {value!r}.")
    if int(value) < least:
        raise BadEnvironment(f"{name} must be {least} or more, not {value}.")
    return int(value)


def words(name: str, default: str = "", *, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return a list written with commas, without empty entries."""
    return [word.strip() for word in text(name, default, environ=environ).split(",") if word.strip()]


def choice(name: str, default: str, known: Sequence[str], *, environ: Mapping[str, str] = os.environ) -> str:
    """Return one of the known words; raises BadEnvironment for any other."""
    value = text(name, default, environ=environ)
    if value not in known:
        raise BadEnvironment(f"{name} must be one of {', '.join(known)}, not {value!r}.")
    return value


def put(name: str, value: str) -> None:
    """Say something to this process and to those that it starts, as if whoever started us had said it."""
    os.environ[name] = value


def database(url: str) -> dict[str, Any]:
    """Return Django's settings for ``sqlite:///path`` or ``postgres://user:password@host:port/name``.

    The host of PostgreSQL may be the folder of a unix socket, percent-encoded in the place of the host
    (``postgres://user@%2Frun%2Fpostgresql/name``) or as ``?host=/run/postgresql``. Other query parameters are
    handed to the driver.
    """
    parts = _split(url, "DATABASE_URL")
    if parts.scheme in {"sqlite", "sqlite3"}:
        path = unquote(parts.path).removeprefix("/")
        if not path:
            raise BadEnvironment("DATABASE_URL names no file: write sqlite:///folder/db.sqlite3.")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path,
            "OPTIONS": dict(_SQLITE_OPTIONS),
            # A file, since tests race threads and start other processes; in memory they would not share it.
            "TEST": {"NAME": f"{path}.test"},
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return _postgresql(parts)
    raise BadEnvironment(f"DATABASE_URL must start with sqlite:// or postgres://, not {parts.scheme or 'nothing'}.")


def _postgresql(parts: SplitResult) -> dict[str, Any]:
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    _, _, place = parts.netloc.rpartition("@")
    host, port = _host_and_port(place)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path).removeprefix("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", host),
        "PORT": options.pop("port", port),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**_POSTGRESQL_OPTIONS, **options},
    }


def _host_and_port(place: str) -> tuple[str, str]:
    """Split by hand: ``urlsplit().hostname`` would lower-case the folder of a unix socket."""
    if place.startswith("["):
        host, _, port = place[1:].partition("]")
        return host, port.removeprefix(":")
    host, _, port = place.partition(":")
    return unquote(host), port


def email(url: str) -> dict[str, Any]:
    """Return Django's e-mail settings for ``smtp://``, ``smtps://`` (TLS from the start) or ``file:///folder``.

    ``smtp://…?starttls=1`` switches to TLS after the greeting. The time-out is in seconds.
    """
    parts = _split(url, "EMAIL_URL")
    if parts.scheme == "file":
        folder = unquote(parts.path)
        if parts.netloc or not folder.startswith("/"):
            raise BadEnvironment("EMAIL_URL must give a full path: file:///folder.")
        return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": folder}
    if parts.scheme not in {"smtp", "smtps"}:
        raise BadEnvironment("EMAIL_URL must start with smtp://, smtps:// or file:///.")
    query = dict(parse_qsl(parts.query))
    try:
        port = parts.port
    except ValueError as error:
        raise BadEnvironment("EMAIL_URL has no whole number as its port.") from error
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": port or (465 if parts.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": query.get("starttls") == "1",
        "EMAIL_TIMEOUT": 10,
    }


def cache(url: str) -> dict[str, Any]:
    """Return Django's settings for ``locmem://``, ``redis://…`` or ``unix:///path`` (a Valkey or Redis socket)."""
    scheme = _split(url, "CACHE_URL").scheme
    if scheme == "locmem":
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if scheme in {"redis", "rediss", "unix", "redis+socket"}:
        address = url.replace("redis+socket://", "unix://", 1)
        # Seconds. What a cache saves is less than what waiting for it costs.
        patience = {"socket_connect_timeout": 1, "socket_timeout": 1}
        return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": address, "OPTIONS": patience}
    raise BadEnvironment("CACHE_URL must start with locmem://, redis://, rediss:// or unix://.")


def mailbox(url: str) -> dict[str, Any] | None:
    """Return where mails come back to: ``maildir:///path`` or ``imaps://user:password@host/INBOX``; None for nothing.

    ``imap://`` is without TLS: for a server on the same machine.
    """
    if not url:
        return None
    parts = _split(url, "BOUNCES_URL")
    if parts.scheme == "maildir" and not parts.netloc and parts.path.startswith("/"):
        return {"folder": unquote(parts.path)}
    try:
        port = parts.port
    except ValueError as error:
        raise BadEnvironment("BOUNCES_URL has no whole number as its port.") from error
    name = unquote(parts.path).strip("/") or "INBOX"
    is_fine = name.isascii() and name.isprintable() and not set(name) & set('"\\')
    if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username or not is_fine:
        raise BadEnvironment("BOUNCES_URL must be maildir:///path or imaps://user:password@host/INBOX.")
    return {
        "host": parts.hostname,
        "port": port or (993 if parts.scheme == "imaps" else 143),
        "user": unquote(parts.username),
        "password": unquote(parts.password or ""),
        "mailbox": name,
        "is_tls": parts.scheme == "imaps",
    }


def storages(url: str, *, private_folder: str, access_key: str = "", secret_key: str = "") -> dict[str, Any]:
    """Return Django's settings of two stores: "default" (documents of publications) and "private" (uploads).

    Nothing is the local disk: MEDIA_ROOT and the private folder. ``s3://bucket/prefix?endpoint_url=https://…&region=…``
    is two folders of a bucket in a store that speaks S3; its keys are never looked for anywhere else.
    """
    if not url:
        local = "django.core.files.storage.FileSystemStorage"
        private = {"location": private_folder, "base_url": None, "file_permissions_mode": 0o600}
        return {
            "default": {"BACKEND": local, "OPTIONS": {"base_url": None}},
            "private": {"BACKEND": local, "OPTIONS": private},
        }
    parts = _split(url, "MEDIA_STORAGE")
    query = dict(parse_qsl(parts.query))
    unknown = set(query) - {"endpoint_url", "region"}
    if parts.scheme != "s3" or not parts.hostname or unknown:
        raise BadEnvironment("MEDIA_STORAGE must be s3://bucket/prefix?endpoint_url=…&region=…, or empty.")
    if not access_key or not secret_key:
        raise BadEnvironment("MEDIA_STORAGE needs S3_ACCESS_KEY and S3_SECRET_KEY.")
    prefix = unquote(parts.path).strip("/")
    common = {
        "bucket_name": parts.hostname,
        "access_key": access_key,
        "secret_key": secret_key,
        "region_name": query.get("region", "us-east-1"),
        "endpoint_url": query.get("endpoint_url"),
        # A store of one's own seldom has a name for each bucket.
        "addressing_style": "path" if "endpoint_url" in query else "auto",
    }
    return {
        name: {
            "BACKEND": "ranportal.shared.s3.S3Store",
            "OPTIONS": common | {"location": f"{prefix}/{folder}".lstrip("/")},
        }
        for name, folder in (("default", "media"), ("private", "private"))
    }


def socket_path(checkout: Path, name: str) -> Path:
    """Return where the unix socket ``name`` of this checkout lies: under var/, or under the temp folder.

    A socket's path has 107 bytes. In a deep checkout it lies in a folder named after the checkout's own path, so
    that every process of the checkout finds the same one.
    """
    path = checkout / "var" / name
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    key = hashlib.sha256(os.fsencode(checkout)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"ranportal-{os.getuid()}-{key}" / name


def _split(url: str, name: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise BadEnvironment(f"{name} is not an address that can be read.") from error


def openid_provider(issuer: str, *, client_id: str, secret: str, name: str) -> dict[str, Any]:
    """Return allauth's settings for the one provider of staff's sign-in; none without an issuer."""
    if not issuer:
        return {}
    if urlsplit(issuer).scheme not in ("https", "http") or not client_id:
        raise BadEnvironment("OIDC_ISSUER is an https:// address, and OIDC_CLIENT_ID goes with it.")
    app = {"provider_id": "staff", "name": name, "client_id": client_id, "secret": secret}
    return {"openid_connect": {"APPS": [{**app, "settings": {"server_url": issuer, "oauth_pkce_enabled": True}}]}}
