"""Functions that nobody should have to trust: each handler does its own harm."""

import os
import sys
import time


def loop(event, context):
    while True:
        pass


def hang(event, context):
    time.sleep(600)


def leave(event, context):
    os._exit(3)


def garbage(event, context):
    return ["not", "an", "event"]


def not_json(event, context):
    return {"response": object()}


def scalars(event, context):
    return {**event, "response": "yes"}


def tell(event, context):
    """Prints all it was given, in pieces and as a whole."""
    print(event)
    print("password:", event["request"].get("password"), file=sys.stderr)
    raise Exception(f"cannot use {event['request'].get('password')}")
