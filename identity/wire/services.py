"""The services that Gatehouse speaks. Operations are declared on these objects, in whichever package performs them."""

from __future__ import annotations

from identity.wire.service import Service

cognito_idp = Service("cognito-idp")
kms = Service("kms")
aws_lambda = Service("lambda")

json_rpc_services = (cognito_idp, kms)
rest_json_services = (aws_lambda,)
