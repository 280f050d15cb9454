"""Commands of an installation: run it, prepare it, rotate its keys, clean it up."""
