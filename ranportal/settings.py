"""The only settings. Everything that differs between installations comes from the environment.

A bare checkout, without any variable, is the demo. ``checks`` refuses to start anything else on the demo's defaults.
"""

from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from ranportal import demo, env
from ranportal.shared.logs import FORMATTERS, Console

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

# What the demo uses where the environment says nothing.
DEMO_SECRET_KEY = "demo-only-" + "not-a-secret-" * 4
DEMO_PASSWORD = demo.PASSWORD
DEMO_DATABASE = str(VAR_DIR / "db.sqlite3")
DEMO_DATABASE_URL = f"sqlite:///{DEMO_DATABASE}"
DEMO_EMAIL_URL = f"file://{VAR_DIR / 'mail'}"
DEMO_SITE_URL = "http://127.0.0.1:8000"
DEMO_BROKER_URL = f"redis+socket://{env.socket_path(BASE_DIR, 'valkey.sock')}"

DEMO = env.flag("DEBUG", default=True)
if DEMO:
    # So that any command works in a bare checkout. It holds what people sent: nobody else's to read.
    VAR_DIR.mkdir(mode=0o700, exist_ok=True)
# Without TLS, what it alone makes possible is off: secure cookies, the redirect, HSTS. Each start says so.
PLAIN_HTTP = env.flag("PLAIN_HTTP", default=DEMO)
TLS = not PLAIN_HTTP
# Django's technical pages show what people typed, so nobody is ever shown one; the log has the traceback.
DEBUG = False

SECRET_KEY = env.text("SECRET_KEY", DEMO_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
ADDRESS_KEY = env.text("ADDRESS_KEY")
# The first wraps the keys of calls, all unwrap: put a new one in front, run rotate_master_key, take the old one away.
MASTER_KEYS = env.words("MASTER_KEYS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]" if DEMO else "")
SITE_URL = env.text("SITE_URL", DEMO_SITE_URL).rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)
TRUST_REQUEST_START = env.flag("TRUST_REQUEST_START", default=False)

INSTALLED_APPS = [
    "registrations",
    "events",
    "accounts",
    "ranportal.ecl",
    "ranportal.apps.PortalConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "crispy_forms",
    "simple_history",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

MIDDLEWARE = [
    "ranportal.shared.middleware.ReceivedAtMiddleware",
    "ranportal.shared.access.AccessMiddleware",
    "csp.middleware.CSPMiddleware",
    "ranportal.shared.middleware.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "ranportal.shared.middleware.ClientAddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "ranportal.shared.middleware.BodySizeMiddleware",
    "django.middleware.common.CommonMiddleware",
    "ranportal.shared.middleware.CleanInputMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.StaffSessionMiddleware",
    "axes.middleware.AxesMiddleware",
    "registrations.admin.watching.LooksMiddleware",
]

ROOT_URLCONF = "ranportal.urls"
WSGI_APPLICATION = "ranportal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = ("ecl",)
CRISPY_TEMPLATE_PACK = "ecl"
CRISPY_FAIL_SILENTLY = False
# The Commission's logo is a protected sign: only a body that may use it turns it on.
SHOW_COMMISSION_LOGO = env.flag("SHOW_COMMISSION_LOGO", default=False)

DATABASES = {"default": env.database(env.text("DATABASE_URL", DEMO_DATABASE_URL))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache(env.text("CACHE_URL", "locmem://"))}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
# Seconds for which the link works with which staff choose a password.
PASSWORD_RESET_TIMEOUT = 3600

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    # Reads what was stored before; replaced when its owner signs in.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# Staff sign in by password and second factor. Nobody signs up; mails go through the outbox.
STAFF_IDLE = timedelta(minutes=30)
STAFF_SESSION = timedelta(hours=10)
SECOND_FACTOR_REQUIRED = not DEMO
ACCOUNT_ADAPTER = "registrations.staff_mails.MailingAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.reset_links.ResetTokens"  # noqa: S105 - a class
ACCOUNT_LOGOUT_REDIRECT_URL = "admin:login"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if TLS else "http"
# Passwords are counted by axes, codes by accounts.tries: both by account and address.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {
    "reset_password": "accounts.forms.ForgottenForm",
    "reset_password_from_key": "accounts.forms.ChooseForm",
    "change_password": "accounts.forms.ChangeForm",
    "set_password": "accounts.forms.FirstPasswordForm",
    "reauthenticate": "accounts.forms.PasswordAgainForm",
}
MFA_ADAPTER = "accounts.adapters.FactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# A phone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.forms.CodeForm",
    "reauthenticate": "accounts.forms.CodeAgainForm",
    "activate_totp": "accounts.forms.AddAppForm",
}
SOCIALACCOUNT_ADAPTER = "accounts.adapters.ProviderAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
# Sign-in through an OpenID Connect provider, as EU Login: its issuer's address, and what it knows us by. Empty: off.
OIDC_ISSUER = env.text("OIDC_ISSUER")
OIDC_NAME = env.text("OIDC_NAME", "EU Login")
# The values of acr with which the provider says that it has asked for a second factor: then we ask for none.
OIDC_STRONG_ACR = env.words("OIDC_STRONG_ACR")
SOCIALACCOUNT_PROVIDERS = env.openid_provider(
    OIDC_ISSUER, client_id=env.text("OIDC_CLIENT_ID"), secret=env.text("OIDC_CLIENT_SECRET"), name=OIDC_NAME
)

