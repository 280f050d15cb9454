"""Functions that are kept here, run as AWS Lambda runs them.

One process a machine, the runner (`server`), holds warm processes of functions (`fleet`, `instance`), each shut in by
what the machine offers (`isolation`, `sandbox`) and watched (`watchdog`). `client` asks it from anywhere; the two talk
in `frames`. The runner has no database and knows no pools: what it runs is told by who asks. `bootstrap` holds the
programs that run inside, before the function's own code.
"""
