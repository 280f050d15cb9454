"""PostConfirmation: who has signed up becomes a member."""

import boto3

cognito = boto3.client("cognito-idp")


def lambda_handler(event, context):
    if event["triggerSource"] == "PostConfirmation_ConfirmSignUp":
        cognito.admin_add_user_to_group(UserPoolId=event["userPoolId"], Username=event["userName"], GroupName="members")
    return event
