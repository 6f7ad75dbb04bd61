"""Settings of the portal. Everything that differs per machine comes from the environment
(`.env.example` lists it); nothing secret has a default outside demo and tests."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- What this installation is ---------------------------------------------------------------

DEMO = env.bool("TOPCENTRUM_DEMO", default=False)
DEBUG = env.bool("DEBUG", default=False)
BASE_URL = env.str("BASE_URL", default="http://localhost:8000").rstrip("/")
_host = urlsplit(BASE_URL)
HTTPS = _host.scheme == "https"

SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Set it in the environment to a long random text "
        "(see .env.example); `make demo` does this by itself."
    )

# Older ones open what was closed with them: second factors, links in letters.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_host.hostname or "localhost"])
if DEMO:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "topcentrum",
    "cockpit",
    "matching",
    "companies",
    "students",
    "education",
    "notifications",
    "geo",
    "accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.locale.LocaleMiddleware",  # before anything that may answer
    "topcentrum.middleware.OddRequestsAreRefused",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "topcentrum.middleware.PeopleReadTheirLanguage",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "topcentrum.middleware.PersonalPagesAreNotKept",
    "topcentrum.signed_in.SessionsEnd",
    "topcentrum.signed_in.SecondFactorIsAsked",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "topcentrum.urls"
WSGI_APPLICATION = "topcentrum.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

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
                "topcentrum.context.portal",
            ],
        },
    }
]

# --- Rows and the bell -----------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default="postgres:///topcentrum")}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
# The folder of a unix socket is written as libpq wants it, with %2F for a slash.
DATABASES["default"]["HOST"] = unquote(DATABASES["default"].get("HOST") or "")
DATABASES["default"]["OPTIONS"] = {"connect_timeout": 5}
if env.bool("DATABASE_KEEP_CONNECTIONS", default=False):
    # Only web processes. Each thread keeps its own and looks whether it lives, once per request:
    # a pool keeps its dead after a restart of the database, and meets them one by one.
    DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The shared cache is a table: sign-in limits must hold when the broker is away.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "topcentrum_cache",
        # Above it the oldest go; whoever fills it must not push out the counts of others.
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}

REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0")


def _broker(url: str) -> str:
    """A Valkey or Redis address in the form that kombu reads (sockets have their own scheme)."""
    if url.startswith("unix://"):
        path, _, query = url.removeprefix("unix://").partition("?")
        database = query.removeprefix("db=") or "0"
        return f"redis+socket://{path}?virtual_host={database}"
    return url


CELERY_BROKER_URL = _broker(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,  # above the longest task
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "global_keyprefix": "topcentrum:",
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 240
CELERY_TIMEZONE = "Europe/Amsterdam"
CELERY_BEAT_SCHEDULER = "topcentrum.beat:OneOnDuty"
CELERY_BEAT_SCHEDULE = {
    "deliver-letters": {
        "task": "notifications.tasks.deliver",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "take-up-runs": {
        "task": "matching.tasks.take_up_runs",
        "schedule": 5.0,
        "options": {"expires": 30},
    },
    "expire-offers": {
        "task": "companies.tasks.expire_offers",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "expire-proposals": {
        "task": "matching.tasks.expire_proposals",
        "schedule": 60.0,
        "options": {"expires": 300},
    },
    "forget-rosters": {
        "task": "students.tasks.forget_uploads",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}

# --- Doors -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["education.adapters.PeopleWithTheirRank"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "cockpit:today"
ACCOUNT_LOGOUT_REDIRECT_URL = "cockpit:home"
ACCOUNT_ADAPTER = "notifications.adapters.AccountAdapter"
ACCOUNT_FORMS = {"signup": "companies.forms.CompanySignupForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _host.scheme
ACCOUNT_RATE_LIMITS = {"ask_access": "10/h/ip,3/d/key"}
MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "activate_totp": "accounts.forms.AppCodeForm",
    "add_webauthn": "accounts.forms.PasskeyForm",
    "authenticate": "accounts.forms.CodeForm",
    "authenticate_webauthn": "accounts.forms.PasskeyTooForm",
    "edit_webauthn": "accounts.forms.PasskeyNameForm",
    "login_webauthn": "accounts.forms.PasskeyAloneForm",
    "reauthenticate": "accounts.forms.CodeAgainForm",
    "reauthenticate_webauthn": "accounts.forms.PasskeyAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Topcentrum"
MFA_TOTP_TOLERANCE = 1  # clocks of phones differ; a code is taken once all the same
# Who knocks too often is known by address: the one that the last of our own proxies saw.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=1 if HTTPS else 0)

# Seconds. "strict" is for whoever decides over others; "longest" also without "remember me".
_HOUR, _DAY = 3_600, 86_400
SESSION_LIMITS = {
    "usual": {"idle": 3 * _DAY, "longest": 14 * _DAY},
    "strict": {"idle": 2 * _HOUR, "longest": 12 * _HOUR},
}
SESSION_COOKIE_AGE = SESSION_LIMITS["usual"]["longest"]
# The prefix binds a cookie to this host alone; browsers take it over https only.
if HTTPS:
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
# Messages name people: they end with the session, and never wait in a cookie for the next person.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS and env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Letters ---------------------------------------------------------------------------------

vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Topcentrum <post@topcentrum.example>")
DEMO_POST_FOLDER = env.str("DEMO_POST_FOLDER", default="")

# --- Language, time, files -------------------------------------------------------------------

# Texts are written in Dutch: there is no Dutch catalogue (docs/decisions/0007 and 0013).
LANGUAGE_CODE = "nl"
LANGUAGES = [("nl", "Nederlands"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = HTTPS
FORMAT_MODULE_PATH = ["topcentrum.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Amsterdam"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / ".static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if env.bool("TOPCENTRUM_TESTING", default=False):
    # Tests read static files from their source folders; nothing is collected.
    STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    WHITENOISE_USE_FINDERS = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django.server": {"level": "WARNING"}},
}
INVITATION_DAYS = 14  # so long the link of an invitation works
RESPONSE_DAYS = env.int("RESPONSE_DAYS", default=15)
