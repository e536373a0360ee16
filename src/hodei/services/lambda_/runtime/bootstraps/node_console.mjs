// The console of functions, whose lines bear the id of the request, and errors as Lambda tells of them.
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html

import util from "node:util";

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const json = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON";
const current = Symbol.for("aws.lambda.runtime.requestId");

export const setRequest = (id) => (globalThis[current] = id);

export function prepareConsole() {
  const least = Math.max(LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()), 0);
  for (const [rank, level] of LEVELS.entries()) {
    const heard = rank >= least || level === "FATAL";
    console[level.toLowerCase()] = heard ? (...given) => write(level, given) : () => {};
  }
  console.log = console.info;
}

function write(level, given) {
  const line = json ? structured(level, given) : `${new Date().toISOString()}\t${globalThis[current]}\t${level}\t${util.format(...given)}`;
  process.stdout.write(`${line.replaceAll("\n", "\r")}\n`);
}

function structured(level, given) {
  const line = { timestamp: new Date().toISOString(), level, requestId: globalThis[current] };
  if (given.length === 1) {
    try {
      return JSON.stringify({ ...line, message: given[0] }, (_, value) => (value instanceof Error ? { ...members(value), ...value } : value));
    } catch {
      return JSON.stringify({ ...line, message: util.format(given[0]) });
    }
  }
  const error = given.find((one) => one instanceof Error);
  return JSON.stringify({ ...line, message: util.format(...given), ...(error && members(error)) });
}

function members(error) {
  return { errorType: error.constructor?.name ?? "UnknownError", errorMessage: error.message, stackTrace: lines(error) };
}

const lines = (error) => (typeof error.stack === "string" ? error.stack.split("\n") : []);

// What is logged of an error has what programs put into it; the answer has not.
export function logError(what, thrown) {
  const error = thrown instanceof Error ? thrown : new Error(thrown);
  if (json) console.error(error);
  else console.error(what, `\t${detailed(error)}`);
}

function detailed(error) {
  const told = (_, value) =>
    value instanceof Error ? { errorType: value.name, errorMessage: value.message, code: value.code, ...value, stack: lines(value) } : value;
  try {
    return JSON.stringify(error, told);
  } catch {
    return JSON.stringify(told(undefined, error), ["errorType", "errorMessage", "stack"]);
  }
}

export function told(error) {
  const named = ["name", "message", "stack"].every((one) => typeof error?.[one] === "string" && error[one]);
  if (util.types.isNativeError(error) || named) return { errorType: error.name, errorMessage: error.message, trace: lines(error) };
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

export class Wrong extends Error {
  constructor(kind, message) {
    super(message);
    this.name = `Runtime.${kind}`;
  }
}
