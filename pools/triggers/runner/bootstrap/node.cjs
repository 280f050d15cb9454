// Node.js functions: loads the handler and serves the Runtime API's calls over descriptor 3.
// Started as `node node.cjs HANDLER`, in the folder of the function's code.
"use strict";

const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const util = require("node:util");
const { pathToFileURL } = require("node:url");

const root = process.cwd();
const channel = new net.Socket({ fd: 3, readable: true, writable: true });
let current = null; // the invocation that is being answered

function send(kind, requestId, body = "") {
  const head = Buffer.from(JSON.stringify({ kind, request_id: requestId }));
  const content = Buffer.from(body);
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(head.length, 0);
  lengths.writeUInt32BE(content.length, 4);
  channel.write(Buffer.concat([lengths, head, content]));
}

function shown(error) {
  if (util.types.isNativeError(error) || (error && error.name && error.message !== undefined && error.stack)) {
    return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split("\n") };
  }
  return { errorType: error === null ? "object" : typeof error, errorMessage: String(error), trace: [] };
}

function fault(type, message, cause) {
  const error = new Error(message);
  error.name = type;
  if (cause) error.stack = `${type}: ${message}\n${String(cause.stack).split("\n").slice(1).join("\n")}`;
  return error;
}

function log(level, ...values) {
  const text = util.format(...values).replace(/\n/g, "\r");
  process.stdout.write(`${new Date().toISOString()}\t${current ? current.requestId : undefined}\t${level}\t${text}\n`);
}

for (const [name, level] of Object.entries({
  log: "INFO", info: "INFO", debug: "DEBUG", warn: "WARN", error: "ERROR", trace: "TRACE", fatal: "FATAL",
})) {
  console[name] = (...values) => log(level, ...values);
}

// One invocation: the first answer counts, whoever gives it.
class Invocation {
  constructor(header) {
    this.requestId = header.request_id;
    this.isDone = false;
    this.atRest = null; // what is said once the event loop is empty
    this.waits = true;
    const done = (error, result) => (error === null || error === undefined ? this.succeed(result) : this.fail(error));
    this.context = {
      get callbackWaitsForEmptyEventLoop() { return invocation.waits; },
      set callbackWaitsForEmptyEventLoop(value) { invocation.waits = Boolean(value); },
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
      invokedFunctionArn: header.arn,
      awsRequestId: header.request_id,
      clientContext: undefined,
      identity: undefined,
      getRemainingTimeInMillis: () => Math.max(0, header.deadline_ms - Date.now()),
      done,
      succeed: (result) => this.succeed(result),
      fail: (error) => this.fail(error === null || error === undefined ? "handled" : error),
    };
    const invocation = this;
    this.callback = (error, result) => {
      if (this.atRest || error !== null && error !== undefined || !this.waits) {
        if (!this.atRest) done(error, result);
      } else {
        this.atRest = () => this.succeed(result);
      }
    };
  }

  succeed(result) {
    let body;
    try {
      body = JSON.stringify(result === undefined ? null : result) ?? "null";
    } catch (error) {
      return this.fail(fault("Runtime.MarshalError", "Unable to stringify response body", error));
    }
    this.answer("result", body);
  }

  fail(error) {
    if (this.isDone) return;
    const told = shown(error);
    log("ERROR", "Invoke Error", "\t" + JSON.stringify({ ...told, stack: told.trace, trace: undefined }));
    this.answer("error", JSON.stringify(told));
  }

  answer(kind, body) {
    if (this.isDone) return;
    this.isDone = true;
    send(kind, this.requestId, body);
    current = null;
    channel.ref();
    next();
  }
}

// An empty event loop is an answer too: the callback's that waited for it, or nothing.
process.on("beforeExit", () => {
  if (current) (current.atRest || (() => current.succeed(null)))();
});

function crash(error, type) {
  if (type) error = fault(type, util.types.isNativeError(error) ? `${error.name}: ${error.message}` : String(error), error);
  if (current) current.fail(error);
  else {
    log("ERROR", "Uncaught Exception", "\t" + JSON.stringify(shown(error)));
    send("init_error", null, JSON.stringify(shown(error)));
  }
  channel.end(() => process.exit(type ? 128 : 129));
}
process.on("uncaughtException", (error) => crash(error));
process.on("unhandledRejection", (reason) => crash(reason, "Runtime.UnhandledPromiseRejection"));

let buffered = Buffer.alloc(0);
let handler = null;

channel.on("data", (data) => {
  buffered = buffered.length ? Buffer.concat([buffered, data]) : data;
  next();
});
channel.on("error", () => process.exit(0));
channel.on("end", () => process.exit(0));

function next() {
  if (current || !handler || buffered.length < 8) return;
  const start = 8 + buffered.readUInt32BE(0);
  const end = start + buffered.readUInt32BE(4);
  if (buffered.length < end) return;
  const header = JSON.parse(buffered.toString("utf8", 8, start));
  const body = buffered.toString("utf8", start, end);
  buffered = buffered.subarray(end);
  invoke(new Invocation(header), body);
}

function invoke(invocation, body) {
  current = invocation;
  channel.unref(); // so that the event loop can be empty while the function is at work
  let result;
  try {
    result = handler(JSON.parse(body), invocation.context, invocation.callback);
  } catch (error) {
    invocation.fail(error);
    return;
  }
  if (result && typeof result.then === "function") {
    result.then(
      (value) => (invocation.atRest ? invocation.atRest() : invocation.succeed(value)),
      (error) => invocation.fail(error),
    );
  }
}

function isModule(file) {
  if (file.endsWith(".mjs")) return true;
  if (file.endsWith(".cjs")) return false;
  for (let folder = path.dirname(file); folder.startsWith(root); folder = path.dirname(folder)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8")).type === "module";
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  return false;
}

async function load(named) {
  const base = path.basename(named);
  const dot = base.indexOf(".");
  if (dot < 1 || named.includes("..")) throw fault("Runtime.MalformedHandlerName", "Bad handler");
  const module = path.resolve(root, path.dirname(named), base.slice(0, dot));
  const file = ["", ".js", ".mjs", ".cjs"].map((end) => module + end)
    .find((name) => fs.existsSync(name) && fs.statSync(name).isFile());
  let found;
  try {
    if (file && isModule(file)) found = await import(pathToFileURL(file));
    else found = require(file || require.resolve(base.slice(0, dot), { paths: [root, path.dirname(module)] }));
  } catch (error) {
    if (error instanceof SyntaxError) throw fault("Runtime.UserCodeSyntaxError", String(error), error);
    if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error && error.code)) {
      throw fault("Runtime.ImportModuleError", `Error: ${error.message}`, error);
    }
    throw error;
  }
  const names = base.slice(dot + 1).split(".");
  const pick = (from) => names.reduce((value, name) => (value === undefined || value === null ? value : value[name]), from);
  const picked = pick(found) ?? (found.default && pick(found.default));
  if (picked === undefined || picked === null) {
    throw fault("Runtime.HandlerNotFound", `${named} is undefined or not exported`);
  }
  if (typeof picked !== "function") throw fault("Runtime.HandlerNotFound", `${named} is not a function`);
  return picked;
}

const named = process.argv[2];
process.argv.length = 2;
load(named).then(
  (loaded) => {
    handler = loaded;
    send("ready", null);
    next();
  },
  (error) => crash(error),
);
