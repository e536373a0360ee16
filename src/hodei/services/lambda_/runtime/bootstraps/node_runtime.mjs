// The runtime of Node.js functions: it asks the Runtime API for events, calls the handler, and gives its answers back.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

import fs from "node:fs";
import http from "node:http";
import inspector from "node:inspector";
import { createRequire, register } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { logError, prepareConsole, setRequest, told, Wrong } from "./node_console.mjs";
import { open, ResponseStream, stream, streams } from "./node_streaming.mjs";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const task = process.env.LAMBDA_TASK_ROOT;
process.env.HOME ??= "/home/sbx_user1051"; // the SDK asks for it, and the machine does not know the user
const modern = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV)?.[1]) >= 24;
let request = "";
let streamed;
let atRest; // what is done when the process has nothing left to do

const NEVER_SETTLED =
  "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes";
const NO_CALLBACKS =
  "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.";

function call(method, where, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = open(
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

async function fail(where, error) {
  const body = told(error);
  streamed?.abandon();
  await call("POST", where, JSON.stringify(body), { "Lambda-Runtime-Function-Error-Type": body.errorType });
}

async function load(handler) {
  if (handler.includes(".."))
    throw new Wrong("MalformedHandlerName", `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  const match = path.basename(handler).match(/^([^.]*)\.(.*)$/);
  if (!match) throw new Wrong("MalformedHandlerName", "Bad handler");
  const [, name, nested] = match;
  let found;
  try {
    importsFromLayers();
    found = await loadModule(path.resolve(task, path.dirname(handler)), name);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Wrong("UserCodeSyntaxError", String(error));
    if (error.code === "MODULE_NOT_FOUND") throw new Wrong("ImportModuleError", String(error));
    throw error;
  }
  const called = nested.split(".").reduce((one, key) => one?.[key], found);
  if (!called) throw new Wrong("HandlerNotFound", `${handler} is undefined or not exported`);
  if (typeof called !== "function") throw new Wrong("HandlerNotFound", `${handler} is not a function`);
  return called;
}

// `import` knows nothing of NODE_PATH; where there is something to find, Lambda lets it look there since Node.js 18.
function importsFromLayers() {
  const folders = (process.env.NODE_PATH ?? "").split(path.delimiter).filter((one) => one.endsWith("/node_modules") && fs.existsSync(one));
  if (folders.length && register) register("./node_resolving.mjs", import.meta.url, { data: folders.map((one) => String(pathToFileURL(one))) });
}

async function loadModule(folder, name) {
  const root = path.join(folder, name);
  const file = ["", ".js", ".mjs", ".cjs"].map((end) => root + end).find((one) => fs.existsSync(one) && fs.statSync(one).isFile());
  if (file?.endsWith(".mjs") || (file?.endsWith(".js") && isModule(folder))) return import(pathToFileURL(file));
  const require = createRequire(path.join(task, "index.js"));
  return require(file ?? require.resolve(name, { paths: [task, folder] }));
}

function isModule(folder) {
  if (folder.endsWith("/node_modules")) return false;
  const found = path.join(folder, "package.json");
  if (fs.existsSync(found)) {
    try {
      return JSON.parse(fs.readFileSync(found)).type === "module";
    } catch (error) {
      console.warn(`${found} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  return folder !== "/" && isModule(path.dirname(folder));
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

// Before Node.js 24 a handler answers by its promise, the callback or the context; what comes first counts. With the
// callback the answer waits until nothing is left to do, unless the context says otherwise.
function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let answered = false;
    const first = (answer) => (...given) => {
      if (answered) return;
      answered = true;
      atRest = undefined;
      answer(...given);
    };
    const done = (error, result) => (error === undefined || error === null ? resolve(result) : reject(error));
    const context = {
      ...known(headers),
      done: first(done),
      succeed: first(resolve),
      fail: first((error) => reject(error ?? "handled")),
    };
    const callback = first((error, result) => {
      if (error !== undefined && error !== null) reject(error);
      else if (!context.callbackWaitsForEmptyEventLoop) resolve(result);
      else atRest = () => setImmediate(resolve, result);
    });
    atRest = first(() => (handler.constructor.name === "AsyncFunction" ? reject(new Wrong("NodeJsExit", NEVER_SETTLED)) : resolve(null)));
    const answer = handler(event, context, callback);
    if (typeof answer?.then === "function") answer.then(context.succeed, context.fail);
  }).finally(() => (atRest = undefined));
}

async function runStreaming(handler, event, headers) {
  streamed = new ResponseStream({ host, port, agent, path: `/2018-06-01/runtime/invocation/${request}/response` });
  try {
    await stream(handler, event, known(headers), streamed);
  } catch (error) {
    logError("Invoke Error", error);
    streamed.fail(told(error));
    await streamed.answered.catch(() => {});
  }
  streamed = undefined;
}

// At rest the process would end: nothing that it waits for can come any more.
process.on("beforeExit", () => atRest?.());
process.on("uncaughtException", (error) => crash("Uncaught Exception", error, 129));
process.on("unhandledRejection", (reason, promise) => {
  const error = Object.assign(new Wrong("UnhandledPromiseRejection", String(reason)), { reason, promise });
  return crash("Unhandled Promise Rejection", error, 128);
});

async function crash(what, error, code) {
  logError(what, error);
  await fail(request ? `invocation/${request}/error` : "init/error", error);
  process.exit(code);
}

function written(answer) {
  try {
    return JSON.stringify(answer === undefined ? null : answer);
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

async function loaded() {
  try {
    const found = await load(process.env._HANDLER);
    if (modern && found.length >= 3 && !streams(found)) throw new Wrong("CallbackHandlerDeprecated", NO_CALLBACKS);
    return found;
  } catch (error) {
    return crash("Uncaught Exception", error, 1);
  }
}

prepareConsole();
if (process.env.HODEI_DEBUG_PORT) inspector.open(Number(process.env.HODEI_DEBUG_PORT), "127.0.0.1", !!process.env.HODEI_DEBUG_WAIT);
const handler = await loaded();
for (;;) {
  const { headers, body } = await call("GET", "invocation/next");
  request = headers["lambda-runtime-aws-request-id"];
  setRequest(request);
  if (headers["lambda-runtime-trace-id"]) process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
  if (streams(handler)) {
    await runStreaming(handler, JSON.parse(body), headers);
    continue;
  }
  try {
    const answer = await (modern ? handler(JSON.parse(body), known(headers)) : run(handler, JSON.parse(body), headers));
    await call("POST", `invocation/${request}/response`, written(answer));
  } catch (error) {
    logError("Invoke Error", error);
    await fail(`invocation/${request}/error`, error);
  }
}
