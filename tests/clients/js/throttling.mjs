// The JavaScript SDK's retries against throttling, faults and slow answers. Run by ../test_javascript.py as:
// node throttling.mjs URL. Prints one line of JSON a step; the first that fails ends it.
import assert from "node:assert/strict";
import * as sqssdk from "@aws-sdk/client-sqs";
import * as s3sdk from "@aws-sdk/client-s3";

const endpoint = process.argv[2];
const credentials = { accessKeyId: "444455556666", secretAccessKey: "any" };
const common = { endpoint, region: "us-east-1", credentials };

async function admin(method, path, body) {
  const answer = await fetch(`${endpoint}/_hodei${path}`, { method, body: body && JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

async function throttled(client, operation) {
  const begun = Date.now();
  const attempts = [];
  for (let n = 0; n < 12; n++) attempts.push((await client[operation]({})).$metadata.attempts);
  assert.ok(Math.max(...attempts) > 1, `attempts: ${attempts}`);
  assert.ok(Date.now() - begun >= 1500, "what is beyond the burst of 4 comes at 4 a second");
}

const steps = {
  async standardMode() {
    await admin("POST", "/limits", { service: "sqs", operation: "ListQueues", rate: 4, account: "444455556666" });
    await throttled(new sqssdk.SQS({ ...common, maxAttempts: 10 }), "listQueues");
  },

  async adaptiveMode() {
    await throttled(new sqssdk.SQS({ ...common, maxAttempts: 10, retryMode: "adaptive" }), "listQueues");
  },

  async slowDown() {
    await admin("POST", "/limits", { service: "s3", operation: "ListBuckets", rate: 4, account: "444455556666" });
    await throttled(new s3sdk.S3({ ...common, maxAttempts: 10 }), "listBuckets");
  },

  async attemptsUsedUp() {
    await admin("POST", "/limits", { service: "sqs", operation: "ListQueues", rate: 0, account: "444455556666" });
    const client = new sqssdk.SQS({ ...common, maxAttempts: 3 });
    await client.listQueues({});
    const error = await failure(client.listQueues({}));
    assert.ok(error instanceof sqssdk.RequestThrottled);
    assert.equal(error.$metadata.attempts, 3);
    await admin("DELETE", "/limits");
  },

  async brokenConnections() {
    for (const effect of [{ reset: true }, { abort_after: 4 }, { error: "InternalError", status: 500 }]) {
      await admin("POST", "/faults", { service: "sqs", account: "444455556666", count: 1, ...effect });
      assert.equal((await new sqssdk.SQS(common).listQueues({})).$metadata.attempts, 2, JSON.stringify(effect));
    }
  },

  async slowAnswers() {
    await admin("POST", "/faults", { service: "sqs", account: "444455556666", count: 1, latency: "3s" });
    const begun = Date.now();
    const client = new sqssdk.SQS({ ...common, requestHandler: { requestTimeout: 300, throwOnRequestTimeout: true } });
    assert.equal((await client.listQueues({})).$metadata.attempts, 2);
    assert.ok(Date.now() - begun < 3000);
  },

  async aWrongClock() {
    // An hour ahead: the SDK learns it from the Date of the refusal, signs by it, and gets through.
    const { id } = await admin("POST", "/faults", { service: "s3", skew: "1h" });
    const client = new s3sdk.S3(common);
    assert.equal((await client.listBuckets({})).$metadata.attempts, 2);
    assert.equal((await client.listBuckets({})).$metadata.attempts, 1);
    await admin("DELETE", `/faults/${id}`);
    await admin("DELETE", "/faults");
  },
};

for (const [step, run] of Object.entries(steps)) {
  await run();
  console.log(JSON.stringify({ step }));
}
