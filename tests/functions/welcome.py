"""CustomMessage: the words of the company."""


def lambda_handler(event, context):
    if event["triggerSource"] in ("CustomMessage_SignUp", "CustomMessage_ResendCode"):
        name, code = event["userName"], event["request"]["codeParameter"]
        event["response"]["emailSubject"] = "Welcome!"
        event["response"]["emailMessage"] = f"Hello {name}, your code is {code}"
    return event
