#!/usr/bin/env python
"""Gatehouse's command line: `python manage.py serve --dev` runs everything."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "identity.settings")
    sys.argv[1:2] = [name if name.startswith("-") else name.replace("-", "_") for name in sys.argv[1:2]]
    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        if type(error).__name__ == "ConfigError":
            sys.exit(f"Gatehouse cannot start: {error}")
        raise
