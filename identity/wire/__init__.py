"""The AWS wire: botocore's service models parse, validate, dispatch and serialise; signatures are verified here.

Owns the only imports of botocore. Knows operations by their AWS names and nothing of what they do.
"""
