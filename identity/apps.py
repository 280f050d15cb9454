"""The kernel as a Django app: its models, commands and system checks."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig

from identity.nudge import Nudge


class IdentityConfig(AppConfig):
    name = "identity"
    label = "identity"
    verbose_name = "Gatehouse kernel"

    def ready(self) -> None:
        import_module("identity.checks")
        import_module("pools.accounts.imports.jobs").call_when_work_waits(Nudge(_call_for_imports))
        import_module("pools.messages.queue").call_when_messages_wait(Nudge(_call_for_messages))


def _call_for_imports() -> None:
    # Celery costs 0.3 seconds and 6 MiB, which only the processes pay that start an import.
    import_module("identity.celery").call_for_imports()


def _call_for_messages() -> None:
    import_module("identity.celery").call_for_messages()
