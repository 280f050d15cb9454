"""CustomEmailSender: hands codes to a mail service of the team's own."""

import base64
import json
import os
import urllib.request

import aws_encryption_sdk
from aws_encryption_sdk import CommitmentPolicy, StrictAwsKmsMasterKeyProvider

client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT)
key = StrictAwsKmsMasterKeyProvider(key_ids=[os.environ["KEY_ARN"]])


def lambda_handler(event, context):
    code, _ = client.decrypt(source=base64.b64decode(event["request"]["code"]), key_provider=key)
    mail = {
        "userPoolId": event["userPoolId"],
        "triggerSource": event["triggerSource"],
        "to": event["request"]["userAttributes"]["email"],
        "code": code.decode(),
    }
    urllib.request.urlopen(os.environ["MAIL_SERVICE"], json.dumps(mail).encode()).close()
