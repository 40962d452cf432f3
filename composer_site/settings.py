"""Every setting comes from the environment and has a safe default: a fresh clone runs.

README.md lists them; a test compares the two.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from corsheaders.defaults import default_headers
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def envbool(name: str, default: bool) -> bool:
    value = env(name).lower()
    if value not in ("", "0", "1", "false", "true", "no", "yes", "off", "on"):
        raise ImproperlyConfigured(f"{name} is {value!r}. Use true or false.")
    return value in ("1", "true", "yes", "on") if value else default


def envint(name: str, default: int) -> int:
    try:
        return int(env(name, str(default)))
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} is {env(name)!r}. Use a whole number, for example {default}."
        ) from None


def envlist(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in env(name, default).split(",") if word.strip()]


def keep_secret_key(path: Path) -> str:
    """The key in ``path``, made on the first run and readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two processes may start at once: the first to link its key wins.
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as aside:
            aside.write(secrets.token_urlsafe(50))
            aside.flush()
            with contextlib.suppress(FileExistsError):
                os.link(aside.name, path)
    return path.read_text().strip()


def database_from_url(url: str) -> dict[str, Any]:
    """Django's settings for ``sqlite:///path`` or ``postgresql://user:pw@host/name``."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path.removeprefix("/"),
            "CONN_MAX_AGE": 60,
            # Django's own defaults lose writes to "database is locked" as soon as pages
            # and tasks write at the same time.
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": (
                    "PRAGMA journal_mode=WAL;"
                    "PRAGMA synchronous=NORMAL;"
                    "PRAGMA temp_store=MEMORY;"
                    "PRAGMA cache_size=-8000;"
                ),
            },
        }
    if parts.scheme in ("postgres", "postgresql"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.removeprefix("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": parts.port or "",
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    raise ImproperlyConfigured(
        f"DATABASE_URL starts with {parts.scheme or 'nothing'!r}. "
        "Use sqlite:///path/to/file or postgresql://user:password@host/name."
    )


def mail_from_url(url: str) -> dict[str, Any]:
    """Django's settings for ``console:`` or ``smtp://user:password@host:port``.

    ``smtp+tls://`` begins in the clear and then asks for TLS, ``smtps://`` begins
    with it.
    """
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    if parts.scheme not in ports or not parts.hostname:
        raise ImproperlyConfigured(
            f"EMAIL_URL starts with {parts.scheme or 'nothing'!r}. Use console: or "
            "smtp+tls://user:password@host:587."
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
    }


def storage_from_environment() -> dict[str, Any]:
    """Where renderings are kept: in VAR_DIR, or in a bucket that speaks S3."""
    if not (bucket := env("S3_BUCKET")):
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    # A web process that keeps its files itself is spared the client's memory.
    from botocore.config import Config

    client = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if env("S3_ENDPOINT_URL") else "auto"},
        # Other servers than Amazon's often do not know its newer checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=5,
        read_timeout=30,
        retries={"max_attempts": 3, "mode": "standard"},
    )
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": env("S3_ENDPOINT_URL") or None,
            "region_name": env("S3_REGION") or None,
            # Without a pair, boto3 looks where it always does: the machine's role.
            "access_key": env("S3_ACCESS_KEY_ID") or None,
            "secret_key": env("S3_SECRET_ACCESS_KEY") or None,
            "location": env("S3_PREFIX"),
            # Files leave through our own pages, which ask whose they are.
            "default_acl": None,
            "querystring_auth": True,
            "file_overwrite": False,
            # What is larger waits on disk, not in memory.
            "max_memory_size": 1024 * 1024,
            "client_config": client,
        },
    }


# Where the program writes: the database, bundles, renderings, the secret key.
VAR_DIR = Path(env("VAR_DIR", str(BASE_DIR / "var"))).resolve()
BUNDLES_ROOT = VAR_DIR / "bundles"
DATASETS_ROOT = VAR_DIR / "datasets"
RUNS_ROOT = VAR_DIR / "runs"
SEED_ROOT = VAR_DIR / "seed"
UPLOADS_ROOT = VAR_DIR / "uploads"

DEBUG = envbool("DEBUG", False)
SECRET_KEY = env("SECRET_KEY") or keep_secret_key(VAR_DIR / "secret_key")

HOST = env("HOST", "127.0.0.1")
PORT = envint("PORT", 8000)
ALLOWED_HOSTS = envlist("ALLOWED_HOSTS", f"localhost,127.0.0.1,[::1],{HOST}")
CSRF_TRUSTED_ORIGINS = envlist("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "composer_site",
    "composer_site.accounts",
    "composer_site.api",
    "composer_site.tokens",
    "generation",
    "training",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "csp",
    "django_q",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "composer_site.middleware.RefuseTooLarge",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "composer_site.middleware.ComeBackLater",
]

ROOT_URLCONF = "composer_site.urls"
WSGI_APPLICATION = "composer_site.wsgi.application"

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
    },
]

DATABASES = {
    "default": database_from_url(
        env("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}")
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# Tasks. A message in the queue is only a doorbell, the row is the truth: so nothing is
# kept of a task that is done, and one that failed is not tried again by the queue.
MAIN_QUEUE, TRAINING_QUEUE = "composer", "training"
Q_CLUSTER: dict[str, Any] = {
    "name": MAIN_QUEUE,
    "workers": 2,
    "timeout": 300,
    # django-q2 starts this clock when it fetches a task, not when it starts it.
    "retry": 960,
    "queue_limit": 1,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "recycle": 50,
    "max_rss": 600_000,
    "guard_cycle": 0.5,
    "poll": 0.2,
    "catch_up": False,
    "scheduler": False,
    "log_level": env("LOG_LEVEL", "INFO"),
    "ALT_CLUSTERS": {
        # Its own queue and worker: an hour of training never delays a rendering.
        TRAINING_QUEUE: {
            "workers": 1,
            "queue_limit": 1,
            "recycle": 1,
            "timeout": 86_400,
            "retry": 345_600,
            "poll": 1,
        }
    },
}
Q_CLUSTER |= {"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}

# A training process says so often that it lives, and after so long a silence another
# may take its run over. Pages go before training: it is nice, and keeps to few cores.
TRAINING_BEAT_SECONDS = envint("TRAINING_BEAT_SECONDS", 2)
TRAINING_LEASE_SECONDS = envint("TRAINING_LEASE_SECONDS", 30)
TRAINING_THREADS = envint("TRAINING_THREADS", min(4, os.cpu_count() or 1))
TRAINING_NICENESS = envint("TRAINING_NICENESS", 10)

# How many pieces a new version writes for its page to say what its music is like, and
# after how long it begins no further one.
MEASURED_PIECES = 30
MEASURED_SECONDS = 60.0

# How long a run may be planned to take, and what one person may have at a time: runs
# that wait or train, and datasets.
TRAINING_MAX_HOURS = envint("TRAINING_MAX_HOURS", 12)
MAX_RUNS = envint("MAX_RUNS", 5)
MAX_DATASETS = envint("MAX_DATASETS", 100)

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "history"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_RESET_TIMEOUT = 24 * 3600

# Mail is written to the console until a server is named.
globals().update(mail_from_url(env("EMAIL_URL", "console:")))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env(
    "EMAIL_FROM", "AI Music Composer <composer@localhost>"
)
EMAIL_SUBJECT_PREFIX = "[AI Music Composer] "

LANGUAGE_CODE = "en"
TIME_ZONE = env("TIME_ZONE", "UTC")
USE_I18N = False
USE_TZ = True

# What the front-end build writes. Absent until it has run once.
STATIC_BUILD_ROOT = BASE_DIR / "var" / "static_build"
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [
    folder for folder in (BASE_DIR / "static", STATIC_BUILD_ROOT) if folder.is_dir()
]
STORAGES = {
    "default": storage_from_environment(),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# A .sf3 holds Ogg Vorbis: squeezing it again costs half a minute and gains nothing.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (
    *("gif", "gz", "ico", "jpg", "mp3", "ogg", "png", "sf3", "webp", "woff", "woff2"),
)
# Files with a hash in their name are kept for ever; the others, the soundfont's plain
# name among them, for a day.
WHITENOISE_MAX_AGE = 0 if DEBUG else 86_400
WHITENOISE_ALLOW_ALL_ORIGINS = False
MEDIA_ROOT = VAR_DIR / "media"

SOUNDFONT_PATH = Path(
    env(
        "SOUNDFONT_PATH",
        str(STATIC_BUILD_ROOT / "soundfont" / "FluidR3Mono_GM.sf3"),
    )
)

# A visitor's pieces belong to the session: it lasts a year.
SESSION_COOKIE_AGE = 365 * 86_400
SESSION_COOKIE_HTTPONLY = True

# Behind a proxy that speaks HTTPS and sets X-Forwarded-Proto.
HTTPS = envbool("HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 365 * 86_400 if HTTPS else 0
# Of other hosts under this name we know nothing: we promise nothing for them.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies of ours add to X-Forwarded-For. Without one, anyone may write there
# what they like, and it is not looked at.
NUM_PROXIES = envint("NUM_PROXIES", 1 if HTTPS else 0)

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        # The player's synthesizer is WebAssembly.
        "script-src": ["'self'", "'wasm-unsafe-eval'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "media-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# Other sites' pages may call the API and the four plain paths if they are listed here.
CORS_ALLOWED_ORIGINS = envlist("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/(generate|generate_json|metrics|history|api/.*)$"
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "if-none-match"]
CORS_EXPOSE_HEADERS = [
    *("Content-Disposition", "ETag", "Idempotent-Replayed", "Location"),
    *("Retry-After", "X-Piece", "X-Seed"),
]

# Nothing people send is large but their own music, see RefuseTooLarge.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
DATA_UPLOAD_MAX_NUMBER_FILES = 2_000
UPLOAD_MAX_BYTES = envint("UPLOAD_MAX_MB", 32) * 1024 * 1024
PIECES_PER_PERSON = envint("PIECES_PER_PERSON", 5_000)

# How many pieces one web process writes at the same time, and how long others wait for
# their turn before they are told to come back.
COMPOSE_SLOTS = envint("COMPOSE_SLOTS", 2)
COMPOSE_WAIT_SECONDS = envint("COMPOSE_WAIT_SECONDS", 5)

REST_FRAMEWORK = {
    # A program's token first: who it is refused to is told 401, not 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "composer_site.tokens.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["composer_site.tokens.permissions.TokenScope"],
    "DEFAULT_SCHEMA_CLASS": "composer_site.api.schema.ApiSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "composer_site.api.bodies.PlainJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "EXCEPTION_HANDLER": "generation.api.errors.one_sentence",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "AI Music Composer",
    "VERSION": "1",
    "DESCRIPTION": "Make datasets, train models, compose. Every error is an "
    "application/problem+json whose `title` says what to do.",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    # Swagger UI's own files are served by us: the page asks no other host.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "DatasetKind": "training.models.Dataset.Kind",
        "DatasetState": "training.models.Dataset.State",
        "RunState": "training.models.TrainingRun.State",
        "PiecesKind": ["pieces"],
        "RenderingState": "generation.models.Rendering.State",
        "RenderingFormat": "generation.models.Rendering.Format",
        "CorpusKind": ["corpus"],
        "RandomKind": ["random"],
    },
    "PREPROCESSING_HOOKS": ["composer_site.api.schema.only_v1"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
    "loggers": {
        # A page that is not there is no news.
        "django.request": {"level": "ERROR"},
        # django-q2 tells of every process and task, JAX of accelerators it misses.
        "django-q": {"level": "WARNING"},
        "jax": {"level": "WARNING"},
    },
}
