// DefineAuthChallenge: a code by e-mail, three tries, then tokens.

const MOST_TRIES = 3;

exports.handler = async event => {
  const { session, userNotFound } = event.request;
  const last = session[session.length - 1];

  if (userNotFound) {
    event.response.issueTokens = false;
    event.response.failAuthentication = true;
  } else if (last && last.challengeName === 'CUSTOM_CHALLENGE' && last.challengeResult === true) {
    event.response.issueTokens = true;
    event.response.failAuthentication = false;
  } else if (session.length >= MOST_TRIES) {
    event.response.issueTokens = false;
    event.response.failAuthentication = true;
  } else {
    event.response.issueTokens = false;
    event.response.failAuthentication = false;
    event.response.challengeName = 'CUSTOM_CHALLENGE';
  }
  return event;
};
