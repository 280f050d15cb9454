"""The WSGI application that granian serves."""

from __future__ import annotations

import multiprocessing
import os

from django.core.wsgi import get_wsgi_application

from identity import processes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "identity.settings")
# A worker of granian would otherwise go on answering, unsupervised, when the process that started it is killed.
if (_parent := multiprocessing.parent_process()) is not None and _parent.pid is not None:
    processes.end_with(_parent.pid)
application = get_wsgi_application()
