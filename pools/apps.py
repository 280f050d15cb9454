"""User pools as a Django app; declares the operations at start."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from django.apps import AppConfig


class PoolsConfig(AppConfig):
    name = "pools"
    label = "pools"
    verbose_name = "User pools"

    def ready(self) -> None:
        operations = import_module("pools.operations")
        for module in pkgutil.iter_modules(operations.__path__, "pools.operations."):
            import_module(module.name)
