"""Django's settings, derived from `identity.config`. Nothing here reads the environment."""

from __future__ import annotations

import hashlib
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
    "oauth2_provider",
    "identity.apps.IdentityConfig",
    "pools.apps.PoolsConfig",
]
# The wire needs none; browser middleware belongs to the routes that serve pages.
MIDDLEWARE: list[str] = []
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
# User names are unique within a pool, not across pools.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

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
