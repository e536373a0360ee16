// Handlers that stream their answers, and what they find in the global `awslambda`.
// https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html

import http from "node:http";
import { Writable } from "node:stream";

// What tracers put in its place is not for calls of the runtime.
export const open = http.request;

const STREAMS = Symbol.for("aws.lambda.runtime.handler.streaming");
const WITH_PRELUDE = "application/vnd.awslambda.http-integration-response";
const ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
const ERROR_BODY = "Lambda-Runtime-Function-Error-Body";

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMS] = "response";
    if (options?.highWaterMark) handler[Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark")] = Number(options.highWaterMark);
    return handler;
  },
  HttpResponseStream: {
    // The status and the headers go ahead of the first thing that is written, ended by eight NUL bytes.
    from(stream, metadata) {
      stream.setContentType(WITH_PRELUDE);
      stream._onBeforeFirstWrite = (write) => {
        write(JSON.stringify(metadata));
        write(new Uint8Array(8));
      };
      return stream;
    },
  },
};

export const streams = (handler) => handler[STREAMS] === "response";

// `where` are the options of the request that answers, which is made with the first part.
export class ResponseStream extends Writable {
  #where;
  #type = "application/octet-stream";
  #request;
  #written = false;

  constructor(where) {
    super();
    this.#where = where;
    this.answered = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.answered.catch(() => {});
    this.on("error", this.reject); // a handler need not listen
  }

  setContentType(type) {
    if (this.#request) throw Object.assign(new Error("Cannot set content-type, too late."), { name: "InvalidStreamingOperation" });
    this.#type = type;
  }

  write(chunk, ...others) {
    const plain = typeof chunk === "string" || chunk instanceof Uint8Array;
    return super.write(plain ? chunk : JSON.stringify(chunk), ...others);
  }

  _write(chunk, encoding, done) {
    const request = this.#opened();
    if (!this.#written) {
      this.#written = true;
      this._onBeforeFirstWrite?.((part) => request.write(part));
    }
    request.write(chunk, done);
  }

  _final(done) {
    this.#opened().end(done);
  }

  // Ends with an error, of which trailers tell.
  fail(told) {
    if (this.writableEnded) return;
    const request = this.#opened();
    request.addTrailers({ [ERROR_TYPE]: told.errorType, [ERROR_BODY]: Buffer.from(JSON.stringify(told)).toString("base64") });
    request.end();
  }

  abandon() {
    this.#request?.destroy();
  }

  #opened() {
    if (this.#request) return this.#request;
    const headers = {
      "Content-Type": this.#type,
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      Trailer: `${ERROR_TYPE}, ${ERROR_BODY}`,
      "Transfer-Encoding": "chunked",
    };
    this.#request = open({ ...this.#where, method: "POST", headers }, (response) => {
      response.resume();
      response.on("end", this.resolve);
      response.on("error", this.reject);
    });
    this.#request.on("error", this.reject);
    return this.#request;
  }
}

// Raises what the handler does. A stream that it does not end is waited for, as on AWS.
export async function stream(handler, event, context, response) {
  const going = handler(event, response, context);
  if (typeof going?.then !== "function") throw new Error("Streaming does not support non-async handlers.");
  if ((await going) !== undefined) console.warn("Streaming handlers ignore return values.");
  await response.answered;
}
