"""The Django project and the shared kernel: settings, URLs, the AWS wire, operators, keys, policies, errors.

This is *not* Amazon's "identity pools" service: cognito-identity belongs to `federation`.
The kernel knows nothing of users pools; `pools`, `federation` and `sync` stand on it, in that order.
"""
