"""Functions that a pool calls at points of its workflows, as Amazon Cognito calls Lambda.

One module a trigger, or a family of them (`sign_up`, `authentication`, `custom_auth`, `token_generation`, `migration`,
`custom_message`, `custom_sender`): it makes the event's request and reads the response into a typed reply, which the
domain obeys. `deliver` is what they have in common: the envelope, where the ARN leads (`targets`), the time, retries,
AWS's errors, and the record. Nothing here writes to users.
Source: guide, "Customizing user pool workflows with Lambda triggers".
"""
