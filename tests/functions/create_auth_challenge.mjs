// CreateAuthChallenge: sends a code by e-mail, the same one for every try of a sign-in.

import { randomInt } from 'node:crypto';
import nodemailer from 'nodemailer';

const mail = nodemailer.createTransport(process.env.SMTP_URL);

const send = (address, code) =>
  mail.sendMail({
    from: 'codes@example.com',
    to: address,
    subject: 'Your sign-in code',
    text: `Your sign-in code is ${code}`,
  });

export const handler = async event => {
  const { session, userAttributes } = event.request;
  const earlier = session.find(each => each.challengeName === 'CUSTOM_CHALLENGE');
  let code;
  if (earlier) {
    code = earlier.challengeMetadata.replace('CODE-', '');
  } else {
    code = String(randomInt(100000, 1000000));
    await send(userAttributes.email, code);
  }
  event.response.publicChallengeParameters = { email: userAttributes.email.replace(/^(.).*@/, '$1***@') };
  event.response.privateChallengeParameters = { code };
  event.response.challengeMetadata = `CODE-${code}`;
  return event;
};
