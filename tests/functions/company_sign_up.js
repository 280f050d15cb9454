// PreSignUp: people of the company are in at once, others are told why not.

const COMPANY_DOMAIN = process.env.COMPANY_DOMAIN || 'example.com';

exports.handler = function (event, context, callback) {
  const address = event.request.userAttributes.email || '';
  const domain = address.substring(address.lastIndexOf('@') + 1);

  if (domain.toLowerCase() === COMPANY_DOMAIN) {
    event.response.autoConfirmUser = true;
    event.response.autoVerifyEmail = true;
    callback(null, event);
  } else {
    callback(new Error('Only company addresses are allowed'), event);
  }
};
