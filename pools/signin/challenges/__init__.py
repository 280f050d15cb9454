"""Challenges, one a file: what is asked (`offer`) and what proves the answer (`check`). They never name one another."""
