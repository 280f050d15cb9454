"""Django's settings of the peer: nothing but what its endpoints need, and the database used as ours is.

No middleware at all: its token, userInfo and metadata views need none, and `urls` gives authorize what it needs.
"""

from __future__ import annotations

import os
from typing import Any

import dj_database_url

DEBUG = False
SECRET_KEY = "of a benchmark alone, and gone with its database"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "oauth2_provider",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "tests.benchmark.peer.urls"

_options = {"server_side_binding": True, "prepare_threshold": 5}
_database: dict[str, Any] = {**dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=None)}
DATABASES = {"default": {**_database, "OPTIONS": {**_database.get("OPTIONS", {}), **_options}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
USE_I18N = False
LOGIN_URL = "/login/"
LOGGING_CONFIG = None

OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": "https://peer.example",
    "OIDC_RSA_PRIVATE_KEY": os.environ["PEER_RSA_PRIVATE_KEY"],
    "SCOPES": {"openid": "OpenID Connect", "email": "E-mail address", "read": "Reading"},
}
