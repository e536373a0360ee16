"""Encryption at rest under KMS keys: what lies in the store is ciphertext, and KMS decides who reads and writes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import ACCOUNT, Cloud

from .conftest import attributes, index, key_schema

Make = Callable[..., dict[str, Any]]
Hire = Callable[..., Any]

NEEDLE = "the text that must not be found on the disk"
ALL_OF_DYNAMODB = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
IMAGES = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
ITEM = {"pk": {"S": "a"}, "other": {"S": "x"}, "value": {"S": NEEDLE}, "blob": {"B": b"\x00\xff"}, "set": {"NS": ["1"]}}
KEY = {"pk": {"S": "a"}}


@pytest.fixture
def kms(cloud: Cloud) -> Any:
    return cloud.client("kms")


@pytest.fixture
def key(kms: Any) -> str:
    """The ARN of a customer's key."""
    return str(kms.create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def hire(cloud: Cloud) -> Hire:
    """Makes a user who may do these things, and gives its client."""

    def hire(name: str, *statements: Any) -> Any:
        iam = cloud.client("iam")
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        found = iam.create_access_key(UserName=name)["AccessKey"]
        return cloud.client(
            "dynamodb",
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            config=Config(retries={"total_max_attempts": 1}),
        )

    return hire


def under(key: str = "") -> dict[str, Any]:
    """An SSESpecification; "" is AWS's own key."""
    return {"Enabled": True, "SSEType": "KMS", **({"KMSMasterKeyId": key} if key else {})}


def lets(key: str, *actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": [f"kms:{action}" for action in actions], "Resource": key}


def told(kind: str, name: str, said: str, code: str = "") -> str:
    """What DynamoDB gives on of KMS, without the id of the request there."""
    return (
        f"KMS {kind}: com.amazonaws.services.kms.model.{name}: {said} (Service: AWSKMS; Status Code: 400; "
        f"Error Code: {code or name}; Request ID: ID; Proxy: null)"
    )


def refusal(call: Callable[..., Any], **params: Any) -> tuple[str, str]:
    """The code and message of an error, with ID for the id of KMS's request."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], re.sub(r"Request ID: [0-9a-f-]{36}", "Request ID: ID", error["Message"])


def disabled(key: str) -> tuple[str, str]:
    return "ValidationException", told("key disabled error", "DisabledException", f"{key} is disabled.")


def sse_of(dynamodb: Any, name: str = "table") -> dict[str, Any] | None:
    found: dict[str, Any] | None = dynamodb.describe_table(TableName=name)["Table"].get("SSEDescription")
    return found


def rich(dynamodb: Any, name: str = "table", **params: Any) -> None:
    """A table with indexes of both kinds, a stream and recovery, and what goes there when an item changes."""
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=attributes(pk="S", sk="S", other="S"),
        KeySchema=key_schema("pk", "sk"),
        LocalSecondaryIndexes=[index("lsi", "pk", "other")],
        GlobalSecondaryIndexes=[index("gsi", "other")],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification=IMAGES,
        **params,
    )
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    for value in (NEEDLE, f"{NEEDLE} again"):
        dynamodb.put_item(TableName=name, Item={**ITEM, "sk": {"S": "b"}, "value": {"S": value}})


def read_everywhere(dynamodb: Any, streams: Any, name: str = "table") -> set[str]:
    """The values that are found in the table, its indexes and its stream."""
    found = [dynamodb.get_item(TableName=name, Key={**KEY, "sk": {"S": "b"}})["Item"]]
    for source in ({}, {"IndexName": "lsi"}, {"IndexName": "gsi"}):
        found += dynamodb.scan(TableName=name, **source)["Items"]
    arn = dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    for record in streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]:
        found += [record["dynamodb"][image] for image in ("OldImage", "NewImage") if image in record["dynamodb"]]
    return {item["value"]["S"] for item in found}


@pytest.mark.parametrize("sse", [None, under()], ids=["AWS owned", "KMS"])
def test_what_lies_on_the_disk(tmp_path: Path, sse: dict[str, Any] | None) -> None:
    with Cloud(directory=tmp_path) as cloud:
        dynamodb = cloud.client("dynamodb")
        cloud.set("dynamodb", "index-lag", 3600.0)
        cloud.set("dynamodb", "replication-lag", 3600.0)
        rich(dynamodb, **({"SSESpecification": sse} if sse else {}))
        dynamodb.update_table(TableName="table", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
        dynamodb.put_item(TableName="table", Item={**ITEM, "sk": {"S": "c"}})
        dynamodb.create_backup(TableName="table", BackupName="backup")
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert (NEEDLE.encode() in stored) is (sse is None)
    with Cloud(directory=tmp_path) as cloud:
        cloud.clock.advance(hours=2)
        dynamodb, streams = cloud.client("dynamodb"), cloud.client("dynamodbstreams")
        assert read_everywhere(dynamodb, streams) == {NEEDLE, f"{NEEDLE} again"}
        there = cloud.client("dynamodb", region_name="eu-west-1")
        assert len(there.scan(TableName="table")["Items"]) == 2
        (backup,) = dynamodb.list_backups()["BackupSummaries"]
        dynamodb.restore_table_from_backup(TargetTableName="restored", BackupArn=backup["BackupArn"])
        assert read_everywhere(dynamodb, streams) == {NEEDLE, f"{NEEDLE} again"}
        assert len(dynamodb.scan(TableName="restored")["Items"]) == 2


def test_every_kind_of_read_and_write(dynamodb: Any, make: Make, key: str) -> None:
    assert make(SSESpecification=under(key))["SSEDescription"] == {
        "Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key
    }  # fmt: skip
    dynamodb.put_item(TableName="table", Item=ITEM)
    assert dynamodb.get_item(TableName="table", Key=KEY)["Item"] == ITEM
    dynamodb.update_item(
        TableName="table", Key=KEY, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": {"N": "1"}}
    )
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "table", "Item": {"pk": {"S": "b"}}}}])
    dynamodb.execute_statement(Statement="INSERT INTO \"table\" VALUE {'pk': 'c'}")
    assert {item["pk"]["S"] for item in dynamodb.scan(TableName="table")["Items"]} == {"a", "b", "c"}
    old = dynamodb.delete_item(TableName="table", Key=KEY, ReturnValues="ALL_OLD")["Attributes"]
    assert old == {**ITEM, "n": {"N": "1"}}


def test_the_key_of_aws_is_made_when_it_is_first_needed(dynamodb: Any, make: Make, kms: Any) -> None:
    found = make(SSESpecification={"Enabled": True})["SSEDescription"]
    described = kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]
    assert (found["KMSMasterKeyArn"], described["KeyManager"]) == (described["Arn"], "AWS")
    dynamodb.put_item(TableName="table", Item=ITEM)
    assert dynamodb.get_item(TableName="table", Key=KEY)["Item"] == ITEM


def test_a_disabled_key_stops_reads_and_writes(dynamodb: Any, make: Make, kms: Any, key: str, cloud: Cloud) -> None:
    make(SSESpecification=under(key))
    dynamodb.put_item(TableName="table", Item=ITEM)
    kms.disable_key(KeyId=key)
    cloud.clock.advance(minutes=4)
    assert dynamodb.get_item(TableName="table", Key=KEY)["Item"] == ITEM  # the table key is remembered
    cloud.clock.advance(minutes=1)
    for refused in (
        refusal(dynamodb.get_item, TableName="table", Key={"pk": {"S": "not there"}}),
        refusal(dynamodb.put_item, TableName="table", Item=ITEM),
        refusal(dynamodb.scan, TableName="table"),
        refusal(dynamodb.create_backup, TableName="table", BackupName="backup"),
        refusal(dynamodb.transact_get_items, TransactItems=[{"Get": {"TableName": "table", "Key": KEY}}]),
    ):
        assert refused == disabled(key)
    assert dynamodb.describe_table(TableName="table")["Table"]["TableStatus"] == "ACTIVE"
    kms.enable_key(KeyId=key)
    assert dynamodb.get_item(TableName="table", Key=KEY)["Item"] == ITEM
    cloud.clock.advance(minutes=5)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    said = told("validation error", "KMSInvalidStateException", f"{key} is pending deletion.")
    assert refusal(dynamodb.get_item, TableName="table", Key=KEY) == ("ValidationException", said)


def test_rotation_keeps_what_is_there(dynamodb: Any, make: Make, kms: Any, key: str, cloud: Cloud) -> None:
    make(SSESpecification=under(key))
    dynamodb.put_item(TableName="table", Item=ITEM)
    kms.rotate_key_on_demand(KeyId=key)
    cloud.clock.advance(minutes=10)
    assert dynamodb.get_item(TableName="table", Key=KEY)["Item"] == ITEM


def test_keys_that_cannot_be_had(dynamodb: Any, make: Make, kms: Any, key: str) -> None:
    kms.disable_key(KeyId=key)
    pending = kms.create_key()["KeyMetadata"]["Arn"]
    kms.schedule_key_deletion(KeyId=pending)
    absent = key[:-12] + "000000000000"
    hmac = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["Arn"]
    symmetric = "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key."
    alias = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/nope"
    expected = {
        key: disabled(key),
        pending: ("ValidationException", told("validation error", "KMSInvalidStateException", f"{pending} is pending deletion.")),
        absent: ("ValidationException", told("validation error", "NotFoundException", f"Key '{absent}' does not exist")),
        "alias/nope": ("ValidationException", told("validation error", "NotFoundException", f"Alias {alias} is not found.")),
        key.replace("us-east-1", "eu-west-1"): (
            "ValidationException", told("validation error", "NotFoundException", "Invalid arn eu-west-1")
        ),
        hmac: ("InternalServerError", told("internal error", "AWSKMSException", symmetric, "ValidationException")),
    }  # fmt: skip
    for given, refused in expected.items():
        assert refusal(make, SSESpecification=under(given)) == refused
    assert dynamodb.list_tables()["TableNames"] == []
    for grants in (kms.list_grants(KeyId=key)["Grants"], kms.list_grants(KeyId=pending)["Grants"]):
        assert grants == []


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"Enabled": False, "SSEType": "KMS"}, "SSEType can not be specified if Enabled is false"),
        ({"Enabled": False, "KMSMasterKeyId": "x"}, "KMSMasterKeyId can not be specified if Enabled is false"),
        ({"Enabled": True, "KMSMasterKeyId": "x"}, "SSEType KMS is required if KMSMasterKeyId is specified"),
        ({"Enabled": True, "SSEType": "AES256"}, "SSEType AES256 is not supported"),
    ],
)
def test_specifications_that_make_no_sense(make: Make, given: dict[str, Any], reason: str) -> None:
    expected = ("ValidationException", f"One or more parameter values were invalid: {reason}")
    assert refusal(make, SSESpecification=given) == expected


def test_who_may_make_such_tables_and_read_them(
    dynamodb: Any, make: Make, hire: Hire, key: str, kms: Any, cloud: Cloud
) -> None:
    params = {
        "TableName": "table", "AttributeDefinitions": attributes(pk="S"), "KeySchema": key_schema("pk"),
        "BillingMode": "PAY_PER_REQUEST", "SSESpecification": under(key),
    }  # fmt: skip
    without = hire("without", ALL_OF_DYNAMODB)
    code, message = refusal(without.create_table, **params)
    assert code == "AccessDeniedException"
    assert message.startswith("KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException: User: ")
    assert f"is not authorized to perform: kms:CreateGrant on resource: {key} because" in message
    hire("with", ALL_OF_DYNAMODB, lets(key, "CreateGrant")).create_table(**params)
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    context = {"aws:dynamodb:tableName": "table", "aws:dynamodb:subscriberId": ACCOUNT}
    assert grant["Constraints"] == {"EncryptionContextSubset": context}
    assert grant["GranteePrincipal"] == grant["RetiringPrincipal"] == "dynamodb.us-east-1.amazonaws.com"
    assert "kms:Decrypt" in refusal(without.put_item, TableName="table", Item=ITEM)[1]
    bound = lets(key, "Decrypt") | {
        "Condition": {
            "StringEquals": {
                "kms:ViaService": "dynamodb.us-east-1.amazonaws.com",
                "kms:EncryptionContext:aws:dynamodb:tableName": "table",
            }
        }
    }
    reader = hire("reader", ALL_OF_DYNAMODB, bound)
    reader.put_item(TableName="table", Item=ITEM)
    assert reader.get_item(TableName="table", Key=KEY)["Item"] == ITEM
    assert "kms:Decrypt" in refusal(without.get_item, TableName="table", Key=KEY)[1]  # nobody else's key serves him
    dynamodb.delete_table(TableName="table")
    assert kms.list_grants(KeyId=key)["Grants"] == []
