// Calls an unmodified SDK for a test in Python: `node driver.js SDK`, one of those below.
//
// Requests come as JSON lines, {"id", "call", "args"}, and are answered by {"id", "ok"} or
// {"id", "error": {"name", "code", "message"}}. The end of the input ends the process.

import { Console } from 'node:console';
import { createInterface } from 'node:readline';

const SDKS = {
  'amazon-cognito-identity-js': './amazon_cognito_identity.js',
  'aws-amplify': './aws_amplify.js',
  'aws-jwt-verify': './aws_jwt_verify.js',
  'openid-client': './openid_client.js',
};
const ANSWER_MILLISECONDS = 60_000;

// Answers alone go to the standard output, whatever a library prints.
globalThis.console = new Console(process.stderr);

const { call } = await import(SDKS[process.argv[2]]);

function inTime(answer) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('the SDK did not answer')), ANSWER_MILLISECONDS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

async function answerTo({ id, call: name, args }) {
  try {
    return { id, ok: (await inTime(call(name, args))) ?? null };
  } catch (error) {
    const { name: kind, code, message } = error;
    return { id, error: { name: kind, code, message } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answerTo(JSON.parse(line)))}\n`);
}
process.exit();
