// VerifyAuthChallengeResponse: whether the answer is the code that was sent.

exports.handler = async event => {
  const { privateChallengeParameters, challengeAnswer } = event.request;
  event.response.answerCorrect = privateChallengeParameters.code === challengeAnswer;
  return event;
};
