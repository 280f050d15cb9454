"""What keeps functions from Gatehouse's own files, environment and database."""

from __future__ import annotations

import os
import shutil

from identity.config import config


def level() -> str | None:
    """How functions are isolated on this machine, or None where nothing does."""
    if shutil.which("bwrap") or os.geteuid() == 0:
        return "isolated"
    return "none" if config.functions_unisolated else None
