"""Where the code of functions is fetched: signed addresses that answer as Amazon S3 does."""