# Five wrong passwords for one account from one place: a quarter of an hour's rest. By account alone, a stranger
# could lock staff out; by place alone, one forgetful colleague would lock out the office.
AXES_FAILURE_LIMIT = 5
AXES_USERNAME_CALLABLE = "ranportal.shared.sign_in.counted_name"
AXES_CLIENT_IP_CALLABLE = "ranportal.shared.sign_in.counted_network"
# Nothing that was typed is stored, and what is counted is on no page.
AXES_HANDLER = "ranportal.shared.sign_in.KeepsNothingTyped"
AXES_ENABLE_ADMIN = False
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True

# As Django 6 will do: an address without a scheme means https.
FORMS_URLFIELD_ASSUME_HTTPS = True

LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Brussels"

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = ""
MEDIA_ROOT = env.text("MEDIA_ROOT", str(VAR_DIR / "media"))
PRIVATE_MEDIA_ROOT = env.text("PRIVATE_MEDIA_ROOT", str(VAR_DIR / "private"))
STORAGES = {
    # "default": documents of publications, which a view serves, and only when the publication is out.
    # "private": what registrants upload, in no public place at all.
    **env.storages(
        env.text("MEDIA_STORAGE"),
        private_folder=PRIVATE_MEDIA_ROOT,
        access_key=env.text("S3_ACCESS_KEY"),
        secret_key=env.text("S3_SECRET_KEY"),
    ),
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        # Whoever installs collects them; the account under which the portal runs must be able to read them.
        "OPTIONS": {"file_permissions_mode": 0o644},
    },
}

# Bytes. A form keeps 200 kB of text as it was typed (with room for its other fields), and the forms of a registration
# take files of 5 MB each; above them the answer is 413. Staff who have signed in upload larger documents.
UPLOAD_PATHS = r"/events/[^/]+/register/|/registrations/mine/[^/]+/answers/"
MAX_TEXT_BYTES = (200 + 8) * 1024
MAX_BODY_BYTES = 12 * 1024 * 1024
MAX_STAFF_BODY_BYTES = 30 * 1024 * 1024
# Percent-encoded text is up to three times as long on the wire.
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * MAX_TEXT_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_PERMISSIONS = 0o640

