"""Django settings. Every value that differs between machines comes from ``medweb.env``."""

from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from medweb import env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.data_dir()
DEBUG = env.flag("MEDWEB_DEBUG")
SECRET_KEY = env.secret("MEDWEB_SECRET_KEY", DATA_DIR)
PSEUDONYM_KEY = env.secret("MEDWEB_PSEUDONYM_KEY", DATA_DIR).encode()
MODEL_KEY = env.secret("MEDWEB_MODEL_KEY", DATA_DIR).encode()
ALLOWED_HOSTS = env.words("MEDWEB_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("MEDWEB_ORIGINS")

INSTALLED_APPS = [
    "medweb.accounts",
    "medweb.audit",
    "medweb.jobs",
    "medweb.live",
    "cases",
    "analysis",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "medweb.urls"
ASGI_APPLICATION = "medweb.asgi.application"
WSGI_APPLICATION = "medweb.wsgi.application"

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
                "medweb.navigation.navigation",
            ],
            "libraries": {"modules": "medweb.modules"},
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'medweb.sqlite3'}"),
        # Opening one costs as much as a small request; see medweb.handler.
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: a transaction that reads first and writes later otherwise fails with "database is locked"
    # without waiting for the timeout.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;",
    }
    # Tests use a file as well: connections to one database in memory lock each other out at once, whatever
    # the timeout says, so two writers could not be tried.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    # PostgreSQL compiled the questions of the library for half a second, to run them for two milliseconds.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis_url(DATA_DIR)
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# --- people -----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "cases:library"
LOGOUT_REDIRECT_URL = "accounts:sign-in"
# An invitation is a link to a password of one's own; it works once, and for so long.
PASSWORD_RESET_TIMEOUT = 14 * 24 * 3600
AXES_FAILURE_LIMIT = env.number("MEDWEB_SIGN_IN_ATTEMPTS", 8)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "medweb.accounts.views.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False

# --- files ------------------------------------------------------------------------------------------------
BLOB_DIR = DATA_DIR / "blobs"
QUARANTINE_DIR = DATA_DIR / "quarantine"
UPLOAD_MAX_BYTES = env.number("MEDWEB_UPLOAD_MB", 512) * 1024 * 1024
BATCH_MAX_BYTES = env.number("MEDWEB_BATCH_GB", 20) * 1024**3
BATCH_MAX_FILES = env.number("MEDWEB_BATCH_FILES", 20_000)
USER_MAX_BYTES = env.number("MEDWEB_USER_GB", 100) * 1024**3
FILE_UPLOAD_TEMP_DIR = str(DATA_DIR)
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
# A piece of an upload (8 MiB) goes from memory to quarantine. With less room in memory, Django would write it
# into a temporary file first, outside the quarantine.
FILE_UPLOAD_MAX_MEMORY_SIZE = 9 * 1024 * 1024
# Processes that open what was sent: how many for each worker, and what one file may take.
CLEANERS = max(1, env.number("MEDWEB_CLEANERS", 2))
CLEANER_SECONDS = env.number("MEDWEB_CLEANER_SECONDS", 60)
CLEANER_BYTES = env.number("MEDWEB_CLEANER_MB", 4096) * 1024 * 1024
CLEANER_FILE_BYTES = 4 * 1024**3
# Memory for stacks through which planes are cut; a larger stack shows no planes.
VOLUME_BYTES = env.number("MEDWEB_VOLUME_MB", 1024) * 1024 * 1024
# Sex, age (above 89 as one group), size and weight stay in headers; findings depend on them.
KEEP_PATIENT_CHARACTERISTICS = env.flag("MEDWEB_KEEP_PATIENT_CHARACTERISTICS", default=True)
# Two persons at the de-identification desk: the second is an administrator.
DESK_TWO_STEP = env.flag("MEDWEB_DESK_TWO_STEP")
# Nobody publishes a case of their own: another instructor or an administrator approves it.
TWO_EYES = env.flag("MEDWEB_TWO_EYES")
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
COLLECTED_STATIC = env.flag("MEDWEB_COLLECTED_STATIC")
# Collecting takes half a minute, so `make run` serves straight from static/.
WHITENOISE_USE_FINDERS = not COLLECTED_STATIC
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "medweb.static.ModuleManifestStorage"
            if COLLECTED_STATIC
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}

# --- security ---------------------------------------------------------------------------------------------
HTTPS = env.flag("MEDWEB_HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "medweb.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- e-mail -----------------------------------------------------------------------------------------------
# Without a mail server each message becomes a file, so that nothing leaves a server by surprise.
EMAIL_HOST = env.text("MEDWEB_MAIL_HOST", "localhost")
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if env.text("MEDWEB_MAIL_HOST")
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_PORT = env.number("MEDWEB_MAIL_PORT", 587)
EMAIL_HOST_USER = env.text("MEDWEB_MAIL_USER")
EMAIL_HOST_PASSWORD = env.text("MEDWEB_MAIL_PASSWORD")
MAIL_SECURITY = env.choice("MEDWEB_MAIL_SECURITY", "starttls", ("starttls", "tls", "none"))
EMAIL_USE_SSL, EMAIL_USE_TLS = MAIL_SECURITY == "tls", MAIL_SECURITY == "starttls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("MEDWEB_MAIL_FROM", "medweb@localhost")
# How links in e-mails begin.
SITE_URL = env.text("MEDWEB_URL", (CSRF_TRUSTED_ORIGINS or ["http://127.0.0.1:8000"])[0]).rstrip("/")

# --- API --------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "medweb.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["medweb.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "medweb.paging.KeysetPagination",
    "PAGE_SIZE": 30,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "medweb.errors.problem",
    "UNICODE_JSON": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MedWeb API",
    "DESCRIPTION": "Cases, images, annotations, analyses and models of this MedWeb server.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "CaseStatusEnum": "cases.enums.CaseStatus",
        "ReviewStateEnum": "cases.enums.ReviewState",
        "RemarkKindEnum": "cases.enums.RemarkKind",
        "NoticeKindEnum": "cases.enums.NoticeKind",
    },
}

# --- the rest ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "templates" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("MEDWEB_TIME_ZONE", "UTC")
JOB_LEASE_SECONDS = env.number("MEDWEB_JOB_LEASE", 30)
SAMPLE_LIBRARY = env.flag("MEDWEB_SAMPLE_LIBRARY")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.text("MEDWEB_LOG_LEVEL", "WARNING")},
    "loggers": {"medweb": {"level": "INFO"}, "cases": {"level": "INFO"}, "analysis": {"level": "INFO"}},
}
