"""The kernel as a Django app: its models, commands and system checks."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "identity"
    label = "identity"
    verbose_name = "Gatehouse kernel"

    def ready(self) -> None:
        import_module("identity.checks")
