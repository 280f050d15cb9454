"""The pool's public OAuth and OpenID Connect documents. The authorization endpoints will stand here too."""
