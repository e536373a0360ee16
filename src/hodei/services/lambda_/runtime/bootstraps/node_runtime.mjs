// The runtime of Node.js functions: it asks the Runtime API for events, calls the handler, and gives its answers back.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

import fs from "node:fs";
import http from "node:http";
import inspector from "node:inspector";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";

import { ResponseStream, stream, streams } from "./node_streaming.mjs";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const task = process.env.LAMBDA_TASK_ROOT;
process.env.HOME ??= "/home/sbx_user1051"; // the SDK asks for it, and the machine does not know the user
let request = "";
let streamed;

function call(method, where, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = http.request(
      { host, port, agent, method, path: `/2018-06-01/runtime/${where}`, headers: { ...headers, "Content-Length": Buffer.byteLength(body ?? "") } },
      (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(parts) }));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

function prepareConsole() {
  const write = (level) => (...given) => {
    const text = util.format(...given).replaceAll("\n", "\r");
    process.stdout.write(`${new Date().toISOString()}\t${request || "undefined"}\t${level}\t${text}\n`);
  };
  for (const [name, level] of [["log", "INFO"], ["info", "INFO"], ["debug", "DEBUG"], ["warn", "WARN"], ["error", "ERROR"], ["trace", "TRACE"]])
    console[name] = write(level);
}

function told(error) {
  if (!(error instanceof Error) && !(error?.message && error?.stack))
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  const trace = (error.stack ?? "").split("\n");
  return { errorType: error.name, errorMessage: error.message, trace };
}

function logged(error, kind) {
  const body = told(error);
  if (kind) body.errorType = kind;
  console.error("Invoke Error", `\t${JSON.stringify({ ...body, stack: body.trace, trace: undefined })}`);
  return body;
}

async function fail(where, error, kind) {
  const body = logged(error, kind);
  streamed?.abandon();
  await call("POST", where, JSON.stringify(body), { "Lambda-Runtime-Function-Error-Type": body.errorType });
}

class Wrong extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

async function load(handler) {
  const match = path.basename(handler).match(/^([^.]*)\.(.*)$/);
  if (!match) throw new Wrong("Runtime.MalformedHandlerName", "Bad handler");
  const [, name, nested] = match;
  const root = path.resolve(task, path.dirname(handler), name);
  const file = ["", ".js", ".mjs", ".cjs"].map((end) => root + end).find((one) => fs.existsSync(one) && fs.statSync(one).isFile());
  if (!file) throw new Wrong("Runtime.ImportModuleError", `Error: Cannot find module '${path.basename(root)}'\nRequire stack:\n- /var/runtime/index.mjs`);
  let found;
  try {
    found = file.endsWith(".mjs") || isModule(file) ? await import(pathToFileURL(file)) : createRequire(file)(file);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Wrong("Runtime.UserCodeSyntaxError", `SyntaxError: ${error.message}`);
    if (error.code === "MODULE_NOT_FOUND" || error.code === "ERR_MODULE_NOT_FOUND") throw new Wrong("Runtime.ImportModuleError", `Error: ${error.message}`);
    throw error;
  }
  const called = nested.split(".").reduce((one, key) => one?.[key], found.default && !(nested.split(".")[0] in found) ? found.default : found);
  if (called === undefined) throw new Wrong("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  if (typeof called !== "function") throw new Wrong("Runtime.HandlerNotFound", `${handler} is not a function`);
  return called;
}

function isModule(file) {
  for (let folder = path.dirname(file); folder.startsWith(task); folder = path.dirname(folder)) {
    const found = path.join(folder, "package.json");
    if (fs.existsSync(found)) return file.endsWith(".js") && JSON.parse(fs.readFileSync(found)).type === "module";
  }
  return false;
}

function parsed(text) {
  return text ? JSON.parse(text) : undefined;
}

function known(headers) {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed(headers["lambda-runtime-client-context"]),
    identity: parsed(headers["lambda-runtime-cognito-identity"]),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => Number(headers["lambda-runtime-deadline-ms"]) - Date.now(),
  };
}

function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    const context = {
      ...known(headers),
      done: (error, result) => (error ? reject(error) : resolve(result)),
      fail: reject,
      succeed: resolve,
    };
    const callback = (error, result) => (error !== undefined && error !== null ? reject(error) : resolve(result));
    const answer = handler(event, context, callback);
    if (answer && typeof answer.then === "function") answer.then(resolve, reject);
    else if (handler.length < 3) resolve(answer);
  });
}

async function runStreaming(handler, event, headers) {
  streamed = new ResponseStream({ host, port, agent, path: `/2018-06-01/runtime/invocation/${request}/response` });
  try {
    await stream(handler, event, known(headers), streamed);
  } catch (error) {
    streamed.fail(logged(error));
    await streamed.answered.catch(() => {});
  }
  streamed = undefined;
}

prepareConsole();
if (process.env.HODEI_DEBUG_PORT) inspector.open(Number(process.env.HODEI_DEBUG_PORT), "127.0.0.1", !!process.env.HODEI_DEBUG_WAIT);
let handler;
try {
  handler = await load(process.env._HANDLER);
} catch (error) {
  await fail("init/error", error);
  process.exit(1);
}
process.on("uncaughtException", async (error) => {
  await fail(`invocation/${request}/error`, error);
  process.exit(129);
});
process.on("unhandledRejection", async (error) => {
  const wrong = Object.assign(new Error(String(error)), { name: "Runtime.UnhandledPromiseRejection" });
  await fail(`invocation/${request}/error`, wrong);
  process.exit(128);
});
for (;;) {
  const { headers, body } = await call("GET", "invocation/next");
  request = headers["lambda-runtime-aws-request-id"];
  if (headers["lambda-runtime-trace-id"]) process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
  if (streams(handler)) {
    await runStreaming(handler, JSON.parse(body), headers);
    continue;
  }
  try {
    const answer = await run(handler, JSON.parse(body), headers);
    await call("POST", `invocation/${request}/response`, JSON.stringify(answer === undefined ? null : answer));
  } catch (error) {
    await fail(`invocation/${request}/error`, error);
  }
}
