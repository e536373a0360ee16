"""What a generated request to DynamoDB may name: the tables that `prime` makes, and expressions about them, good and bad."""

from __future__ import annotations

from typing import Any

from hodei.testing import Cloud

Values = dict[str, list[Any]]
HERE = "arn:aws:dynamodb:us-east-1:000000000000:table"
KINDS = [
    {"AttributeName": name, "AttributeType": kind} for name, kind in (("pk", "S"), ("sk", "N"), ("g", "S"), ("l", "B"))
]
SCHEMA = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
LOCAL = {
    "IndexName": "local",
    "KeySchema": [SCHEMA[0], {"AttributeName": "l", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "ALL"},
}
GLOBAL = {
    "IndexName": "global",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["n"]},
}


def key_of(pk: str, sk: int) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"N": str(sk)}}


def item_of(pk: str, sk: int) -> dict[str, Any]:
    more = {"g": {"S": "g"}, "l": {"B": b"l"}, "n": {"N": str(sk)}, "t": {"N": "1"}, "s": {"SS": ["a", "b"]}}
    return {**key_of(pk, sk), **more, "m": {"M": {"l": {"L": [{"N": "1"}, {"NULL": True}]}}}}


def prime(cloud: Cloud) -> Values:
    """A table with indexes, a stream, recovery and a backup; a plain one; an export. What members may name."""
    dynamodb, streams = cloud.client("dynamodb"), cloud.client("dynamodbstreams")
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    created = {"BillingMode": "PAY_PER_REQUEST", "KeySchema": SCHEMA}
    indexes = {"LocalSecondaryIndexes": [LOCAL], "GlobalSecondaryIndexes": [GLOBAL]}
    dynamodb.create_table(
        TableName="items", AttributeDefinitions=KINDS, StreamSpecification=stream, **indexes, **created
    )
    dynamodb.create_table(TableName="plain", AttributeDefinitions=KINDS[:2], **created)
    for name in ("items", "plain"):
        for n in range(12):
            dynamodb.put_item(TableName=name, Item=item_of(f"p{n % 3}", n))
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="items", PointInTimeRecoverySpecification=recovery)
    backup = dynamodb.create_backup(TableName="items", BackupName="backup")["BackupDetails"]["BackupArn"]
    exported = dynamodb.export_table_to_point_in_time(TableArn=f"{HERE}/items", S3Bucket="copies", S3Prefix="export")
    export = exported["ExportDescription"]["ExportArn"]
    table = dynamodb.describe_table(TableName="items")["Table"]
    arn = table["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    at = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(**at)["ShardIterator"]
    return {
        **NAMES,
        "BackupArn": [backup, backup, "x" * 40],
        "ExportArn": [export, export, "x" * 40],
        "ImportArn": [f"{HERE}/items/import/01234567890123-abcdefab", "x" * 40],
        "StreamArn": [arn, arn, f"{HERE}/items/stream/2020-01-01T00:00:00.000", "x" * 40],
        "ShardId": [shard["ShardId"], "x" * 30],
        "ShardIterator": [iterator, iterator[:-3], "x"],
        "SequenceNumber": [shard["SequenceNumberRange"]["StartingSequenceNumber"], "9" * 40, "x" * 21],
    }


NAMES: Values = {
    "TableName": ["items", "items", "items", "plain", "new-table", "items", f"{HERE}/items", "none", "x", ""],
    "SourceTableName": ["items", "items", "plain"],
    "TargetTableName": ["restored", "restored", "items"],
    "SourceTableArn": [f"{HERE}/items", "x"],
    "TableArn": [f"{HERE}/items", f"{HERE}/items", f"{HERE}/none", "x"],
    "ResourceArn": [f"{HERE}/items", f"{HERE}/plain", f"{HERE}/items/index/global", "x"],
    "GlobalTableName": ["plain", "new-global", "none"],
    "RegionName": ["us-west-2", "eu-west-1", "us-east-1", "x"],
    "IndexName": ["global", "local", "none"],
    "BackupName": ["again", "a", ""],
    "S3Bucket": ["copies", "copies", "none"],
    "S3Prefix": ["export", "", "x"],
    "AttributeName": ["pk", "sk", "g", "l", "n", "none"],
    "AttributeDefinitions": [KINDS, KINDS[:2], KINDS[:1], KINDS + KINDS],
    "KeySchema": [SCHEMA, SCHEMA[:1], SCHEMA[1:], SCHEMA + SCHEMA],
    "LocalSecondaryIndexes": [[LOCAL], [LOCAL, LOCAL]],
    "GlobalSecondaryIndexes": [[GLOBAL], [GLOBAL, GLOBAL], []],
    "Item": [item_of("p0", 0), item_of("new", 1), {"pk": {"S": "p1"}}, {**key_of("p0", 0), "l": {"S": "x"}}, {}],
    "Key": [key_of("p0", 0), key_of("p1", 1), key_of("none", 0), {"pk": {"S": "p0"}}, {"pk": {"N": "1"}, "sk": {"S": ""}}],
    "ExclusiveStartKey": [key_of("p0", 0), {**key_of("p0", 0), "g": {"S": "g"}}, {}, {"x": {"S": ""}}],
    "RequestItems key": ["items", "items", "plain", "none"],
    "RequestItems value": [
        [{"PutRequest": {"Item": item_of("p0", 0)}}, {"DeleteRequest": {"Key": key_of("p1", 1)}}],
        {"Keys": [key_of("p0", 0), key_of("p1", 1)], "ProjectionExpression": "pk, m.l[0]"},
        [{}],
    ],
    "TransactItem": [
        {"Put": {"TableName": "items", "Item": item_of("p0", 0), "ConditionExpression": "attribute_exists(pk)"}},
        {"Delete": {"TableName": "plain", "Key": key_of("p0", 0)}},
        {"Get": {"TableName": "items", "Key": key_of("p0", 0)}},
        {"ConditionCheck": {"TableName": "items", "Key": key_of("p1", 1), "ConditionExpression": "attribute_exists(n)"}},
        {"Update": {"TableName": "items", "Key": key_of("p1", 1), "UpdateExpression": "REMOVE n"}},
        {},
        {"Get": {"TableName": "none", "Key": {}}, "Put": {"TableName": "items", "Item": {}}},
    ],
    "KeyConditionExpression": ["pk = :s", "#p = :s AND sk > :n", "pk = :s AND begins_with(sk, :s)", "pk < :s", "(", "pk = :s OR sk = :n"],
    "ConditionExpression": ["attribute_exists(pk)", "n >= :n AND NOT size(s) < :n", "m.l[0] IN (:n, :n)", "size(", "a" * 4097, "(" * 300],
    "FilterExpression": ["n > :n", "contains(s, :s) OR attribute_type(m, :s)", "pk = :s", "n BETWEEN :n AND :s", "NOT " * 400 + "a"],
    "ProjectionExpression": ["pk, n, m.l[0]", "#p", "m, m.l", "m.l[99999999999]", "x" * 300, "a" + ".b" * 40, ","],
    "UpdateExpression": [
        *("SET n = n + :n", "SET m.l = list_append(m.l, :l) REMOVE s", "ADD n :n DELETE s :ss", "SET #p = if_not_exists(n, :n)"),
        *("SET n = :n, n = :n", "SET pk = :s", "SET m.l[5] = :m", "SET n = s - :n", "ADD s :n", "SET", "SET m.none.x = :n"),
    ],
    "ExpressionAttributeNames": [{"#p": "pk"}, {}, {"p": "pk"}, {"#": ""}],
    "ExpressionAttributeValues": [
        {":s": {"S": "p0"}, ":n": {"N": "1"}, ":l": {"L": []}, ":ss": {"SS": ["a"]}, ":m": {"M": {}}},
        {":n": {"N": "1"}},
        {":s": {"S": "p0"}},
        {":s": {"S": "p0"}, ":n": {"N": "1"}},
        {":n": {"N": "1e126"}},
        {":n": {"N": "x"}, ":s": {"SS": []}},
        {":s": {"S": "x", "N": "1"}},
        {":n": {}},
    ],
    "Statement": [
        'SELECT * FROM "items"',
        "SELECT pk, m.l[0] FROM items.global WHERE g = 'g'",
        "SELECT * FROM plain WHERE pk IN ['p0', 'p1'] AND sk BETWEEN 0 AND 9 ORDER BY pk DESC",
        "UPDATE items SET n = n + 1 REMOVE s WHERE pk = 'p0' AND sk = 0 RETURNING ALL OLD *",
        "INSERT INTO items VALUE {'pk': 'new', 'sk': 1, 'b': << 1, 2 >>}",
        "DELETE FROM items WHERE pk = 'p0' AND sk = 0",
        "SELECT * FROM items WHERE pk = ?",
        "SELECT",
        "SELECT * FROM",
        "SELECT * FROM items WHERE " + "(" * 500,
        "INSERT INTO items VALUE " + "[" * 500,
        "UPDATE items SET pk = 'x' WHERE pk = 'p0' AND sk = 0",
        "SELECT * FROM items WHERE pk = 'p0' AND \"",
    ],
    "Limit": [1, 5, 1000, 0, -1],
    "Segment": [0, 1, 5],
    "TotalSegments": [2, 1, 1_000_000, 0, 1_000_001],
    "NextToken": ["x", ""],
    "Policy": ['{"Version": "2012-10-17", "Statement": []}', "{}", "x"],
    "S": ["p0", "a", "", "\x00", "x" * 3000],
    "N": ["1", "-0.5", "1e125", "1e126", "1e-131", "x", "", "٣", "1_0", "0" * 400, "1e" + "9" * 40],
    "B": [b"b", b"", b"\x00\xff"],
    "SS": [["a"], ["a", "a"], []],
    "NS": [["1"], ["1", "1.0"], ["x"]],
    "AttributeUpdates key": ["n", "s", "new", "pk"],
    "AttributesToGet": [["pk", "n"], ["m.l"], ["pk", "pk"]],
    "Expected key": ["n", "pk", "none"],
    "KeyConditions key": ["pk", "sk", "n"],
}  # fmt: skip
