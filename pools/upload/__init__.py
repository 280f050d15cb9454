"""Where the files of import jobs are put: pre-signed addresses that answer as Amazon S3 does."""
