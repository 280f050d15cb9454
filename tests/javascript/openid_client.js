// openid-client as an app uses it: a certified relying party of OpenID Connect. One process is one app.

import * as openid from 'openid-client';

const AUTHENTICATION = {
  basic: secret => openid.ClientSecretBasic(secret),
  post: secret => openid.ClientSecretPost(secret),
  none: () => openid.None(),
};

let configuration;

// What the app keeps while its user is away.
let kept;

const told = tokens => ({ ...tokens, claims: tokens.claims?.() });

const calls = {
  async configure({ issuer, clientId, secret, method = 'none' }) {
    configuration = await openid.discovery(new URL(issuer), clientId, undefined, AUTHENTICATION[method](secret), {
      execute: [openid.allowInsecureRequests],
    });
  },

  metadata: () => configuration.serverMetadata(),

  async authorizationUrl(parameters) {
    kept = {
      pkceCodeVerifier: openid.randomPKCECodeVerifier(),
      expectedState: openid.randomState(),
      expectedNonce: openid.randomNonce(),
    };
    const asked = {
      code_challenge: await openid.calculatePKCECodeChallenge(kept.pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: kept.expectedState,
      nonce: kept.expectedNonce,
      ...parameters,
    };
    return openid.buildAuthorizationUrl(configuration, asked).href;
  },

  // The user is back at `address`; `changed` are checks that a test wants to be others.
  codeGrant: async (address, changed = {}, parameters = {}) =>
    told(await openid.authorizationCodeGrant(configuration, new URL(address), { ...kept, ...changed }, parameters)),

  refreshGrant: async (token, parameters) => told(await openid.refreshTokenGrant(configuration, token, parameters)),
  clientCredentialsGrant: async parameters => told(await openid.clientCredentialsGrant(configuration, parameters)),
  userInfo: (token, subject) => openid.fetchUserInfo(configuration, token, subject ?? openid.skipSubjectCheck),
  revoke: token => openid.tokenRevocation(configuration, token),
  introspect: token => openid.tokenIntrospection(configuration, token),
  endSessionUrl: parameters => openid.buildEndSessionUrl(configuration, parameters).href,
};

// An OAuth error is told by its own code.
export async function call(name, args) {
  try {
    return await calls[name](...args);
  } catch (error) {
    const challenge = Array.isArray(error.cause) ? error.cause[0]?.parameters?.error : undefined;
    const code = error.error ?? challenge ?? error.code;
    throw { name: error.name, code, message: code ?? error.message };
  }
}
