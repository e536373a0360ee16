// What a JavaScript program does with S3, SQS and STS. Run by ../test_javascript.py as: node sdk.mjs URL
// Prints one line of JSON a step; the first that fails ends it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import http from "node:http";
import { Readable } from "node:stream";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import * as s3sdk from "@aws-sdk/client-s3";
import * as sqssdk from "@aws-sdk/client-sqs";

const endpoint = process.argv[2];
const credentials = { accessKeyId: "111122223333", secretAccessKey: "any" };
const common = { endpoint, region: "us-east-1", credentials };
const s3 = new s3sdk.S3({ ...common, forcePathStyle: true });
const sqs = new sqssdk.SQS(common);
const MB = 2 ** 20;
const Bucket = "javascript";

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

async function* pieces(count, size) {
  for (let n = 0; n < count; n++) yield Buffer.alloc(size, n);
}

const digest = async (stream) => {
  const hash = createHash("md5");
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest("hex");
};

const steps = {
  async identity() {
    const { Account, $metadata } = await new STSClient(common).send(new GetCallerIdentityCommand({}));
    assert.equal(Account, "111122223333");
    assert.equal($metadata.httpStatusCode, 200);
    assert.match($metadata.requestId, /^[0-9a-f-]{36}$/);
  },

  async objects() {
    await s3.createBucket({ Bucket });
    await s3sdk.waitUntilBucketExists({ client: s3, maxWaitTime: 10 }, { Bucket });
    const put = await s3.putObject({ Bucket, Key: "ä b+c", Body: "hello", ContentType: "text/plain", Metadata: { a: "1" } });
    assert.ok(put.ChecksumCRC32); // the SDK's default
    assert.ok(put.$metadata.requestId && put.$metadata.extendedRequestId);
    const got = await s3.getObject({ Bucket, Key: "ä b+c" });
    assert.equal(await got.Body.transformToString(), "hello");
    assert.deepEqual([got.ContentType, got.Metadata, got.ChecksumCRC32], ["text/plain", { a: "1" }, put.ChecksumCRC32]);
    assert.ok(got.LastModified instanceof Date);
    const part = await s3.getObject({ Bucket, Key: "ä b+c", Range: "bytes=1-2" });
    assert.deepEqual([part.ContentRange, await part.Body.transformToString()], ["bytes 1-2/5", "el"]);
    await s3.copyObject({ Bucket, Key: "copy", CopySource: encodeURI(`${Bucket}/ä b+c`) });
    const gone = await s3.deleteObjects({ Bucket, Delete: { Objects: [{ Key: "copy" }, { Key: "ä b+c" }] } });
    assert.equal(gone.Deleted.length, 2);
  },

  async streams() {
    // a stream of known length goes as aws-chunked with the checksum in a trailer
    const Body = Readable.from(pieces(8, MB));
    const put = await s3.putObject({ Bucket, Key: "stream", Body, ContentLength: 8 * MB });
    assert.ok(put.ChecksumCRC32);
    const got = await s3.getObject({ Bucket, Key: "stream", ChecksumMode: "ENABLED" });
    assert.equal(await digest(got.Body), await digest(pieces(8, MB)));
    for (const ChecksumAlgorithm of ["CRC32C", "SHA1", "SHA256", "CRC64NVME"]) {
      const body = Readable.from(pieces(2, MB));
      const sent = await s3.putObject({ Bucket, Key: "sum", Body: body, ContentLength: 2 * MB, ChecksumAlgorithm });
      assert.ok(sent[`Checksum${ChecksumAlgorithm}`], ChecksumAlgorithm);
      const back = await s3.getObject({ Bucket, Key: "sum", ChecksumMode: "ENABLED" });
      assert.equal(await digest(back.Body), await digest(pieces(2, MB)));
    }
  },

  async parts() {
    const Body = Readable.from(pieces(12, MB)); // of unknown length
    const upload = new Upload({ client: s3, params: { Bucket, Key: "parts", Body }, partSize: 5 * MB, queueSize: 3 });
    const seen = [];
    upload.on("httpUploadProgress", ({ loaded }) => seen.push(loaded));
    const done = await upload.done();
    assert.match(done.ETag, /-3"$/);
    assert.equal(Math.max(...seen), 12 * MB);
    const got = await s3.getObject({ Bucket, Key: "parts" });
    assert.equal(await digest(got.Body), await digest(pieces(12, MB)));
    const broken = new Upload({ client: s3, params: { Bucket, Key: "broken", Body: Readable.from(pieces(30, MB)) } });
    broken.on("httpUploadProgress", () => broken.abort());
    assert.equal((await failure(broken.done())).name, "AbortError");
  },

  async pages() {
    await Promise.all([...Array(25).keys()].map((n) => s3.putObject({ Bucket, Key: `page/${n}/x`, Body: "" })));
    const prefixes = [];
    for await (const page of s3sdk.paginateListObjectsV2({ client: s3, pageSize: 10 }, { Bucket, Prefix: "page/", Delimiter: "/" }))
      prefixes.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
    assert.deepEqual(prefixes, [...Array(25).keys()].map((n) => `page/${n}/`).sort());
  },

  async presigned() {
    const put = await getSignedUrl(s3, new s3sdk.PutObjectCommand({ Bucket, Key: "signed", ContentType: "text/css" }), { expiresIn: 60 });
    const sent = await fetch(put, { method: "PUT", body: "a { }", headers: { "content-type": "text/css" } });
    assert.equal(sent.status, 200, await sent.text());
    const get = await getSignedUrl(s3, new s3sdk.GetObjectCommand({ Bucket, Key: "signed" }));
    const got = await fetch(get);
    assert.deepEqual([await got.text(), got.headers.get("content-type")], ["a { }", "text/css"]);
  },

  async virtualHosts() {
    const lookup = (host, options, done) => (options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4));
    const requestHandler = { httpAgent: new http.Agent({ lookup }) };
    const hosts = endpoint.replace("localhost", "s3.localhost");
    const virtual = new s3sdk.S3({ ...common, endpoint: hosts, requestHandler });
    await virtual.putObject({ Bucket, Key: "virtual", Body: "v" });
    assert.equal(await (await virtual.getObject({ Bucket, Key: "virtual" })).Body.transformToString(), "v");
  },

  async errors() {
    const missing = await failure(s3.getObject({ Bucket, Key: "nothing" }));
    assert.ok(missing instanceof s3sdk.NoSuchKey);
    assert.deepEqual([missing.name, missing.$fault, missing.Key], ["NoSuchKey", "client", "nothing"]);
    assert.deepEqual([missing.$metadata.httpStatusCode, missing.$metadata.attempts], [404, 1]);
    assert.ok(missing.$metadata.requestId && missing.$metadata.extendedRequestId);
    assert.equal((await failure(s3.headObject({ Bucket, Key: "nothing" }))).name, "NotFound");
    assert.equal((await failure(s3.listObjectsV2({ Bucket: "no-such-bucket-here" }))).name, "NoSuchBucket");
    assert.equal((await failure(s3.getBucketWebsite({ Bucket }))).name, "NoSuchWebsiteConfiguration");
    const queue = await failure(sqs.getQueueUrl({ QueueName: "nothing" }));
    assert.ok(queue instanceof sqssdk.QueueDoesNotExist);
    assert.deepEqual([queue.Code, queue.Type], ["AWS.SimpleQueueService.NonExistentQueue", "Sender"]);
    assert.match(queue.$metadata.requestId, /^[0-9a-f-]{36}$/);
  },

  async queues() {
    const { QueueUrl } = await sqs.createQueue({ QueueName: "javascript", Attributes: { VisibilityTimeout: "30" } });
    const Entries = [...Array(10).keys()].map((n) => ({ Id: `${n}`, MessageBody: `body ${n}` }));
    Entries[0].MessageAttributes = { kind: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) } };
    const sent = await sqs.sendMessageBatch({ QueueUrl, Entries }); // the SDK compares the MD5s
    assert.deepEqual([sent.Successful.length, sent.Failed], [10, undefined]);
    const seen = new Map();
    while (seen.size < 10) {
      const { Messages } = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"] });
      for (const message of Messages) seen.set(message.Body, message);
    }
    assert.deepEqual([...seen.get("body 0").MessageAttributes.kind.BinaryValue], [0, 255]);
    assert.equal(seen.get("body 1").Attributes.ApproximateReceiveCount, "1");
    const handles = [...seen.values()].map(({ ReceiptHandle }, n) => ({ Id: `${n}`, ReceiptHandle }));
    assert.equal((await sqs.deleteMessageBatch({ QueueUrl, Entries: handles })).Successful.length, 10);
    const bad = await sqs.deleteMessageBatch({ QueueUrl, Entries: [{ Id: "x", ReceiptHandle: "no" }] });
    assert.deepEqual([bad.Failed[0].Code, bad.Failed[0].SenderFault], ["ReceiptHandleIsInvalid", true]);
  },

  async longPoll() {
    const { QueueUrl } = await sqs.getQueueUrl({ QueueName: "javascript" });
    const poll = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 });
    const begun = Date.now();
    setTimeout(() => sqs.sendMessage({ QueueUrl, MessageBody: "at last" }), 300);
    assert.equal((await poll).Messages[0].Body, "at last");
    assert.ok(Date.now() - begun < 5000);
    const abort = new AbortController();
    const given = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 }, { abortSignal: abort.signal });
    setTimeout(() => abort.abort(), 200);
    assert.equal((await failure(given)).name, "AbortError");
    await new Promise((done) => setTimeout(done, 200)); // until the server has seen the connection close
    await sqs.sendMessage({ QueueUrl, MessageBody: "after" });
    const { Messages } = await sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 1 });
    assert.equal(Messages[0].Body, "after"); // the poll that was given up took nothing
  },

  async fifo() {
    const Attributes = { FifoQueue: "true", ContentBasedDeduplication: "true" };
    const { QueueUrl } = await sqs.createQueue({ QueueName: "javascript.fifo", Attributes });
    for (const body of ["1", "2", "2", "3"]) await sqs.sendMessage({ QueueUrl, MessageBody: body, MessageGroupId: "g" });
    const { Messages } = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
    assert.deepEqual(Messages.map(({ Body }) => Body), ["1", "2", "3"]);
    const blocked = await sqs.receiveMessage({ QueueUrl });
    assert.equal(blocked.Messages, undefined);
    assert.equal((await failure(sqs.sendMessage({ QueueUrl, MessageBody: "x" }))).name, "MissingParameter");
  },
};

for (const [step, run] of Object.entries(steps)) {
  await run();
  console.log(JSON.stringify({ step }));
}
