"""Set before anything reads it: the environment of a test process. Loaded as a pytest plugin, ahead of Django."""

import base64
import os
import tempfile

# Cheap hashing: what is tested is that passwords are hashed and checked, not how long that takes.
CHEAP_HASHING = {"GATEHOUSE_ARGON2_MEMORY_KIB": "64", "GATEHOUSE_ARGON2_TIME": "1"}

for name in [name for name in os.environ if name.startswith("GATEHOUSE_") and not name.startswith("GATEHOUSE_TEST_")]:
    del os.environ[name]
os.environ.update(
    CHEAP_HASHING,
    GATEHOUSE_DEV="1",
    GATEHOUSE_DATA=tempfile.mkdtemp(prefix="gatehouse-test-"),
    GATEHOUSE_SECRET_KEYS=base64.b64encode(b"k" * 32).decode(),
    GATEHOUSE_SIGNING_KEY_STOCK="0",
    DJANGO_SETTINGS_MODULE="identity.settings",
)
