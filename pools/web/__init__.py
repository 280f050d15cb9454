"""What the hosted pages and the OAuth endpoints share: where they are, their cookies, their headers."""
