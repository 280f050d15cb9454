// aws-jwt-verify as an API uses it, to check the tokens that it is brought.

import { JwtVerifier } from 'aws-jwt-verify';
import { validateCognitoJwtFields } from 'aws-jwt-verify/cognito-verifier';

let verifier;

const calls = {
  // With `keys` the key set is given; without, the library fetches it, which it does by https only.
  configure({ issuer, audience, clientId, tokenUse, keys }) {
    verifier = JwtVerifier.create({
      issuer,
      audience: audience ?? null,
      jwksUri: `${issuer}/.well-known/jwks.json`,
      customJwtCheck: ({ payload }) => validateCognitoJwtFields(payload, { clientId, tokenUse }),
    });
    if (keys) verifier.cacheJwks(keys);
  },
  verify: token => verifier.verify(token),
};

export const call = async (name, args) => calls[name](...args);
