"""Functions that nobody should have to trust: each handler does its own harm."""

import os
import sys
import time

import boto3
from botocore.exceptions import ClientError


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


def reach(event, context):
    """Asks for what belongs to others, and tells how that went."""
    cognito = boto3.client("cognito-idp")
    asked = [
        lambda: cognito.admin_get_user(UserPoolId=os.environ["POOL"], Username=os.environ["VICTIM"]),
        lambda: cognito.list_user_pools(MaxResults=10),
        lambda: boto3.client("lambda").list_functions(),
    ]
    answers = []
    for ask in asked:
        try:
            ask()
            answers.append("yes")
        except ClientError as error:
            answers.append(error.response["Error"]["Code"])
    raise Exception(" ".join(answers))
