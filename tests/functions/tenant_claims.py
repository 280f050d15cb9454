"""PreTokenGeneration, V2_0: access tokens say which tenant their holder belongs to, ID tokens what that may do."""

import logging

logger = logging.getLogger()
logger.setLevel(logging.INFO)


def lambda_handler(event, context):
    attributes = event["request"]["userAttributes"]
    tenant = attributes.get("custom:tenant", "none")
    logger.info("tokens for tenant %s, request %s", tenant, context.aws_request_id)
    event["response"] = {
        "claimsAndScopeOverrideDetails": {
            "idTokenGeneration": {"claimsToSuppress": ["custom:tenant"]},
            "accessTokenGeneration": {
                "claimsToAddOrOverride": {"tenant": tenant, "limits": {"seats": 5, "regions": ["eu", "us"]}},
                "scopesToAdd": [f"tenant/{tenant}"],
            },
        }
    }
    return event
