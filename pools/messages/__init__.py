"""Messages to users: one seam between what is to be said and what carries it."""
