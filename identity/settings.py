"""Django's settings, derived from `identity.config`. Nothing here reads the environment."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import dj_database_url

from identity.config import config

DEBUG = False
SECRET_KEY = hashlib.sha256(b"django" + (config.ring or (b"no key ring yet",))[0]).hexdigest()
# Nothing is derived from the Host header: issuers and links come from GATEHOUSE_URL, so any host may be used to call.
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.forms",
    "oauth2_provider",
    "identity.apps.IdentityConfig",
    "pools.apps.PoolsConfig",
]
# The wire passes Django's handler by; what browsers need belongs to the views that serve pages.
MIDDLEWARE = ["identity.domain_hosts.middleware"]
ROOT_URLCONF = "identity.urls"
WSGI_APPLICATION = "identity.wsgi.application"

_SQLITE: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;",
}
_database: dict[str, Any] = dict(dj_database_url.parse(config.database, conn_max_age=None))
if str(_database["ENGINE"]).endswith("sqlite3"):
    config.data.mkdir(parents=True, exist_ok=True)
    _database["OPTIONS"] = _SQLITE
if str(_database["ENGINE"]).endswith("postgresql"):
    # From its fifth run on a connection a statement is not planned again, which is most of what a look-up costs
    # PostgreSQL. A pooler that cannot keep prepared statements needs ?server_side_binding=false in the URL.
    _options: dict[str, Any] = {"server_side_binding": True, **_database.get("OPTIONS", {})}
    _database["OPTIONS"] = {"prepare_threshold": 5 if _options["server_side_binding"] else None, **_options}
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "pools.User"
# Nobody signs in through django.contrib.auth: operators and users alike go through pools.signin.
AUTHENTICATION_BACKENDS: list[str] = []
OAUTH2_PROVIDER_APPLICATION_MODEL = "pools.Client"
OAUTH2_PROVIDER_GRANT_MODEL = "pools.Grant"
# Of django-oauth-toolkit the validator and the models are in use, its views and token rows are not: what is switched
# off here stays off whatever a release makes its default. Pools and clients decide the rest, in `pools.oauth`.
OAUTH2_PROVIDER: dict[str, Any] = {
    "OAUTH2_VALIDATOR_CLASS": "pools.oauth.validator.Validator",
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 300,
    "PKCE_REQUIRED": False,  # the app decides, as in AWS; a verifier of nothing is refused
    "ROTATE_REFRESH_TOKEN": False,
    "ALLOW_URI_WILDCARDS": False,
    "ALLOW_LOCALHOST_LOOPBACK": False,
    "OIDC_ENABLED": False,
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": False,
    "DCR_ENABLED": False,
    "CIMD_ENABLED": False,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": False,  # AWS has it, for clients that allow it
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": False,  # reuse is judged by `pools.tokens.refresh`
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": False,  # `pools.config.client` does
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": False,
}
# User names are unique within a pool, not across pools.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ar", "العربية")]

_ROOT = Path(__file__).parents[1]
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [_ROOT / "templates"], "APP_DIRS": True}
]
FORM_RENDERER = "identity.forms.Renderer"
CSRF_COOKIE_NAME = "__Host-XSRF-TOKEN" if config.is_secure else "XSRF-TOKEN"
CSRF_COOKIE_SECURE = config.is_secure
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_AGE = None  # it ends with the browser

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": config.log_level},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # At DEBUG it logs whole requests: text messages with their codes and numbers.
        "botocore": {"level": "INFO" if config.log_level == "DEBUG" else config.log_level},
        # It tells every data key that it makes.
        "aws_encryption_sdk": {"level": "WARNING"},
    },
}
