"""`manage.py` commands, one a file."""
