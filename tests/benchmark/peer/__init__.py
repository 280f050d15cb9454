"""What our authorization server is compared with: a stock django-oauth-toolkit, tuned as far as its documents go."""
