"""Django settings. Everything an operator may set comes from the environment; `docs/settings.md` lists it."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from sameboat.project.logs import logging_settings

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parent

HOME = Path(os.environ.get("SAMEBOAT_HOME", "data")).resolve()
FACTS = Path(os.environ.get("SAMEBOAT_FACTS", ROOT.parent / "shared" / "facts"))
VECTORS = Path(os.environ.get("SAMEBOAT_VECTORS", ROOT.parent / "shared" / "vectors"))

DEBUG = os.environ.get("SAMEBOAT_DEBUG") == "1"
DEMO_MARK = HOME / "demo"
DEMO = os.environ.get("SAMEBOAT_DEMO") == "1" or DEMO_MARK.exists()


def _secret(name: str) -> str:
    """Return the secret in `HOME/keys/<name>`, making it on first use, readable by the owner alone."""
    path = HOME / "keys" / name
    try:
        return path.read_text()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text()
        with os.fdopen(descriptor, "w") as file:
            value = secrets.token_urlsafe(48)
            file.write(value)
        return value


def _whole_number(name: str, otherwise: int, *, least: int, most: int) -> int:
    text = os.environ.get(name) or str(otherwise)
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and least <= int(text) <= most):
        raise ImproperlyConfigured(f"{name}: '{text[:40]}' is not a whole number from {least:,} to {most:,}")
    return int(text)


SECRET_KEY = os.environ.get("SAMEBOAT_SECRET_KEY") or _secret("django-secret")
ALLOWED_HOSTS = os.environ.get("SAMEBOAT_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("SAMEBOAT_ORIGINS", "").split(",") if origin]

# The log's name: the first line of every checkpoint. It must not change once anyone has kept a proof.
LOG_ORIGIN = os.environ.get("SAMEBOAT_LOG_ORIGIN", "sameboat.invalid/demo" if DEMO else "sameboat.invalid/log")

# How long an accepted entry may wait for its checkpoint, in seconds: what the log promises, in writing.
MERGE_DELAY = _whole_number("SAMEBOAT_MERGE_DELAY", 86_400, least=60, most=31 * 86_400)

# The witnesses to ask for cosignatures, as a tlog-policy file; and whether a checkpoint without enough is held back.
WITNESSES = Path(os.environ["SAMEBOAT_WITNESSES"]) if os.environ.get("SAMEBOAT_WITNESSES") else None
WITNESS_REQUIRED = os.environ.get("SAMEBOAT_WITNESS_REQUIRED") == "1"
if WITNESS_REQUIRED and WITNESSES is None:
    raise ImproperlyConfigured("SAMEBOAT_WITNESS_REQUIRED=1 needs SAMEBOAT_WITNESSES, the policy file that names them.")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "ninja",
    "sameboat.transparency",
    "sameboat.registry",
    "sameboat.supplies",
    "sameboat.donations",
    "sameboat.figures",
    "sameboat.situation",
    "sameboat.site",
]

MIDDLEWARE = [
    "sameboat.project.logs.RequestLog",
    "sameboat.project.metrics.RequestMetrics",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "sameboat.site.middleware.RefusalPages",
    "sameboat.project.middleware.api_answers",
]

ROOT_URLCONF = "sameboat.project.urls"
ASGI_APPLICATION = "sameboat.project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sameboat.site.context.shell",
            ],
        },
    },
]


def _database(url: str) -> dict[str, Any]:
    """Return Django's settings for `postgresql://user:password@host:port/name`, or for SQLite where there is none."""
    if not url:
        return {
            "ENGINE": "sameboat.project.sqlite3",
            "NAME": HOME / "sameboat.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA mmap_size=268435456;"
                # what a large transaction changes stays in memory until it commits, and is copied from the
                # write-ahead log into the database every 128 MiB: pages of an index change many times before that
                "PRAGMA cache_size=-32768;PRAGMA wal_autocheckpoint=32768;"
                # what is deleted is overwritten with zeros, on its page and on pages that become free
                "PRAGMA secure_delete=ON;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured(
            f"DATABASE_URL: '{parts.scheme}' is not known; write postgresql://user:password@host/name"
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database(os.environ.get("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [PACKAGE / "site" / "locale"]
TIME_ZONE = os.environ.get("SAMEBOAT_TIME_ZONE", "Asia/Shanghai")
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "work"
LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

SECURE = os.environ.get("SAMEBOAT_HTTPS") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_SSL_REDIRECT = SECURE
# Behind one proxy, whose headers say the visitor's address and whether it was reached by HTTPS.
BEHIND_PROXY = os.environ.get("SAMEBOAT_BEHIND_PROXY") == "1"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# Where rate limits are counted: this process's memory, or redis://… when several processes serve.
RATE_LIMIT_STORAGE = os.environ.get("SAMEBOAT_RATE_LIMITS", "memory://")

try:
    LOGGING = logging_settings(
        os.environ.get("SAMEBOAT_LOG_FORMAT", ""), os.environ.get("SAMEBOAT_LOG_LEVEL", "INFO").upper()
    )
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from error
