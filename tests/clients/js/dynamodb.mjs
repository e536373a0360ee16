// What a JavaScript program does with DynamoDB. Run by ../test_javascript.py as: node dynamodb.mjs URL
// Prints one line of JSON a step; the first that fails ends it.
import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-dynamodb";
import * as streamsSdk from "@aws-sdk/client-dynamodb-streams";
import { DynamoDBDocument, NumberValue, paginateQuery, paginateScan } from "@aws-sdk/lib-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";

const endpoint = process.argv[2];
const credentials = { accessKeyId: "111122223333", secretAccessKey: "any" };
const common = { endpoint, region: "us-east-1", credentials };
const client = new sdk.DynamoDB(common);
const streams = new streamsSdk.DynamoDBStreams(common);
const documents = DynamoDBDocument.from(client, { marshallOptions: { removeUndefinedValues: true } });
const exact = DynamoDBDocument.from(new sdk.DynamoDB(common), { unmarshallOptions: { wrapNumbers: NumberValue.from } });
const TableName = "javascript";

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

async function all(pages) {
  const items = [];
  for await (const page of pages) items.push(...page.Items);
  return items;
}

const range = (count) => [...Array(count).keys()];

const steps = {
  async tables() {
    const made = await client.createTable({
      TableName,
      AttributeDefinitions: ["pk", "sk", "gsi1pk"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
      GlobalSecondaryIndexes: [
        {
          IndexName: "gsi1",
          KeySchema: [{ AttributeName: "gsi1pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
          Projection: { ProjectionType: "ALL" },
        },
      ],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    });
    assert.ok(made.TableDescription.CreationDateTime instanceof Date);
    await sdk.waitUntilTableExists({ client, minDelay: 1, maxWaitTime: 10 }, { TableName });
    const { Table } = await client.describeTable({ TableName });
    assert.deepEqual([Table.TableStatus, Table.GlobalSecondaryIndexes[0].IndexStatus], ["ACTIVE", "ACTIVE"]);
    const names = [];
    for await (const page of sdk.paginateListTables({ client, pageSize: 1 }, {})) names.push(...page.TableNames);
    assert.ok(names.includes(TableName));
  },

  async values() {
    const Item = {
      pk: "values",
      sk: "1",
      text: "ünï🂡",
      empty: "",
      number: -1.5,
      big: 12345678901234567890n,
      bytes: new Uint8Array([0, 255]),
      yes: true,
      nothing: null,
      list: [1, "two", [false, { three: 3 }], {}],
      map: { strings: new Set(["a", "b"]), numbers: new Set([1, 2.5]), bytes: new Set([new Uint8Array([1])]) },
    };
    await documents.put({ TableName, Item: { ...Item, none: undefined } });
    const got = await exact.get({ TableName, Key: { pk: "values", sk: "1" }, ConsistentRead: true });
    assert.equal(got.Item.big.value, "12345678901234567890");
    assert.equal(got.Item.big.toBigInt(), 12345678901234567890n);
    assert.equal(got.Item.number.value, "-1.5");
    const digits = `0.${"12345678".repeat(4)}123456`;
    await exact.put({ TableName, Item: { pk: "values", sk: "2", digits: NumberValue.from(digits) } });
    assert.equal((await exact.get({ TableName, Key: { pk: "values", sk: "2" } })).Item.digits.value, digits);
    const raw = await client.getItem({ TableName, Key: marshall({ pk: "values", sk: "1" }) });
    assert.deepEqual(unmarshall(raw.Item), Item);
    assert.deepEqual((await documents.get({ TableName, Key: { pk: "values", sk: "1" } })).Item, Item);
  },

  async updates() {
    const Key = { pk: "updates", sk: "1" };
    const count = () =>
      documents.update({
        TableName,
        Key,
        UpdateExpression: "SET #n = if_not_exists(#n, :zero) + :one, tags = :tags",
        ExpressionAttributeNames: { "#n": "count" },
        ExpressionAttributeValues: { ":zero": 0, ":one": 1, ":tags": new Set(["x"]) },
        ReturnValues: "ALL_NEW",
      });
    assert.deepEqual((await count()).Attributes, { ...Key, count: 1, tags: new Set(["x"]) });
    await Promise.all(range(50).map(count));
    assert.equal((await count()).Attributes.count, 52);
    const put = { TableName, Item: Key, ConditionExpression: "attribute_not_exists(pk)" };
    const failed = await failure(documents.put({ ...put, ReturnValuesOnConditionCheckFailure: "ALL_OLD" }));
    assert.ok(failed instanceof sdk.ConditionalCheckFailedException);
    assert.deepEqual(unmarshall(failed.Item).count, 52);
    assert.deepEqual([failed.name, failed.$fault, failed.$metadata.httpStatusCode, failed.$metadata.attempts], ["ConditionalCheckFailedException", "client", 400, 1]);
    const gone = await documents.delete({ TableName, Key, ReturnValues: "ALL_OLD" });
    assert.equal(gone.Attributes.count, 52);
    assert.equal((await documents.get({ TableName, Key })).Item, undefined);
  },

  async batchesAndPages() {
    const puts = range(100).map((n) => ({
      PutRequest: { Item: { pk: `page${n % 2}`, sk: String(n).padStart(3, "0"), n, ...(n % 10 ? {} : { gsi1pk: "tens" }) } },
    }));
    for (let at = 0; at < 100; at += 25) {
      const { UnprocessedItems } = await documents.batchWrite({ RequestItems: { [TableName]: puts.slice(at, at + 25) } });
      assert.deepEqual(UnprocessedItems, {});
    }
    const query = {
      TableName,
      KeyConditionExpression: "pk = :p AND sk BETWEEN :a AND :b",
      ExpressionAttributeValues: { ":p": "page1", ":a": "010", ":b": "050" },
      ScanIndexForward: false,
    };
    const found = await all(paginateQuery({ client: documents, pageSize: 6 }, query));
    assert.deepEqual(found.map(({ n }) => n), range(20).map((n) => 49 - 2 * n));
    const tens = await documents.query({
      TableName,
      IndexName: "gsi1",
      KeyConditionExpression: "gsi1pk = :t",
      ExpressionAttributeValues: { ":t": "tens" },
      ProjectionExpression: "n",
    });
    assert.deepEqual(tens.Items, range(10).map((n) => ({ n: n * 10 })));
    const segments = await Promise.all(
      range(4).map((Segment) => all(paginateScan({ client: documents, pageSize: 7 }, { TableName, Segment, TotalSegments: 4, FilterExpression: "attribute_exists(n)" }))),
    );
    assert.deepEqual(segments.flat().map(({ n }) => n).sort((a, b) => a - b), range(100));
    const Keys = range(60).map((n) => ({ pk: `page${n % 2}`, sk: String(n).padStart(3, "0") }));
    const got = await documents.batchGet({ RequestItems: { [TableName]: { Keys, ProjectionExpression: "n" } } });
    assert.deepEqual(got.Responses[TableName].map(({ n }) => n).sort((a, b) => a - b), range(60));
    const twice = { PutRequest: { Item: { pk: "a", sk: "a" } } };
    const refused = await failure(documents.batchWrite({ RequestItems: { [TableName]: [twice, twice] } }));
    assert.deepEqual([refused.name, refused.message], ["ValidationException", "Provided list of item keys contains duplicates"]);
  },

  async transactions() {
    const Key = { pk: "account", sk: "ada" };
    await documents.put({ TableName, Item: { ...Key, balance: 10 } });
    const transfer = (amount) =>
      documents.transactWrite({
        TransactItems: [
          { Put: { TableName, Item: { pk: "transfer", sk: String(amount), amount } } },
          {
            Update: {
              TableName,
              Key,
              UpdateExpression: "SET balance = balance - :amount",
              ConditionExpression: "balance >= :amount",
              ExpressionAttributeValues: { ":amount": amount },
              ReturnValuesOnConditionCheckFailure: "ALL_OLD",
            },
          },
        ],
      });
    await transfer(7);
    const failed = await failure(transfer(8));
    assert.ok(failed instanceof sdk.TransactionCanceledException);
    assert.deepEqual(failed.CancellationReasons.map(({ Code }) => Code), ["None", "ConditionalCheckFailed"]);
    assert.equal(failed.CancellationReasons[1].Message, "The conditional request failed");
    assert.deepEqual(unmarshall(failed.CancellationReasons[1].Item), { ...Key, balance: 3 });
    const TransactItems = ["7", "8"].map((sk) => ({ Get: { TableName, Key: { pk: "transfer", sk } } }));
    const { Responses } = await documents.transactGet({ TransactItems });
    assert.deepEqual(Responses.map(({ Item }) => Item?.amount), [7, undefined]);
  },

  async partiql() {
    await documents.executeStatement({ Statement: `INSERT INTO "${TableName}" VALUE {'pk': ?, 'sk': ?, 'm': ?}`, Parameters: ["sql", "1", { a: [1, 2] }] });
    const { Items } = await documents.executeStatement({ Statement: `SELECT m FROM "${TableName}" WHERE pk = ?`, Parameters: ["sql"] });
    assert.deepEqual(Items, [{ m: { a: [1, 2] } }]);
    const batch = await documents.batchExecuteStatement({
      Statements: [
        { Statement: `SELECT m.a[1] FROM "${TableName}" WHERE pk = ? AND sk = ?`, Parameters: ["sql", "1"] },
        { Statement: `SELECT * FROM "${TableName}" WHERE pk = ? AND sk = ?`, Parameters: ["sql", "none"] },
        { Statement: "SELECT * FROM nothing WHERE pk = 'a' AND sk = 'b'" },
      ],
    });
    assert.deepEqual(batch.Responses.map(({ Error }) => Error?.Code), [undefined, undefined, "ResourceNotFound"]);
  },

  async changes() {
    const { Table } = await client.describeTable({ TableName });
    const { StreamDescription } = await streams.describeStream({ StreamArn: Table.LatestStreamArn });
    const records = [];
    for (const { ShardId } of StreamDescription.Shards) {
      let { ShardIterator } = await streams.getShardIterator({ StreamArn: Table.LatestStreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" });
      for (let Records = [null]; Records.length && ShardIterator; ) {
        ({ Records, NextShardIterator: ShardIterator } = await streams.getRecords({ ShardIterator, Limit: 50 }));
        records.push(...Records);
      }
    }
    const counted = records.filter(({ dynamodb }) => dynamodb.Keys.pk.S === "updates");
    assert.deepEqual(counted.map(({ eventName }) => eventName), ["INSERT", ...range(51).map(() => "MODIFY"), "REMOVE"]);
    assert.equal(unmarshall(counted.at(-1).dynamodb.OldImage).count, 52);
    assert.ok(counted[0].dynamodb.ApproximateCreationDateTime instanceof Date);
    const bad = await failure(streams.describeStream({ StreamArn: `${Table.TableArn}/stream/2020-01-01T00:00:00.000` }));
    assert.equal(bad.name, "ResourceNotFoundException");
  },

  async errors() {
    const missing = await failure(documents.get({ TableName: "nothing", Key: { pk: "a" } }));
    assert.ok(missing instanceof sdk.ResourceNotFoundException);
    assert.match(missing.$metadata.requestId, /^[0-9a-zA-Z-]{36,}$/);
    const wrong = await failure(documents.get({ TableName, Key: { pk: 1, sk: "a" } }));
    assert.equal(wrong.message, "The provided key element does not match the schema");
    const unused = await failure(documents.get({ TableName, Key: { pk: "a", sk: "a" }, ExpressionAttributeNames: { "#a": "a" } }));
    assert.equal(unused.message, "ExpressionAttributeNames can only be specified when using expressions");
    assert.ok((await failure(client.createTable({
      TableName,
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    }))) instanceof sdk.ResourceInUseException);
    await client.deleteTable({ TableName });
    await sdk.waitUntilTableNotExists({ client, minDelay: 1, maxWaitTime: 10 }, { TableName });
  },
};

for (const [step, run] of Object.entries(steps)) {
  await run();
  console.log(JSON.stringify({ step }));
}
