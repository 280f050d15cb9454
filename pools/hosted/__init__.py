"""The pages that users see: sign-in, sign-up, recovery. They walk the same machine as the API, and know no rule of it.

A view binds a form, calls a verb, redirects. All of them go through `page` and show `templates/hosted`.
"""
