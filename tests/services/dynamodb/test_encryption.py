"""Encryption at rest under KMS keys: what lies in the store is ciphertext, and KMS decides who reads and writes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
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


def values_of(dynamodb: Any, name: str = "table", **source: Any) -> set[str]:
    return {item["value"]["S"] for item in dynamodb.scan(TableName=name, **source)["Items"]}


def change(dynamodb: Any, given: dict[str, Any], name: str = "table", **more: Any) -> dict[str, Any]:
    """The TableDescription in the answer to UpdateTable."""
    answer = dynamodb.update_table(TableName=name, SSESpecification=given, **more)
    return dict(answer["TableDescription"])


def test_from_key_to_key(dynamodb: Any, kms: Any, key: str, cloud: Cloud) -> None:
    rich(dynamodb)
    rows = [{"PutRequest": {"Item": {**ITEM, "sk": {"S": f"{n:04}"}}}} for n in range(600)]
    for start in range(0, 600, 25):
        dynamodb.batch_write_item(RequestItems={"table": rows[start : start + 25]})
    streams = cloud.client("dynamodbstreams")
    both = {NEEDLE, f"{NEEDLE} again"}

    shown = change(dynamodb, under(key))
    assert (shown["TableStatus"], shown["SSEDescription"]) == ("ACTIVE", {"Status": "UPDATING"})
    cloud.settle()
    cloud.clock.advance(seconds=1)
    assert sse_of(dynamodb) == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    assert read_everywhere(dynamodb, streams) == both

    shown = change(dynamodb, under())
    assert shown["SSEDescription"] == {"Status": "UPDATING", "SSEType": "KMS", "KMSMasterKeyArn": key}
    cloud.clock.advance(seconds=1)
    assert kms.list_grants(KeyId=key)["Grants"] == []
    kms.disable_key(KeyId=key)  # nothing lies under it any more
    cloud.clock.advance(minutes=6)
    assert read_everywhere(dynamodb, streams) == both
    pages = dynamodb.get_paginator("scan").paginate(TableName="table", IndexName="gsi")
    assert len([*pages.search("Items")]) == 601

    change(dynamodb, {"Enabled": False})
    cloud.clock.advance(seconds=1)
    assert sse_of(dynamodb) is None
    assert read_everywhere(dynamodb, streams) == both


def test_what_changes_nothing_and_what_cannot_change(dynamodb: Any, make: Make, kms: Any, key: str) -> None:
    make()
    plain = "One or more parameter values were invalid: Table is already encrypted by default"
    assert refusal(change, dynamodb=dynamodb, given={"Enabled": False}) == ("ValidationException", plain)
    change(dynamodb, under(key))
    same = (
        "One or more parameter values were invalid: Table is already encrypted with given KMSMasterKeyId. Use "
        "KMSMasterKeyId parameter if you want to change Master Key"
    )
    assert refusal(change, dynamodb=dynamodb, given=under(key)) == ("ValidationException", same)
    kms.disable_key(KeyId=key)
    assert refusal(change, dynamodb=dynamodb, given=under()) == disabled(key)  # the data is under the old one
    assert sse_of(dynamodb) == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}


def test_four_changes_in_a_day(dynamodb: Any, make: Make, key: str, cloud: Cloud) -> None:
    make()
    cloud.clock.freeze()
    now = cloud.clock.now()
    for given in (under(key), under(), {"Enabled": False}, under(key)):
        change(dynamodb, given)
    end, last, following = (
        f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z" for hours in (24, 0, 6)
    )
    assert refusal(change, dynamodb=dynamodb, given=under("alias/nope")) == (
        "LimitExceededException",
        f"Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at {end}. After the "
        "first 4 change, each subsequent change in the same window can be performed at most once every 21600 seconds. "
        f"Number of updates today: 4. Last change at {last}. Next changes can be made at {following}.",
    )
    cloud.clock.advance(hours=6)
    change(dynamodb, under())
    assert refusal(change, dynamodb=dynamodb, given=under(key))[0] == "LimitExceededException"
    cloud.clock.advance(hours=18)
    for given in (under(key), under(), under(key), under()):
        change(dynamodb, given)


def test_a_change_at_the_pace_of_aws(dynamodb: Any, make: Make, key: str, cloud: Cloud) -> None:
    make()
    dynamodb.put_item(TableName="table", Item=ITEM)
    cloud.set("dynamodb", "lifecycle", "aws")
    assert change(dynamodb, under(key))["SSEDescription"] == {"Status": "UPDATING"}
    busy = "Attempt to change a resource which is still in use: "
    still = f"{busy}Server-Side Encryption is still being updated"
    assert refusal(change, dynamodb=dynamodb, given=under()) == ("ResourceInUseException", still)
    deleting = f"{busy}Table: table is in the process of being updated."
    assert refusal(dynamodb.delete_table, TableName="table") == ("ResourceInUseException", deleting)
    assert dynamodb.get_item(TableName="table", Key=KEY)["Item"] == ITEM
    cloud.clock.advance(seconds=10)
    assert sse_of(dynamodb) == {"Status": "UPDATING", "SSEType": "KMS", "KMSMasterKeyArn": key}
    cloud.clock.advance(seconds=13)
    assert sse_of(dynamodb) == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    assert dynamodb.get_item(TableName="table", Key=KEY)["Item"] == ITEM


def test_a_table_whose_key_is_gone_says_so_and_recovers(
    dynamodb: Any, make: Make, kms: Any, key: str, cloud: Cloud
) -> None:
    make(SSESpecification=under(key))
    dynamodb.put_item(TableName="table", Item=ITEM)
    kms.disable_key(KeyId=key)
    cloud.clock.advance(hours=1)
    found = dynamodb.describe_table(TableName="table")["Table"]
    assert found["TableStatus"] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    assert found["SSEDescription"]["Status"] == "ENABLED"
    assert found["SSEDescription"]["InaccessibleEncryptionDateTime"] <= cloud.clock.now()
    assert refusal(dynamodb.get_item, TableName="table", Key=KEY) == disabled(key)
    ttl = {"Enabled": True, "AttributeName": "ttl"}
    for refused in (
        refusal(dynamodb.update_time_to_live, TableName="table", TimeToLiveSpecification=ttl),
        refusal(dynamodb.update_contributor_insights, TableName="table", ContributorInsightsAction="ENABLE"),
        refusal(dynamodb.create_backup, TableName="table", BackupName="backup"),
    ):
        assert refused == disabled(key)
    protected = dynamodb.update_table(TableName="table", DeletionProtectionEnabled=True)["TableDescription"]
    assert protected["DeletionProtectionEnabled"]
    streaming = dynamodb.update_table(TableName="table", StreamSpecification=IMAGES)["TableDescription"]
    assert streaming["TableStatus"] == "UPDATING"
    after = dynamodb.describe_table(TableName="table")["Table"]
    assert after["TableStatus"] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    kms.enable_key(KeyId=key)
    assert dynamodb.get_item(TableName="table", Key=KEY)["Item"] == ITEM  # long before the status tells
    cloud.clock.advance(hours=1)
    assert dynamodb.describe_table(TableName="table")["Table"]["TableStatus"] == "ACTIVE"
    assert sse_of(dynamodb) == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}


def test_a_table_without_its_grant_can_go_to_another_key(
    dynamodb: Any, make: Make, kms: Any, key: str, cloud: Cloud
) -> None:
    make(SSESpecification=under(key))
    dynamodb.put_item(TableName="table", Item=ITEM)
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    cloud.clock.advance(hours=1)
    found = dynamodb.describe_table(TableName="table")["Table"]
    assert found["TableStatus"] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    change(dynamodb, under())
    assert dynamodb.describe_table(TableName="table")["Table"]["TableStatus"] == "ACTIVE"
    assert dynamodb.get_item(TableName="table", Key=KEY)["Item"] == ITEM


def test_after_seven_days_the_table_is_a_backup(dynamodb: Any, make: Make, kms: Any, key: str, cloud: Cloud) -> None:
    make(SSESpecification=under(key))
    ttl = {"Enabled": True, "AttributeName": "ttl"}
    dynamodb.update_time_to_live(TableName="table", TimeToLiveSpecification=ttl)
    expires = {"N": f"{cloud.clock.now().timestamp() + 3600:.0f}"}  # which is no longer looked at then
    dynamodb.put_item(TableName="table", Item={**ITEM, "ttl": expires})
    kms.disable_key(KeyId=key)
    cloud.clock.advance(days=7, hours=2)
    found = dynamodb.describe_table(TableName="table")["Table"]
    assert found["TableStatus"] == "ARCHIVED"
    summary = found["ArchivalSummary"]
    assert summary["ArchivalReason"] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    (backup,) = dynamodb.list_backups(TableName="table")["BackupSummaries"]
    assert summary["ArchivalBackupArn"] == backup["BackupArn"]
    assert refusal(dynamodb.get_item, TableName="table", Key=KEY)[0] == "ResourceNotFoundException"
    dynamodb.delete_table(TableName="table")
    restore = {"TargetTableName": "table", "BackupArn": backup["BackupArn"]}
    assert refusal(dynamodb.restore_table_from_backup, **restore) == disabled(key)
    kms.enable_key(KeyId=key)
    dynamodb.restore_table_from_backup(**restore)
    cloud.clock.advance(days=30)
    assert dynamodb.get_item(TableName="table", Key=KEY)["Item"] == {**ITEM, "ttl": expires}


def test_backups_stay_under_the_key_that_they_were_made_with(
    dynamodb: Any, make: Make, kms: Any, key: str, cloud: Cloud
) -> None:
    make(SSESpecification=under(key))
    dynamodb.put_item(TableName="table", Item=ITEM)
    arn = dynamodb.create_backup(TableName="table", BackupName="backup")["BackupDetails"]["BackupArn"]
    change(dynamodb, {"Enabled": False})
    described = dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]["SourceTableFeatureDetails"]
    assert described["SSEDescription"] == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    dynamodb.delete_table(TableName="table")
    kms.disable_key(KeyId=key)
    cloud.clock.advance(days=10)
    restore = {"BackupArn": arn, "SSESpecificationOverride": {"Enabled": False}}
    assert refusal(dynamodb.restore_table_from_backup, TargetTableName="plain", **restore) == disabled(key)
    kms.enable_key(KeyId=key)
    dynamodb.restore_table_from_backup(TargetTableName="plain", **restore)
    dynamodb.restore_table_from_backup(TargetTableName="same", BackupArn=arn)
    assert (sse_of(dynamodb, "plain"), values_of(dynamodb, "plain")) == (None, {NEEDLE})
    assert (sse_of(dynamodb, "same") or {})["KMSMasterKeyArn"] == key
    other = kms.create_key()["KeyMetadata"]["Arn"]
    dynamodb.restore_table_from_backup(TargetTableName="other", BackupArn=arn, SSESpecificationOverride=under(other))
    assert ((sse_of(dynamodb, "other") or {})["KMSMasterKeyArn"], values_of(dynamodb, "other")) == (other, {NEEDLE})


def test_the_past_can_be_read_across_a_change(dynamodb: Any, key: str, cloud: Cloud) -> None:
    rich(dynamodb)
    cloud.clock.advance(minutes=10)
    moment = cloud.clock.now()
    cloud.clock.advance(minutes=10)
    change(dynamodb, under(key))
    dynamodb.put_item(TableName="table", Item={**ITEM, "sk": {"S": "b"}, "value": {"S": "later"}})
    cloud.clock.advance(minutes=10)
    dynamodb.restore_table_to_point_in_time(TargetTableName="then", SourceTableName="table", RestoreDateTime=moment)
    cloud.clock.advance(minutes=10)
    assert (values_of(dynamodb, "then"), values_of(dynamodb)) == ({f"{NEEDLE} again"}, {"later"})


def test_what_dynamodb_does_of_itself_waits_for_the_key(
    dynamodb: Any, make: Make, kms: Any, key: str, cloud: Cloud
) -> None:
    make(SSESpecification=under(key))
    dynamodb.update_time_to_live(TableName="table", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    expires = cloud.clock.now().timestamp() + 3600
    dynamodb.put_item(TableName="table", Item={**ITEM, "ttl": {"N": f"{expires:.0f}"}})
    kms.disable_key(KeyId=key)
    cloud.clock.advance(hours=5)
    assert dynamodb.describe_table(TableName="table")["Table"]["ItemCount"] == 1
    kms.enable_key(KeyId=key)
    cloud.clock.advance(hours=1)
    assert dynamodb.describe_table(TableName="table")["Table"]["ItemCount"] == 0


def test_members_of_a_global_table_have_keys_of_their_regions(
    dynamodb: Any, make: Make, kms: Any, key: str, cloud: Cloud
) -> None:
    make(SSESpecification=under(key))
    dynamodb.put_item(TableName="table", Item=ITEM)
    there, far = cloud.client("dynamodb", region_name="eu-west-1"), cloud.client("kms", region_name="eu-west-1")
    other = far.create_key()["KeyMetadata"]["Arn"]

    def create(region: str = "eu-west-1", **given: str) -> Any:
        return dynamodb.update_table(TableName="table", ReplicaUpdates=[{"Create": {"RegionName": region, **given}}])

    invalid = "One or more parameter values were invalid: "
    missing = ("ValidationException", f"{invalid}KMSMasterKeyId must be specified for each replica.")
    mixed = f"{invalid}All replica keys must either be Customer Managed CMK or AWS Managed CMK."
    absent = told("validation error for region eu-west-1", "NotFoundException", "Invalid arn us-east-1")
    assert refusal(create) == missing
    assert refusal(create, KMSMasterKeyId="alias/aws/dynamodb") == ("ValidationException", mixed)
    assert refusal(create, KMSMasterKeyId=key) == ("ValidationException", absent)
    create(KMSMasterKeyId=other.rpartition("/")[2])
    (replica,) = dynamodb.describe_table(TableName="table")["Table"]["Replicas"]
    assert (replica["RegionName"], replica["KMSMasterKeyId"]) == ("eu-west-1", other)
    assert (sse_of(there) or {})["KMSMasterKeyArn"] == other
    assert there.get_item(TableName="table", Key=KEY)["Item"] == ITEM

    far.disable_key(KeyId=other)
    cloud.clock.advance(hours=1)
    assert refusal(there.get_item, TableName="table", Key=KEY) == disabled(other)
    (replica,) = dynamodb.describe_table(TableName="table")["Table"]["Replicas"]
    assert replica["ReplicaStatus"] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    dynamodb.put_item(TableName="table", Item={**ITEM, "value": {"S": "written meanwhile"}})
    cloud.clock.advance(hours=1)
    far.enable_key(KeyId=other)
    cloud.clock.advance(hours=1)
    assert values_of(there) == {"written meanwhile"}

    given = {"Update": {"RegionName": "eu-west-1", "KMSMasterKeyId": far.create_key()["KeyMetadata"]["Arn"]}}
    second = kms.create_key()["KeyMetadata"]["Arn"]
    assert refusal(dynamodb.update_table, TableName="table", ReplicaUpdates=[given]) == missing
    assert refusal(change, dynamodb=dynamodb, given=under(second)) == missing
    change(dynamodb, under(second), ReplicaUpdates=[given])
    assert (sse_of(there) or {})["KMSMasterKeyArn"] == given["Update"]["KMSMasterKeyId"]
    change(dynamodb, under())
    managed = far.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]["Arn"]
    assert sse_of(there) == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": managed}
    assert values_of(there) == values_of(dynamodb) == {"written meanwhile"}


def test_dynamodb_goes_on_itself_with_what_a_caller_may_only_begin(
    dynamodb: Any, make: Make, hire: Hire, key: str, cloud: Cloud
) -> None:
    make()
    dynamodb.put_item(TableName="table", Item=ITEM)
    admin = hire("admin", ALL_OF_DYNAMODB, lets(key, "CreateGrant"))
    change(admin, under(key))
    admin.update_table(
        TableName="table",
        AttributeDefinitions=attributes(pk="S", other="S"),
        GlobalSecondaryIndexUpdates=[{"Create": index("gsi", "other")}],
    )
    cloud.clock.advance(seconds=1)
    assert sse_of(dynamodb) == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    assert values_of(dynamodb, IndexName="gsi") == {NEEDLE}
    assert "kms:Decrypt" in refusal(admin.scan, TableName="table")[1]
    change(admin, {"Enabled": False})
    cloud.clock.advance(seconds=1)
    assert (sse_of(dynamodb), values_of(admin)) == (None, {NEEDLE})


def test_a_member_without_its_key_for_twenty_hours_goes_on_alone(
    dynamodb: Any, make: Make, key: str, cloud: Cloud
) -> None:
    make(SSESpecification=under(key))
    there, far = cloud.client("dynamodb", region_name="eu-west-1"), cloud.client("kms", region_name="eu-west-1")
    other = far.create_key()["KeyMetadata"]["Arn"]
    create = {"Create": {"RegionName": "eu-west-1", "KMSMasterKeyId": other}}
    dynamodb.update_table(TableName="table", ReplicaUpdates=[create])
    dynamodb.put_item(TableName="table", Item=ITEM)
    cloud.clock.advance(seconds=1)
    far.disable_key(KeyId=other)
    cloud.clock.advance(hours=22)
    assert "Replicas" not in dynamodb.describe_table(TableName="table")["Table"]
    dynamodb.put_item(TableName="table", Item={**ITEM, "value": {"S": "not heard of"}})
    far.enable_key(KeyId=other)
    cloud.clock.advance(hours=1)
    found = there.describe_table(TableName="table")["Table"]
    assert (found["TableStatus"], "Replicas" in found) == ("ACTIVE", False)
    assert values_of(there) == {NEEDLE}


def test_out_to_s3_and_in_again(dynamodb: Any, make: Make, kms: Any, key: str, cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket")
    arn = make(SSESpecification=under(key))["TableArn"]
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="table", PointInTimeRecoverySpecification=recovery)
    dynamodb.put_item(TableName="table", Item=ITEM)
    cloud.clock.advance(minutes=10)
    export = {"TableArn": arn, "S3Bucket": "bucket", "S3SseAlgorithm": "KMS", "S3SseKmsKeyId": key}
    told = dynamodb.export_table_to_point_in_time(**export)["ExportDescription"]
    cloud.clock.advance(minutes=10)
    described = dynamodb.describe_export(ExportArn=told["ExportArn"])["ExportDescription"]
    assert (described["ExportStatus"], described["ItemCount"]) == ("COMPLETED", 1)
    (data,) = [
        found["Key"] for found in s3.list_objects_v2(Bucket="bucket")["Contents"] if found["Key"].endswith(".json.gz")
    ]
    head = s3.head_object(Bucket="bucket", Key=data)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    new = {
        "TableName": "new",
        "AttributeDefinitions": attributes(pk="S"),
        "KeySchema": key_schema("pk"),
        "BillingMode": "PAY_PER_REQUEST",
        "SSESpecification": under(),
    }
    dynamodb.import_table(
        S3BucketSource={"S3Bucket": "bucket", "S3KeyPrefix": data},
        InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP",
        TableCreationParameters=new,
    )
    cloud.clock.advance(minutes=10)
    assert values_of(dynamodb, "new") == {NEEDLE}
    assert (sse_of(dynamodb, "new") or {})["Status"] == "ENABLED"
    kms.disable_key(KeyId=key)
    cloud.clock.advance(minutes=10)
    assert refusal(dynamodb.export_table_to_point_in_time, **export) == disabled(key)
