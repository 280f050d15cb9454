"""What carries a message: SMTP, Amazon, an SMS gateway, or the outbox of development.

One file each, one function `send`. None logs an address, a number, a text or a code.
"""
