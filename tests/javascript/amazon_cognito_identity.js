// amazon-cognito-identity-js as an app uses it: one pool, a storage, and a CognitoUser for each name.

import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserAttribute,
  CognitoUserPool,
} from 'amazon-cognito-identity-js';
import { WebStorage } from './web_storage.js';

const storage = new WebStorage();
const users = new Map();
let pool;

function user(name) {
  if (!users.has(name)) {
    users.set(name, new CognitoUser({ Username: name, Pool: pool, Storage: storage }));
  }
  return users.get(name);
}

const attributes = values =>
  Object.entries(values).map(([Name, Value]) => new CognitoUserAttribute({ Name, Value }));

const tokensOf = session => ({
  idToken: session.getIdToken().getJwtToken(),
  accessToken: session.getAccessToken().getJwtToken(),
  refreshToken: session.getRefreshToken().getToken(),
  isValid: session.isValid(),
});

// The SDK has two kinds of callbacks. This is `(error, result)`.
const settled = perform =>
  new Promise((resolve, reject) => {
    perform((error, result) => (error ? reject(error) : resolve(result)));
  });

// This is an object of callbacks: the answer names the one that was called.
const STEPS = [
  'mfaRequired',
  'totpRequired',
  'mfaSetup',
  'selectMFAType',
  'newPasswordRequired',
  'customChallenge',
  'inputVerificationCode',
  'associateSecretCode',
];
const stepped = perform =>
  new Promise((resolve, reject) => {
    const steps = STEPS.map(callback => [
      callback,
      (...values) => resolve({ callback, values }),
    ]);
    perform({
      ...Object.fromEntries(steps),
      onFailure: reject,
      onSuccess: result =>
        resolve(
          typeof result?.getIdToken === 'function'
            ? { callback: 'onSuccess', session: tokensOf(result) }
            : { callback: 'onSuccess', values: [result] },
        ),
    });
  });

const calls = {
  configure(data) {
    pool = new CognitoUserPool({ ...data, Storage: storage });
  },

  // CognitoUserPool
  async signUp(name, password, values, validation = {}) {
    const { user: made, ...answer } = await settled(done =>
      pool.signUp(name, password, attributes(values), attributes(validation), done),
    );
    users.set(name, made);
    return answer;
  },
  getCurrentUser: () => pool.getCurrentUser()?.getUsername(),

  // CognitoUser, before a sign-in
  confirmRegistration: (name, code, forceAliasCreation = false) =>
    settled(done => user(name).confirmRegistration(code, forceAliasCreation, done)),
  resendConfirmationCode: name => settled(done => user(name).resendConfirmationCode(done)),
  forgotPassword: name => stepped(steps => user(name).forgotPassword(steps)),
  confirmPassword: (name, code, password) =>
    stepped(steps => user(name).confirmPassword(code, password, steps)),

  // CognitoUser, signing in
  setAuthenticationFlowType: (name, flow) => user(name).setAuthenticationFlowType(flow),
  authenticateUser(name, password) {
    const details = new AuthenticationDetails({ Username: name, Password: password });
    return stepped(steps => user(name).authenticateUser(details, steps));
  },
  initiateAuth(name, metadata = {}) {
    const details = new AuthenticationDetails({ Username: name, ClientMetadata: metadata });
    return stepped(steps => user(name).initiateAuth(details, steps));
  },
  sendCustomChallengeAnswer: (name, answer, metadata = {}) =>
    stepped(steps => user(name).sendCustomChallengeAnswer(answer, steps, metadata)),
  completeNewPasswordChallenge: (name, password, values) =>
    stepped(steps => user(name).completeNewPasswordChallenge(password, values, steps)),
  sendMFACode: (name, code, factor) =>
    stepped(steps => user(name).sendMFACode(code, steps, factor)),
  sendMFASelectionAnswer: (name, factor) =>
    stepped(steps => user(name).sendMFASelectionAnswer(factor, steps)),

  // CognitoUser, during a sign-in or after it
  associateSoftwareToken: name => stepped(steps => user(name).associateSoftwareToken(steps)),
  verifySoftwareToken: (name, code, device) =>
    stepped(steps => user(name).verifySoftwareToken(code, device, steps)),

  // CognitoUser, signed in
  getUsername: name => user(name).getUsername(),
  getSession: async name => tokensOf(await settled(done => user(name).getSession(done))),
  async refreshSession(name) {
    const refreshToken = user(name).getSignInUserSession().getRefreshToken();
    return tokensOf(await settled(done => user(name).refreshSession(refreshToken, done)));
  },
  changePassword: (name, previous, proposed) =>
    settled(done => user(name).changePassword(previous, proposed, done)),
  updateAttributes: (name, values) =>
    settled(done => user(name).updateAttributes(attributes(values), done)),
  async getUserAttributes(name) {
    const found = await settled(done => user(name).getUserAttributes(done));
    return Object.fromEntries(found.map(each => [each.getName(), each.getValue()]));
  },
  deleteAttributes: (name, names) => settled(done => user(name).deleteAttributes(names, done)),
  getAttributeVerificationCode: (name, attribute) =>
    stepped(steps => user(name).getAttributeVerificationCode(attribute, steps)),
  verifyAttribute: (name, attribute, code) =>
    stepped(steps => user(name).verifyAttribute(attribute, code, steps)),
  setUserMfaPreference: (name, sms, totp) =>
    settled(done => user(name).setUserMfaPreference(sms, totp, done)),
  enableMFA: name => settled(done => user(name).enableMFA(done)),
  disableMFA: name => settled(done => user(name).disableMFA(done)),
  getUserData: name => settled(done => user(name).getUserData(done, { bypassCache: true })),
  signOut: name => settled(done => user(name).signOut(done)),
  globalSignOut: name => stepped(steps => user(name).globalSignOut(steps)),
  deleteUser: name => settled(done => user(name).deleteUser(done)),
};

export const call = async (name, args) => calls[name](...args);
