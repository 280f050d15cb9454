"""Operations of cognito-idp by resource: each a plain function that looks up, calls one verb, and renders the answer.

Administrator and self-service twins stand side by side. Importing the package's modules declares them.
"""
