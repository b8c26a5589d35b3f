"""The one settings file. What differs between machines comes from the environment (see docs/operate.md)."""

import os
from datetime import timedelta

from csp.constants import NONE, SELF

from mlgov import environment
from mlgov.interface import API_RATES as API_RATES
from mlgov.interface import API_WAITERS as API_WAITERS
from mlgov.interface import REST_FRAMEWORK as REST_FRAMEWORK
from mlgov.interface import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from mlgov.work import DATA_CHECK as DATA_CHECK
from mlgov.work import EVALUATION_JOBS as EVALUATION_JOBS
from mlgov.work import JOB_KINDS as JOB_KINDS
from mlgov.work import METRICS_JOBS as METRICS_JOBS
from mlgov.work import PERIODIC_JOBS as PERIODIC_JOBS
from mlgov.work import PROJECT_EVIDENCE_JOBS as PROJECT_EVIDENCE_JOBS
from mlgov.work import SILENT_EVENTS as SILENT_EVENTS
from mlgov.work import VERSION_EVIDENCE_JOBS as VERSION_EVIDENCE_JOBS

BASE_DIR = environment.BASE_DIR
VAR_DIR = environment.var_dir()
VERSION = "0.1.0"

SECRET_KEY = environment.secret_key()
SECRET_KEY_FALLBACKS = environment.listed("MLGOV_SECRET_KEY_FALLBACKS")
DEBUG = environment.flag("MLGOV_DEBUG", default=False)
ALLOWED_HOSTS = os.environ.get("MLGOV_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("MLGOV_TRUSTED_ORIGINS", "").split(",") if origin]
SECURE = environment.flag("MLGOV_HTTPS", default=False)

#: Bottom to top: the bands of docs/design, each app knowing only those before it.
MLGOV_APPS = """
    core audit accounts jobs policies projects uploads notifications identity data experiments
    registry evaluations costs monitoring evidence checklists rubrics modelcards findings gates assurance
    commands api mlflow portal
""".split()  # noqa: SIM905 - one name a line would be a page of its own
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    *(f"apps.{name}" for name in MLGOV_APPS),
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "django_htmx",
    "template_partials",
    "csp",
    "lucide",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "apps.core.middleware.RequestIdMiddleware",
    "apps.core.memory.ReadOnceMiddleware",
    "apps.core.lanes.ProgramLaneMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.middleware.OwnCredentialsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.RefusalMiddleware",
]
#: Beginnings of addresses that skip what stands below their lane.
PROGRAM_LANES = ("/mlflow/",)
ROOT_URLCONF = "mlgov.urls"
WSGI_APPLICATION = "mlgov.wsgi.application"
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
                "apps.portal.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "apps.core.forms.FormRenderer"

DATABASES = {"default": environment.database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # Rate limits and idempotency must hold across processes, so the cache is a table.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "apps.accounts.validators.BreachedPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:home"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[mlgov] "
ACCOUNT_USER_DISPLAY = str
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("MLGOV_TRUSTED_PROXIES", "0"))
SOCIALACCOUNT_ADAPTER = "apps.identity.adapter.ProviderAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": environment.oidc_apps(), "OAUTH_PKCE_ENABLED": True}}
OIDC_PROVISION = environment.flag("MLGOV_OIDC_PROVISION", default=False)
OIDC_GROUPS_CLAIM = os.environ.get("MLGOV_OIDC_GROUPS_CLAIM", "groups")
OIDC_HOSTS = [host for host in os.environ.get("MLGOV_OIDC_HOSTS", "").split(",") if host]
MFA_ADAPTER = "apps.accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "apps.accounts.forms.AuthenticateForm",
    "reauthenticate": "apps.accounts.forms.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "mlgov"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
