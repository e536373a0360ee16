// What a JavaScript program does with Kinesis, over HTTP/2. Run by ../test_javascript.py as: node kinesis.mjs URL
// Prints one line of JSON a step; the first that fails ends it.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { Kinesis } from "@aws-sdk/client-kinesis";

const endpoint = process.argv[2];
const credentials = { accessKeyId: "111122223334", secretAccessKey: "any" };
const kinesis = new Kinesis({ endpoint, region: "us-east-1", credentials });
const StreamName = "javascript";
const ShardId = "shardId-000000000000";
const text = (record) => new TextDecoder().decode(record.Data);
let StreamARN, ConsumerARN;

const steps = {
  async makesAStream() {
    await kinesis.createStream({ StreamName, ShardCount: 1 });
    const { StreamDescriptionSummary: made } = await kinesis.describeStreamSummary({ StreamName });
    assert.equal(made.StreamStatus, "ACTIVE");
    assert.ok(Math.abs(made.StreamCreationTimestamp - Date.now()) < 60_000);
    StreamARN = made.StreamARN;
  },

  async putsAndGets() {
    await kinesis.putRecord({ StreamName, Data: new Uint8Array([0, 255]), PartitionKey: "k" });
    const Records = [{ Data: new TextEncoder().encode("two"), PartitionKey: "k" }];
    assert.equal((await kinesis.putRecords({ StreamName, Records })).FailedRecordCount, 0);
    const { ShardIterator } = await kinesis.getShardIterator({ StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" });
    const page = await kinesis.getRecords({ ShardIterator });
    assert.deepEqual([...page.Records[0].Data], [0, 255]);
    assert.equal(text(page.Records[1]), "two");
    assert.equal(page.MillisBehindLatest, 0);
  },

  async isToldOfErrors() {
    await assert.rejects(kinesis.describeStream({ StreamName: "none" }), { name: "ResourceNotFoundException" });
  },

  async hasRecordsPushed() {
    const { Consumer } = await kinesis.registerStreamConsumer({ StreamARN, ConsumerName: "reader" });
    ConsumerARN = Consumer.ConsumerARN;
    const StartingPosition = { Type: "LATEST" };
    const { EventStream } = await kinesis.subscribeToShard({ ConsumerARN, ShardId, StartingPosition });
    const writing = pause(200).then(() =>
      kinesis.putRecord({ StreamName, Data: new TextEncoder().encode("pushed"), PartitionKey: "k" }),
    );
    for await (const { SubscribeToShardEvent: event } of EventStream) {
      if (event.Records.length) {
        assert.equal(text(event.Records[0]), "pushed");
        break;
      }
    }
    await writing;
  },

  async readsAClosedShardToItsEnd() {
    await kinesis.splitShard({ StreamName, ShardToSplit: ShardId, NewStartingHashKey: String(2n ** 127n) });
    await pause(5100); // a subscription is taken over after five seconds
    const StartingPosition = { Type: "TRIM_HORIZON" };
    const { EventStream } = await kinesis.subscribeToShard({ ConsumerARN, ShardId, StartingPosition });
    const found = [];
    let children;
    for await (const { SubscribeToShardEvent: event } of EventStream) {
      found.push(...event.Records);
      children = event.ChildShards;
    }
    assert.equal(found.length, 3);
    assert.equal(children.length, 2);
  },
};

for (const [step, run] of Object.entries(steps)) {
  await run();
  console.log(JSON.stringify({ step }));
}
kinesis.destroy();
