"""Background work: the Celery app, its broker, and what beat repeats.

Without REDIS_URL the broker is a folder below GATEHOUSE_DATA, so that one machine needs no other service.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from django.core.management import call_command

from identity.config import config

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "identity.settings")


def _broker() -> dict[str, Any]:
    if config.redis_url:
        return {"broker_url": config.redis_url, "result_backend": config.redis_url}
    queue = config.data / "queue"
    folders = {name: str(queue / name) for name in ("messages", "processed", "control")}
    for folder in folders.values():
        os.makedirs(folder, exist_ok=True)
    return {
        "broker_url": "filesystem://localhost//",
        "broker_transport_options": {
            "data_folder_in": folders["messages"],
            "data_folder_out": folders["messages"],
            "processed_folder": folders["processed"],
            "control_folder": folders["control"],
        },
    }


app = Celery("identity")
app.conf.update(
    **_broker(),
    task_ignore_result=True,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    beat_schedule={
        "purge-expired": {"task": "identity.celery.purge_expired", "schedule": 300.0},
        "stock-signing-keys": {"task": "identity.celery.stock_signing_keys", "schedule": 60.0},
    },
)


@app.task(expires=300)
def purge_expired() -> None:
    """Delete what has expired."""
    call_command("purge_expired")


@app.task(expires=60)
def stock_signing_keys() -> None:
    """Make RSA key pairs ahead."""
    call_command("rotate_keys", stock=True)
