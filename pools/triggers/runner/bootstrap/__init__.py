"""Programs that run inside a sandbox, before a function's code and beside it. They are files, never imported."""
