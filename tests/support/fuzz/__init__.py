"""Hostile requests made from the service model: what exists to be named, bodies, their bytes, and what is checked."""
