"""Settings of pools and clients: validated when set, read back as typed views.

The only package that reads or writes `settings` of a row. `pool.py` and `client.py` turn request members into what is
stored and back; each other module is one view: a frozen dataclass with defaults, cross-field rules and behaviour.
"""
