// aws-amplify as an app uses it. One process is one page in one browser: Amplify is a singleton, and so is its sign-in.

import { Amplify } from 'aws-amplify';
import * as auth from 'aws-amplify/auth';

const calls = {
  configure: cognito => Amplify.configure({ Auth: { Cognito: cognito } }),

  // Tokens are objects whose text is the token.
  async fetchAuthSession(input) {
    const { tokens, userSub } = await auth.fetchAuthSession(input);
    return {
      userSub,
      accessToken: tokens?.accessToken.toString(),
      idToken: tokens?.idToken.toString(),
      signInDetails: tokens?.signInDetails,
    };
  },
  async setUpTOTP() {
    const setup = await auth.setUpTOTP();
    return { ...setup, setupUri: setup.getSetupUri('Gatehouse', 'alice').href };
  },
};

// Everything else takes one input object and answers one.
export const call = async (name, args) => (calls[name] ?? auth[name])(...args);
