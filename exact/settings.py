"""The only reader of the environment; every default works for the embedded mode of `manage.py up`."""

import hashlib
import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from exact.environment import environment

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(environment("EXACT_VAR", "var")).absolute()
"""Everything the embedded mode writes lies below this folder."""


def run_folder(var: Path) -> Path:
    """Where the Unix sockets lie: a socket's path may have 107 bytes, so a deep `var` gets another in /tmp."""
    near = var / "run"
    if len(str(near)) <= 80:
        return near
    return Path(tempfile.gettempdir()) / f"exact-{hashlib.sha256(str(var).encode()).hexdigest()[:12]}"


RUN = run_folder(VAR)
ORIGINALS = VAR / "originals"
UPLOADS = VAR / "uploads"
EXPORTS = VAR / "exports"
IMPORTS = VAR / "imports"
CACHE = VAR / "cache"
SEAL_KEY = Path(environment("EXACT_SEAL_KEY", f"{VAR}/seal/seal.key")).absolute()
"""The key that signs the seals, in a file out of the database's reach; `seal.pub` beside it has the public keys."""
SEAL_ORIGIN = environment("EXACT_SEAL_ORIGIN", "")
"""The log's name in its seals, such as exact.example.org/log; taken when the key is made, else made up then."""
SEAL_PUBLISH = [place for place in environment("EXACT_SEAL_PUBLISH", "").split(",") if place]
"""Where every head goes, best out of your own reach: absolute paths and https:// addresses, commas between them."""
DATABASE_URL = environment("DATABASE_URL", f"postgresql://exact@/exact?host={RUN}")
"""A PostgreSQL of one's own, 15 or later: postgresql://user:password@host:port/name."""
REDIS_URL = environment("REDIS_URL", f"unix://{RUN}/redis.sock")
"""A Redis of one's own: redis://host:port/0."""
EMBEDDED_POSTGRES = environment("DATABASE_URL", "") == ""
EMBEDDED_REDIS = environment("REDIS_URL", "") == ""


def secret_key() -> str:
    """From EXACT_SECRET_KEY, else from the file that `manage.py up` makes once, else one for this process alone."""
    kept = VAR / "secret.key"
    return environment("EXACT_SECRET_KEY", "") or (kept.read_text() if kept.exists() else secrets.token_urlsafe(48))


