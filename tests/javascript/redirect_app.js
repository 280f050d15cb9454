// A page that signs in on the pool's pages with aws-amplify, as an app does it; bundled for browsers by esbuild.

import { Amplify } from 'aws-amplify';
import 'aws-amplify/auth/enable-oauth-listener';
import { fetchAuthSession, fetchUserAttributes, getCurrentUser, signInWithRedirect, signOut } from 'aws-amplify/auth';
import { Hub } from 'aws-amplify/utils';

const show = (id, value) => {
  document.getElementById(id).textContent = typeof value === 'string' ? value : JSON.stringify(value);
};
const failed = error => show('error', `${error.name}: ${error.message}`);

const showSession = async options => {
  const { tokens } = await fetchAuthSession(options);
  if (!tokens) return show('state', 'signed out');
  show('id-token', tokens.idToken.toString());
  show('access-token', tokens.accessToken.toString());
  show('user', await getCurrentUser());
  show('attributes', await fetchUserAttributes());
  show('state', 'signed in');
};

Hub.listen('auth', ({ payload }) => {
  if (payload.event === 'customOAuthState') show('custom-state', payload.data);
  if (payload.event === 'signInWithRedirect') showSession().catch(failed);
  if (payload.event === 'signInWithRedirect_failure') failed(payload.data.error);
});

const on = (id, act) => document.getElementById(id).addEventListener('click', () => act().catch(failed));
on('sign-in', () => signInWithRedirect({ customState: 'from the test' }));
on('refresh', () => showSession({ forceRefresh: true }).then(() => show('state', 'refreshed')));
on('sign-out', () => signOut());

fetch('/configuration.json')
  .then(response => response.json())
  .then(cognito => {
    Amplify.configure({ Auth: { Cognito: cognito } });
    // After a redirect the session comes by the event above.
    if (!new URLSearchParams(location.search).has('code')) return showSession();
  })
  .catch(failed);
