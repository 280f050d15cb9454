// Does nothing: what it takes to be called is all that it takes.

exports.handler = async event => event;