SECRET_KEY = secret_key()
DEBUG = environment("EXACT_DEBUG", "") == "1"
"""1 shows tracebacks to whoever asks; never where others can."""
ALLOWED_HOSTS = environment("EXACT_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
"""Names under which the server answers, with commas between them."""
CSRF_TRUSTED_ORIGINS = [origin for origin in environment("EXACT_ORIGINS", "").split(",") if origin]
"""Origins (https://name) that may send forms, for a server behind another name."""
HTTPS = environment("EXACT_HTTPS", "") == "1"
"""Served behind TLS: cookies are marked Secure and plain requests are sent on to https."""

# How much one person may send and one process may hold.
UPLOAD_MAX_BYTES = int(environment("EXACT_UPLOAD_MAX_BYTES", str(50 * 2**30)))
"""Largest file that is taken."""
UPLOADS_MAX_BYTES = int(environment("EXACT_UPLOADS_MAX_BYTES", str(500 * 2**30)))
"""Most bytes that one person may have on the way at once."""
UPLOAD_EXPIRES_H = int(environment("EXACT_UPLOAD_EXPIRES_H", "168"))
"""Hours after which a file of which nothing more has come is given up."""
IMPORT_MAX_BYTES = int(environment("EXACT_IMPORT_MAX_BYTES", str(2 * 2**30)))
"""Largest file of annotations that is taken; packed, it may unpack to four times as much."""
WATCHED_FOLDERS = [place for place in environment("EXACT_WATCHED_FOLDERS", "").split(",") if place]
"""Folders whose images come into sets by themselves: NUMBER_OF_SET=/absolute/path, with commas between them."""
WATCHED_BY = environment("EXACT_WATCHED_BY", "")
"""The user name of who brings them in; they need the right to upload."""
WATCHED_COPY = environment("EXACT_WATCHED_COPY", "") == "1"
"""1 copies what is found in watched folders; without it the files stay where they are, and must not change there."""
REMOTE_CACHE_BYTES = int(environment("EXACT_REMOTE_CACHE_BYTES", str(50 * 2**30)))
"""Disk below the cache folder for copies of images that were imported by reference from elsewhere (s3://...)."""
PICTURE_MAX_PIXELS = int(environment("EXACT_PICTURE_MAX_PIXELS", str(2**30)))
"""Most pixels of a plain picture. JPEG, PNG and TIFF of many pixels are unpacked on the disk; others are taken up to
178,956,970, because their readers unpack them in memory."""
SLIDE_CACHE_HANDLES = int(environment("EXACT_SLIDE_CACHE_HANDLES", "64"))
"""Files that one process keeps open."""
SLIDE_CACHE_BYTES = int(environment("EXACT_SLIDE_CACHE_BYTES", str(512 * 2**20)))
"""Memory of one process for open files."""
TILE_CACHE_BYTES = int(environment("EXACT_TILE_CACHE_BYTES", str(64 * 2**20)))
"""Memory of one process for finished tiles."""
TILE_SHARED = environment("EXACT_TILE_SHARED", "off")
"""A second level for tiles that were made: off, disk (shared by the processes of a host) or redis (by all hosts)."""
TILE_SHARED_BYTES = int(environment("EXACT_TILE_SHARED_BYTES", str(10 * 2**30)))
"""Room on the disk for shared tiles."""
TILE_SHARED_S = int(environment("EXACT_TILE_SHARED_S", "86400"))
"""Seconds that Redis keeps a shared tile; give that Redis a maxmemory and the policy allkeys-lru or volatile-lru."""
METRICS_TOKEN = environment("EXACT_METRICS_TOKEN", "")
"""Who sends this as a bearer token may read /metrics; without it only administrators of the site may."""
POOL_CHILDREN = int(environment("EXACT_POOL_CHILDREN", "3"))
"""Child processes of one web process that read untrusted files; each is started when it is needed."""
POOL_CALL_S = float(environment("EXACT_POOL_CALL_S", "10"))
"""Seconds that a child may take for one tile; then it is ended, and the file gets a strike."""
POOL_OPEN_S = float(environment("EXACT_POOL_OPEN_S", "60"))
"""Seconds that a child may take when it has to open the file first, which may mean unpacking it."""
POOL_MEMORY_BYTES = int(environment("EXACT_POOL_MEMORY_BYTES", str(3 * 2**30)))
"""Memory of one child; a file that needs more gets a strike."""
LAG_MAX_S = float(environment("EXACT_LAG_MAX_S", "300"))
"""Seconds that a read model may be behind the log before /health/ answers 503."""
POSTGRES_POOL = int(environment("EXACT_POSTGRES_POOL", "0"))
"""Connections shared by the threads of one process; 0 keeps one for each thread (right for workers and tests)."""


def database(url: str) -> dict[str, Any]:
    """Django's settings from one URL, `postgresql://user:password@host:port/name?host=/socket/folder`."""
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", parts.hostname or "")
    if POSTGRES_POOL:
        # A restart of PostgreSQL is waited for. The pool's own tries come ever more seldom; that ends after 10 s.
        options["pool"] = {"min_size": 2, "max_size": POSTGRES_POOL, "timeout": 5, "reconnect_timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0 if POSTGRES_POOL else None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c lock_timeout=5s -c timezone=UTC", **options},
        "TEST": {"NAME": environment("EXACT_TEST_DATABASE", "") or None},
    }


DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "exact.eventstore",
    "exact.projections",
    "exact.accounts",
    "exact.exchange",
    "exact.ingest",
    "exact.datasets",
    "exact.operations",
    "exact.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "exact.web.middleware.ContentSecurityPolicy",
    "exact.web.middleware.DatabaseAway",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "exact.urls"
ASGI_APPLICATION = "exact.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "exact" / "web" / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "exact" / "web" / "static"]
STATIC_ROOT = VAR / "static"
FILE_UPLOAD_TEMP_DIR = str(UPLOADS) if UPLOADS.is_dir() else None
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 2**20

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "exact.accounts.authentication.TokenAuthentication",
        "exact.accounts.authentication.BasicAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["exact.api.parsers.Json", "exact.api.parsers.Form"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "exact.api.negotiation.OneAnswer",
    "DEFAULT_PAGINATION_CLASS": "exact.api.pagination.LimitOffset",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "exact.api.errors.answer",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "EXACT",
    "DESCRIPTION": "Annotate images together, live; every edit is a fact; every dataset can be replayed.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": environment("EXACT_LOG_LEVEL", "WARNING")},
}
"""What is written to the console: WARNING and above, or the level named here."""
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "exact.accounts.hashers.TokenHasher",
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
