"""What may not serve real people does not start, and says why."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from ranportal import checks, env
from ranportal.settings import BASE_DIR, DEMO_BROKER_URL, DEMO_DATABASE, DEMO_SECRET_KEY

# The settings are only read here; no connection is made with them.
pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")

FINE = {
    "DEBUG": "0",
    "SECRET_KEY": "a-real-key-" * 6,
    "DATABASE_URL": "postgres://portal@localhost/portal",
    "CELERY_BROKER_URL": "redis://localhost/0",
    "CACHE_URL": "redis://localhost/1",
    "ALLOWED_HOSTS": "portal.example.org",
    "SITE_URL": "https://portal.example.org",
    "EMAIL_URL": "smtp://mail.example.org",
    "ADDRESS_KEY": "kept-for-years-" * 4,
    "MASTER_KEYS": "opens-the-keys-of-calls-" * 3,
    "MAIL_FROM": "Events <events@portal.example.org>",
}
SPOILT = {
    "SECRET_KEY": ["", DEMO_SECRET_KEY, "short"],
    "SECRET_KEY_FALLBACKS": [f"{'x' * 60},short"],
    "DATABASE_URL": ["", f"sqlite:///{DEMO_DATABASE}"],
    "ALLOWED_HOSTS": ["", "*", "portal.example.org,*"],
    "SITE_URL": ["", "http://portal.example.org"],
    "EMAIL_URL": ["", "file:///srv/mail"],
    "ADDRESS_KEY": [""],
    "MASTER_KEYS": ["", "short", f"{'x' * 60},short"],
    "MAIL_FROM": ["", "secretariat@example.org"],
    "CELERY_BROKER_URL": ["", DEMO_BROKER_URL],
    "CACHE_URL": ["", "locmem://"],
}


def run(*command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    # The browser's tests set the second one for themselves.
    ours = {*SPOILT, "DJANGO_ALLOW_ASYNC_UNSAFE"}
    environ = {name: value for name, value in os.environ.items() if name not in ours} | FINE | changes
    return subprocess.run(
        [sys.executable, *command], cwd=BASE_DIR, env=environ, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_full_environment_passes_the_deployment_check():
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, done.stderr) == (0, "")


def test_without_tls_the_deployment_check_passes_and_says_what_that_means():
    done = run(
        *("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        PLAIN_HTTP="1",
        SITE_URL="http://portal.example.org",
    )
    assert done.returncode == 0
    assert "PLAIN_HTTP=1: what people type and their sessions travel unencrypted" in done.stderr
    assert "WARNINGS" not in done.stderr
    assert "4 silenced" in done.stderr


def test_without_tls_each_start_says_so():
    line = "PLAIN_HTTP=1: what people type"
    assert line in run("-c", "import ranportal.wsgi", PLAIN_HTTP="1", SITE_URL="http://portal.example.org").stderr
    assert line not in run("-c", "import ranportal.wsgi").stderr


@pytest.mark.parametrize(
    ("plain_http", "is_secure", "session", "csrf"),
    [
        ("0", True, "__Host-session", "__Host-csrf"),
        ("", True, "__Host-session", "__Host-csrf"),
        ("1", False, "session", "csrf"),
    ],
)
def test_what_needs_tls_is_on_unless_it_is_turned_off(plain_http, is_secure, session, csrf):
    names = "SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS"
    program = f"from ranportal import settings as s; print([bool(getattr(s, n)) for n in {names.split()}], "
    done = run("-c", program + "s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)", PLAIN_HTTP=plain_http)
    assert done.stdout == f"{[is_secure] * 4} {session} {csrf}\n"


@pytest.mark.parametrize("command", [["manage.py", "migrate"], ["manage.py", "deliver_mail"]])
def test_a_secret_that_is_not_in_its_file_is_one_line(command, tmp_path):
    done = run(*command, SECRET_KEY="", SECRET_KEY_FILE=str(tmp_path / "gone"))
    assert done.returncode != 0
    assert (
        done.stderr == f"SECRET_KEY_FILE names {tmp_path / 'gone'}, which cannot be read: No such file or directory.\n"
    )


@pytest.mark.parametrize("program", ["worker", "beat"])
def test_worker_and_beat_end_with_that_line_too(program, tmp_path):
    done = run("-m", "celery", "-A", "ranportal", program, SECRET_KEY="", SECRET_KEY_FILE=str(tmp_path / "gone"))
    assert done.returncode != 0
    assert "SECRET_KEY_FILE names" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", [["manage.py", "check"], ["-c", "import ranportal.wsgi"]])
def test_commands_and_web_server_refuse_the_demo_defaults_with_a_line_for_each(command):
    done = run(*command, **dict.fromkeys(SPOILT, ""))
    assert done.returncode != 0
    for name in SPOILT.keys() - {"SECRET_KEY_FALLBACKS"}:
        assert name in done.stderr


def test_the_worker_refuses_them_too():
    done = run("-m", "celery", "-A", "ranportal", "worker", SECRET_KEY="")
    assert done.returncode != 0
    assert "SECRET_KEY is missing" in done.stderr


@pytest.fixture
def fine_settings(settings):
    settings.DEMO = False
    settings.PLAIN_HTTP = False
    settings.SECRET_KEY = FINE["SECRET_KEY"]
    settings.SECRET_KEY_FALLBACKS = []
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "portal"}}
    settings.ALLOWED_HOSTS = ["portal.example.org"]
    settings.SITE_URL = "https://portal.example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.ADDRESS_KEY = FINE["ADDRESS_KEY"]
    settings.MASTER_KEYS = [FINE["MASTER_KEYS"]]
    settings.MAIL_FROM = FINE["MAIL_FROM"]
    settings.CELERY_BROKER_URL = FINE["CELERY_BROKER_URL"]
    settings.CACHES = {"default": env.cache(FINE["CACHE_URL"])}
    return settings


def test_nothing_is_refused_when_all_is_said(fine_settings):
    assert checks.refusals() == []


@pytest.mark.parametrize(
    ("name", "value", "subject"),
    [
        ("SECRET_KEY", DEMO_SECRET_KEY, "SECRET_KEY"),
        ("SECRET_KEY", "short", "SECRET_KEY"),
        ("SECRET_KEY_FALLBACKS", ["short"], "SECRET_KEY_FALLBACKS"),
        ("DATABASES", {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DEMO_DATABASE}}, "DATABASE_URL"),
        ("ALLOWED_HOSTS", [], "ALLOWED_HOSTS"),
        ("ALLOWED_HOSTS", ["portal.example.org", "*"], "ALLOWED_HOSTS"),
        ("SITE_URL", "http://portal.example.org", "SITE_URL"),
        ("OIDC_ISSUER", "http://login.example.org", "OIDC_ISSUER"),
        ("PLAIN_HTTP", True, "SITE_URL must be the http://"),
        ("ADDRESS_KEY", "", "ADDRESS_KEY"),
        ("MASTER_KEYS", [], "MASTER_KEYS"),
        ("MASTER_KEYS", [FINE["MASTER_KEYS"], "short"], "MASTER_KEYS"),
        ("MAIL_FROM", "Event secretariat <secretariat@example.org>", "MAIL_FROM"),
        ("MAIL_FROM", "secretariat@example.org", "MAIL_FROM"),
        ("CELERY_BROKER_URL", DEMO_BROKER_URL, "CELERY_BROKER_URL"),
        ("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend", "EMAIL_URL"),
    ],
)
def test_each_demo_default_is_refused_by_its_own_line(fine_settings, name, value, subject):
    setattr(fine_settings, name, value)
    (line,) = checks.refusals()
    assert subject in line


def test_the_demo_is_not_refused(settings):
    settings.DEMO = True
    assert checks.refusals() == []


def test_a_refusal_is_one_line(fine_settings):
    fine_settings.SECRET_KEY = ""
    fine_settings.ALLOWED_HOSTS = []
    with pytest.raises(ImproperlyConfigured) as refusal:
        checks.refuse_demo_defaults()
    assert "\n" not in str(refusal.value)
