// The guide's custom sender, as people wrote it: it decrypts the code with the AWS Encryption SDK's KMS keyring.

const encryptionSdk = require('@aws-crypto/client-node');
const b64 = require('base64-js');

const { decrypt } = encryptionSdk.buildClient(
  encryptionSdk.CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT,
);
const generatorKeyId = process.env.KEY_ALIAS;
const keyIds = [process.env.KEY_ARN];
const keyring = new encryptionSdk.KmsKeyringNode({ generatorKeyId, keyIds });

exports.handler = async event => {
  let plainTextCode;
  if (event.request.code) {
    const { plaintext } = await decrypt(keyring, b64.toByteArray(event.request.code));
    plainTextCode = Buffer.from(plaintext).toString();
  }
  return plainTextCode;
};

if (require.main === module) {
  const { readFileSync } = require('node:fs');
  exports.handler(JSON.parse(readFileSync(0, 'utf8'))).then(
    code => process.stdout.write(code),
    error => {
      process.stderr.write(`${error.name}: ${error.message}`);
      process.exitCode = 1;
    },
  );
}
