"""What carries a message: SMTP, or the outbox of development. One file each, one function `send`."""