vars().update(env.email(env.text("EMAIL_URL", DEMO_EMAIL_URL)))
MAIL_FROM = env.text("MAIL_FROM", "Event secretariat <secretariat@example.org>")
DEFAULT_FROM_EMAIL = MAIL_FROM
SERVER_EMAIL = MAIL_FROM
# Forms that take an address answer no sooner, so that the time does not tell whether the address is known.
ANSWER_FLOOR = timedelta(milliseconds=400)
# Public forms: quicker than so many seconds types nobody, and so many an hour are taken from one network (an IPv4
# address, the /64 of an IPv6 one). A whole ministry may stand behind one. 0 asks for no pace, and sets no limit.
FORM_LEAST_SECONDS = env.number("FORM_LEAST_SECONDS", 2)
FORMS_PER_HOUR = env.number("FORMS_PER_HOUR", 120)
CSRF_FAILURE_VIEW = "ranportal.errors.csrf_failure"
# What the privacy statement names: who answers for the data, its mailbox, its data protection officer's, its record.
PRIVACY_CONTROLLER = env.text("PRIVACY_CONTROLLER", "the event secretariat")
PRIVACY_EMAIL = env.text("PRIVACY_EMAIL", parseaddr(MAIL_FROM)[1])
DPO_EMAIL = env.text("DPO_EMAIL", "data-protection-officer@example.org")
PRIVACY_RECORD = env.text("PRIVACY_RECORD", "DPR-EXAMPLE-0001")

# Who hears of a weakness of this site: mailto: or https:, as security.txt says it.
SECURITY_CONTACT = env.text("SECURITY_CONTACT", f"mailto:{parseaddr(MAIL_FROM)[1]}")

# The right-hand side of each Message-ID.
MAIL_DOMAIN = env.text("MAIL_DOMAIN", urlsplit(SITE_URL).hostname or "localhost")

# The envelope's sender, to which mails come back, and the mailbox in which they are read; empty: nobody reads it.
ENVELOPE_FROM = env.text("ENVELOPE_FROM", parseaddr(MAIL_FROM)[1])
BOUNCES = env.mailbox(env.text("BOUNCES_URL"))

# How many connections to the relay all processes of all machines hold together.
MAIL_CONNECTIONS = env.number("MAIL_CONNECTIONS", 3, least=1)

CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", DEMO_BROKER_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A task that a dead worker held comes back after the time-out (seconds); the client looks every unacked_restore_
# interval × throttle, which is 100 s by default.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
# There are no results, so none to tidy away each night.
CELERY_RESULT_EXPIRES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 270
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False

SESSION_COOKIE_NAME = "__Host-session" if TLS else "session"
SESSION_COOKIE_SECURE = TLS
# As long as a form in work is kept; accounts.middleware ends what it opens much sooner.
SESSION_COOKIE_AGE = 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if TLS else "csrf"
CSRF_COOKIE_SECURE = TLS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
# It ends with the visit, as the page about cookies says; Django's own lasts for a year.
CSRF_COOKIE_AGE = None
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

SECURE_SSL_REDIRECT = TLS
# Load balancers and Prometheus ask inside the house, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz/", r"^metrics/$"]
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS
SECURE_HSTS_PRELOAD = TLS
# HSTS, the redirect, the session's and the forms' cookies: PLAIN_HTTP=1 asks for what these four warn of.
SILENCED_SYSTEM_CHECKS = [] if DEMO or TLS else ["security.W004", "security.W008", "security.W012", "security.W016"]
SECURE_CONTENT_TYPE_NOSNIFF = True
# A form's POST needs a referrer of its own site: Django compares it where a browser sends no Origin.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
# Never cached, never indexed.
PERSONAL_PATHS = ("/admin/", "/accounts/", "/registrations/")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

# Plain lines are for people at a terminal, JSON lines for what collects them.
LOG_FORMAT = env.choice("LOG_FORMAT", "plain" if DEMO else "json", ("json", "plain"))
# Where the processes of one web server count together: made by ranportal.web_server.
PROMETHEUS_MULTIPROC_DIR = env.text("PROMETHEUS_MULTIPROC_DIR")
METRICS_TOKEN = env.text("METRICS_TOKEN")
# What is running, in the words of whoever installed it: a tag, a commit.
RELEASE = env.text("RELEASE", "unknown")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": FORMATTERS[LOG_FORMAT]}},
    "handlers": {"console": {"()": Console, "formatter": "lines"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        # Django's own handlers would mail error pages to administrators, with what people typed.
        "django": {"handlers": [], "propagate": True},
        "axes": {"level": "WARNING"},
        "django.server": {"handlers": [], "propagate": True},
    },
}
