"""Sign-in: one small state machine that boto3 and the browser walk alike.

`flows` says which proof comes first, `order` alone says what is still missing, each challenge is a file with `offer`
and `check`, `attempt` keeps the state between requests, `finish` ends it. Makes no tokens: its callers do.
"""
