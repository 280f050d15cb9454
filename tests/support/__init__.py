"""What tests stand on: live servers, AWS clients, the mailbox and the clock."""
