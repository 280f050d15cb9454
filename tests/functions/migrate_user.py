"""UserMigration: people of the old system come over when they first sign in, or have forgotten their password."""

import json
import os

with open(os.path.join(os.environ["LAMBDA_TASK_ROOT"], "people.json")) as file:
    PEOPLE = json.load(file)


def authenticate_user(username, password):
    person = PEOPLE.get(username)
    if person is None or person["password"] != password:
        raise Exception("Bad password")
    return person


def lookup_user(username):
    if username not in PEOPLE:
        raise Exception("Bad user")
    return PEOPLE[username]


def lambda_handler(event, context):
    if event["triggerSource"] == "UserMigration_Authentication":
        person = authenticate_user(event["userName"], event["request"]["password"])
        event["response"]["finalUserStatus"] = "CONFIRMED"
    elif event["triggerSource"] == "UserMigration_ForgotPassword":
        person = lookup_user(event["userName"])
    else:
        raise Exception("Bad triggerSource " + event["triggerSource"])
    event["response"]["userAttributes"] = {"email": person["email"], "email_verified": "true"}
    event["response"]["messageAction"] = "SUPPRESS"
    return event