#: How long nobody signs after somebody else changed how they sign in, and who must have a second factor.
SIGNING_HOLD_HOURS = int(os.environ.get("MLGOV_SIGNING_HOLD_HOURS", "24"))
REQUIRE_SECOND_FACTOR = environment.choice(
    "MLGOV_REQUIRE_SECOND_FACTOR", default="nobody", of=("nobody", "administrators", "everyone")
)
ACCOUNT_SESSION_REMEMBER = True
#: EMAIL_BACKEND and, for SMTP, EMAIL_HOST and its fellows.
globals().update(environment.email())
DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("MLGOV_EMAIL_FROM", "mlgov <mlgov@localhost>")
#: Where people reach the portal: the beginning of the links in e-mails and webhooks.
BASE_URL = os.environ.get("MLGOV_BASE_URL", "http://localhost:8000").rstrip("/")
#: Whether owners may make links by which people without an account read a published card.
PUBLIC_CARDS = environment.flag("MLGOV_PUBLIC_CARDS", default=False)
#: The hour of the day (UTC) from which daily digests are sent.
DIGEST_HOUR = int(os.environ.get("MLGOV_DIGEST_HOUR", "6"))
#: Networks and ports that outgoing calls may reach besides public addresses (apps/core/outgoing.py).
OUTGOING_ALLOW = environment.listed("MLGOV_OUTGOING_ALLOW")
OUTGOING_PORTS = [int(port) for port in environment.listed("MLGOV_OUTGOING_PORTS", "80,443")]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": environment.storage(),
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if environment.flag("MLGOV_MANIFEST_STATIC", default=False)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not environment.flag("MLGOV_MANIFEST_STATIC", default=False)
#: Bytes of a file that comes in one request, and of one that comes in parts (apps/uploads).
MAX_UPLOAD_BYTES = 200 * 1024 * 1024
MAX_RESUMABLE_BYTES = int(os.environ.get("MLGOV_UPLOAD_GIB", "10")) * 1024**3
#: How many a principal may have begun and not ended, and the bytes of all in a project, until they are a day old.
MAX_OPEN_UPLOADS = 10
MAX_PROJECT_UPLOAD_BYTES = 5 * MAX_RESUMABLE_BYTES
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if SECURE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

#: The policy pack that a new project is bound to, and folders with an organisation's own packs.
DEFAULT_POLICY_PACK = "standard"
POLICY_PACK_DIRS = [folder for folder in os.environ.get("MLGOV_POLICY_PACKS", "").split(os.pathsep) if folder]
#: A folder of a Git checkout whose policy files become drafts, and who is asked whom a policy benefits and tells of drafts.
POLICY_GIT = os.environ.get("MLGOV_POLICY_GIT", "")
POLICY_BENEFITS = "apps.gates.benefits:beneficiaries"
POLICY_TELLS = "apps.gates.telling_policy:draft_moved"

#: Where facts of a version come from, in this order; a later module is given what the earlier ones found.
_WITH_FACTS = (
    "registry projects data experiments evaluations costs checklists rubrics modelcards findings gates"
)
EVIDENCE_MODULES = [f"apps.{name}.evidence" for name in _WITH_FACTS.split()]
#: What beside and above the model cards tells on them, as dictionaries that are merged.
CARD_PARTS = [f"apps.{name}.card" for name in ("checklists", "rubrics", "gates")]
#: Where facts come from that change by themselves while a version runs; they are no part of the evidence.
LIVE_FACT_MODULES = ["apps.monitoring.evidence"]
#: The sealer's key and the exported heads live outside the database: who can rewrite one cannot rewrite the other.
AUDIT_ORIGIN = os.environ.get("MLGOV_AUDIT_ORIGIN", "mlgov/audit")
AUDIT_KEY_FILE = environment.path("MLGOV_AUDIT_KEY", VAR_DIR / "audit" / "seal.key")
AUDIT_HEADS_FILE = environment.path("MLGOV_AUDIT_HEADS", VAR_DIR / "audit" / "heads.log")
AUDIT_EVENT_MODULES = [
    f"apps.{name}.events"
    for name in MLGOV_APPS
    if name not in {"core", "audit", "evidence", "commands", "api", "mlflow", "portal"}
]
#: Where kinds of notices are listed.
_WITH_NOTICES = "notifications identity costs checklists modelcards findings assurance"
NOTICE_MODULES = [f"apps.{name}.notices" for name in _WITH_NOTICES.split()]
NOTICE_MODULES += [f"apps.gates.{name}notices" for name in ("", "exception_", "condition_", "policy_")]
#: With what the organisation signs its PDFs, on the worker's machine alone (apps/core/pdf/certificates.py).
PDF_SIGNING_CERTIFICATE = os.environ.get("MLGOV_PDF_SIGNING_CERTIFICATE", "")
PDF_SIGNING_PASSPHRASE_FILE = os.environ.get("MLGOV_PDF_SIGNING_PASSPHRASE_FILE", "")
PDF_SIGNING_PASSPHRASE = os.environ.get("MLGOV_PDF_SIGNING_PASSPHRASE", "")
CELERY_BROKER_URL = environment.broker_url()
JOB_READERS = "apps.projects.permissions:may_see_project"
JOB_CHANGERS = "apps.projects.permissions:can_change_jobs"
#: Tables with more rows are mapped in parts of about so many, by as many workers as there are.
EVALUATION_PART_ROWS = int(os.environ.get("MLGOV_PART_ROWS", "5000000"))
JOB_LEASE_SECONDS = 30
JOB_MAX_ATTEMPTS = 3
JOB_SWEEP_SECONDS = 30

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("MLGOV_LOG_LEVEL", "WARNING")},
}
