"""The bill: what each service's usage costs, told by `cloud.bill`, the admin API and the command."""

from __future__ import annotations

import calendar
import json
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from hodei.cli import main
from hodei.kernel.ledger import Line
from hodei.kernel.tables import Place
from hodei.protocol.http import Body, Headers, Request
from hodei.services.s3.billing import volumes
from hodei.testing import ACCOUNT, Cloud

pytestmark = pytest.mark.feature("cloud.pay-per-use")

MONTH = datetime(2030, 6, 1, tzinfo=UTC)  # of 30 days
TABLE: dict[str, Any] = {
    "TableName": "orders",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}


@pytest.fixture
def june(cloud: Cloud) -> Cloud:
    """A cloud whose time begins with a month, and stands still."""
    cloud.clock.freeze()
    cloud._runner.call(cloud.world.set_time, MONTH.timestamp())
    return cloud


def used(cloud: Cloud, service: str) -> dict[str, float]:
    """How much of each usage there was."""
    found: dict[str, float] = {}
    for line in cloud.bill.lines(service=service):
        found[line.usage_type] = found.get(line.usage_type, 0.0) + line.quantity
    return found


# SQS


def test_a_big_payload_is_several_requests(june: Cloud) -> None:
    sqs = june.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    entries = [{"Id": str(number), "MessageBody": "x" * 65_536} for number in range(3)]
    sqs.send_message_batch(QueueUrl=url, Entries=[*entries, {"Id": "small", "MessageBody": "x"}])
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)
    by = {line.operation: line.quantity for line in june.bill.lines(service="sqs")}
    assert by == {"CreateQueue": 1, "SendMessageBatch": 4, "ReceiveMessage": 1}


def test_fifo_queues_cost_more_for_what_goes_through_them(june: Cloud) -> None:
    sqs = june.client("sqs", region_name="eu-west-1")
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="orders.fifo", Attributes=attributes)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="a")
    assert used(june, "sqs") == {"EU-Requests-Tier1": 1, "EU-Requests-FIFO-Tier1": 1}


def test_the_owner_pays_for_a_shared_queue(june: Cloud) -> None:
    owner, other = june.client("sqs"), june.client("sqs", account="111111111111")
    url = owner.create_queue(QueueName="orders")["QueueUrl"]
    owner.add_permission(QueueUrl=url, Label="share", AWSAccountIds=["111111111111"], Actions=["SendMessage"])
    other.send_message(QueueUrl=url, MessageBody="x")
    (line,) = [line for line in june.bill.lines() if line.operation == "SendMessage"]
    assert line.account == ACCOUNT


# DynamoDB


def test_request_units_of_a_table_on_demand(june: Cloud) -> None:
    dynamodb = june.client("dynamodb")
    dynamodb.create_table(**TABLE, BillingMode="PAY_PER_REQUEST")
    key = {"pk": {"S": "a"}}
    dynamodb.put_item(TableName="orders", Item={**key, "body": {"S": "x" * 1500}})
    dynamodb.get_item(TableName="orders", Key=key)
    dynamodb.get_item(TableName="orders", Key=key, ConsistentRead=True)
    dynamodb.transact_write_items(TransactItems=[{"Delete": {"TableName": "orders", "Key": key}}])
    assert used(june, "dynamodb") == {"WriteRequestUnits": 2 + 4, "ReadRequestUnits": 1.5}
    assert june.bill.total(service="dynamodb") == pytest.approx(6 * 6.25e-7 + 1.5 * 1.25e-7)
    (line,) = [line for line in june.bill.lines() if line.operation == "PutItem"]
    assert line.resource == f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"


def test_a_write_whose_condition_fails_costs_as_well(june: Cloud) -> None:
    dynamodb = june.client("dynamodb")
    dynamodb.create_table(**TABLE, BillingMode="PAY_PER_REQUEST")
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(TableName="orders", Item={"pk": {"S": "a"}}, ConditionExpression="attribute_exists(pk)")
    assert used(june, "dynamodb") == {"WriteRequestUnits": 1}


def test_provisioned_capacity_costs_whether_it_is_used_or_not(june: Cloud) -> None:
    throughput = {"ReadCapacityUnits": 125, "WriteCapacityUnits": 75}
    june.client("dynamodb").create_table(**TABLE, ProvisionedThroughput=throughput)
    june.client("dynamodb").get_item(TableName="orders", Key={"pk": {"S": "a"}})
    june.clock.advance(days=29)
    hours = 29 * 24
    assert used(june, "dynamodb") == {"ReadCapacityUnit-Hrs": 125 * hours, "WriteCapacityUnit-Hrs": 75 * hours}
    expected = (125 * hours - 18600) * 0.00013 + (75 * hours - 18600) * 0.00065
    assert june.bill.total(service="dynamodb") == pytest.approx(expected)


def test_backups_recovery_and_rare_access_have_prices_of_their_own(june: Cloud) -> None:
    dynamodb = june.client("dynamodb")
    dynamodb.create_table(**TABLE, BillingMode="PAY_PER_REQUEST", TableClass="STANDARD_INFREQUENT_ACCESS")
    dynamodb.put_item(TableName="orders", Item={"pk": {"S": "x" * 998}})
    dynamodb.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    backup = dynamodb.create_backup(TableName="orders", BackupName="one")["BackupDetails"]["BackupArn"]
    june.clock.advance(days=15)
    dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=backup)
    found = used(june, "dynamodb")
    assert found["IA-WriteRequestUnits"] == 1
    assert found["IA-TimedStorage-ByteHrs"] == pytest.approx(1100 / 2**30 / 2)
    assert found["TimedPITRStorage-ByteHrs"] == found["TimedBackupStorage-ByteHrs"] == pytest.approx(1000 / 2**30 / 2)
    assert found["RestoreDataSize-Bytes"] == pytest.approx(1000 / 2**30)


def test_exports_and_imports_are_billed_by_their_size(june: Cloud) -> None:
    s3, dynamodb = bucket(june), june.client("dynamodb")
    arn = dynamodb.create_table(**TABLE, BillingMode="PAY_PER_REQUEST")["TableDescription"]["TableArn"]
    dynamodb.put_item(TableName="orders", Item={"pk": {"S": "x" * 998}})
    dynamodb.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="photos", S3Prefix="out")
    line = b'{"Item":{"pk":{"S":"a"}}}\n'
    s3.put_object(Bucket="photos", Key="in/a.json", Body=line)
    dynamodb.import_table(
        S3BucketSource={"S3Bucket": "photos", "S3KeyPrefix": "in/"},
        InputFormat="DYNAMODB_JSON",
        TableCreationParameters={**TABLE, "TableName": "again", "BillingMode": "PAY_PER_REQUEST"},
    )
    june.settle()
    june.clock.advance(minutes=10)
    found = used(june, "dynamodb")
    assert found["ExportDataSize-Bytes"] == pytest.approx(1000 / 2**30)
    assert found["ImportDataSize-Bytes"] == pytest.approx(len(line) / 2**30)
    assert "RestoreDataSize-Bytes" not in found


def test_a_global_table_writes_in_each_region(june: Cloud) -> None:
    dynamodb = june.client("dynamodb")
    dynamodb.create_table(**TABLE, BillingMode="PAY_PER_REQUEST")
    dynamodb.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    dynamodb.put_item(TableName="orders", Item={"pk": {"S": "a"}})
    june.settle()
    june.clock.advance(seconds=10)
    found = used(june, "dynamodb")
    assert (found["ReplWriteRequestUnits"], found["EU-ReplWriteRequestUnits"]) == (1, 1)


# S3


def bucket(cloud: Cloud, **options: Any) -> Any:
    s3 = cloud.client("s3", **options)
    s3.create_bucket(Bucket="photos")
    return s3


def test_requests_by_kind_and_storage_class(june: Cloud) -> None:
    s3 = bucket(june)
    s3.put_object(Bucket="photos", Key="a", Body=b"x" * 1000)
    s3.put_object(Bucket="photos", Key="b", Body=b"x" * 1000, StorageClass="STANDARD_IA")
    for key in "ab":
        s3.get_object(Bucket="photos", Key=key)["Body"].read()
        s3.head_object(Bucket="photos", Key=key)
    s3.list_objects_v2(Bucket="photos")
    s3.delete_object(Bucket="photos", Key="a")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="photos", Key="missing")
    found = used(june, "s3")
    assert {name: amount for name, amount in found.items() if name.startswith("Requests")} == {
        "Requests-Tier1": 3,  # the bucket, an object, a list
        "Requests-Tier2": 3,
        "Requests-SIA-Tier1": 1,
        "Requests-SIA-Tier2": 2,
    }
    assert found["DataTransfer-Out-Bytes"] == pytest.approx(2000 / 2**30)
    assert found["Retrieval-SIA"] == pytest.approx(1000 / 2**30)


def test_storage_is_billed_by_class(june: Cloud) -> None:
    s3 = bucket(june)
    s3.put_object(Bucket="photos", Key="a", Body=b"x" * 1_000_000, Tagging="a=b")
    s3.put_object(Bucket="photos", Key="b", Body=b"x" * 1_000_000, StorageClass="STANDARD_IA")
    s3.put_object(Bucket="photos", Key="small", Body=b"x" * 1000, StorageClass="STANDARD_IA")
    s3.put_object(Bucket="photos", Key="cold", Body=b"x" * 1_000_000, StorageClass="DEEP_ARCHIVE")
    s3.put_object(Bucket="photos", Key="any", Body=b"x" * 1_000_000, StorageClass="INTELLIGENT_TIERING")
    june.clock.advance(days=15)
    found = {name: amount * 2 * 2**30 for name, amount in used(june, "s3").items() if name.startswith("TimedStorage")}
    assert found == pytest.approx(
        {
            "TimedStorage-ByteHrs": 1_000_000 + 8192,
            "TimedStorage-SIA-ByteHrs": 1_001_000,
            "TimedStorage-SIA-SmObjects": 131_072 - 1000,
            "TimedStorage-GDA-ByteHrs": 1_000_000 + 32_768,
            "TimedStorage-INT-FA-ByteHrs": 1_000_000,
        }
    )
    assert used(june, "s3")["Monitoring-Automation-INT"] == pytest.approx(0.5)
    assert used(june, "s3")["TagStorage-TagHrs"] == pytest.approx(0.5)


def test_storage_follows_what_becomes_of_objects(june: Cloud) -> None:
    """Versions and parts of uploads are there too; what is written over or deleted is not."""
    s3 = bucket(june)

    def stored() -> int:
        def read() -> int:
            return int(sum(one.amount for one in volumes.stored(june.world.store) if one.usage == "storage"))

        return cast(int, june._runner.call(read))

    s3.put_object(Bucket="photos", Key="a", Body=b"x" * 1000)
    s3.put_object(Bucket="photos", Key="a", Body=b"x" * 100)
    assert stored() == 100
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="photos", Key="a", Body=b"x" * 10)["VersionId"]
    s3.delete_object(Bucket="photos", Key="a")
    assert stored() == 110
    s3.delete_object(Bucket="photos", Key="a", VersionId=version)
    assert stored() == 100
    upload = {"Bucket": "photos", "Key": "big"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    etags = [s3.upload_part(**upload, PartNumber=1, Body=b"x" * size)["ETag"] for size in (50, 7)]
    assert stored() == 107
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etags[1]}]})
    assert stored() == 107
    other = s3.create_multipart_upload(Bucket="photos", Key="other")["UploadId"]
    s3.upload_part(Bucket="photos", Key="other", UploadId=other, PartNumber=1, Body=b"x" * 1000)
    s3.abort_multipart_upload(Bucket="photos", Key="other", UploadId=other)
    assert stored() == 107
    june._runner.call(forget_volumes, june)
    s3.put_object(Bucket="photos", Key="b", Body=b"x")
    assert stored() == 108  # counted anew, as of a bucket that was there before anything was counted


def forget_volumes(cloud: Cloud) -> None:
    place = Place(cloud.world.store, ACCOUNT, "us-east-1")
    with cloud.world.store.batch():
        volumes.volumes.delete_all(place, "photos")


def test_what_goes_early_is_billed_for_the_rest(june: Cloud) -> None:
    s3 = bucket(june)
    for key in ("early", "late"):
        s3.put_object(Bucket="photos", Key=key, Body=b"x" * 1_000_000, StorageClass="STANDARD_IA")
    june.clock.advance(days=10)
    s3.delete_object(Bucket="photos", Key="early")
    assert used(june, "s3")["EarlyDelete-SIA"] == pytest.approx(1_000_000 / 2**30 * 20 / 30)
    june.clock.advance(days=20)
    s3.delete_object(Bucket="photos", Key="late")
    again = used(june, "s3")["EarlyDelete-SIA"]
    assert again == pytest.approx(1_000_000 / 2**30 * 20 / 30)


def test_lifecycle_moves_are_requests_and_begin_a_duration(june: Cloud) -> None:
    s3 = bucket(june)
    s3.put_object(Bucket="photos", Key="a", Body=b"x" * 1_000_000)
    rule = {"ID": "cold", "Status": "Enabled", "Filter": {}, "Transitions": [{"Days": 5, "StorageClass": "GLACIER_IR"}]}
    s3.put_bucket_lifecycle_configuration(Bucket="photos", LifecycleConfiguration={"Rules": [rule]})
    june.clock.advance(days=10)
    found = used(june, "s3")
    assert found["Requests-Tier4"] == 1
    assert found["TimedStorage-GIR-ByteHrs"] == pytest.approx(1_000_000 / 2**30 * 4 / 30, rel=0.05)
    s3.delete_object(Bucket="photos", Key="a")
    assert used(june, "s3")["EarlyDelete-GIR"] == pytest.approx(1_000_000 / 2**30 * 86 / 30, rel=0.02)


def test_restores_are_billed_by_tier(june: Cloud) -> None:
    s3 = bucket(june)
    s3.put_object(Bucket="photos", Key="a", Body=b"x" * 1_000_000, StorageClass="GLACIER")
    s3.restore_object(
        Bucket="photos", Key="a", RestoreRequest={"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}
    )
    found = used(june, "s3")
    assert (found["Requests-GLACIER-Tier1"], found["Requests-Tier6"]) == (1, 1)
    assert found["Expedited-Retrieval-Bytes"] == pytest.approx(1_000_000 / 2**30)


def test_the_owner_of_a_bucket_pays_unless_the_requester_does(june: Cloud) -> None:
    s3 = bucket(june)
    s3.put_object(Bucket="photos", Key="a", Body=b"x")
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": "111111111111"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::photos/*",
    }
    s3.put_bucket_policy(Bucket="photos", Policy=json.dumps({"Version": "2012-10-17", "Statement": allow}))
    other = june.client("s3", account="111111111111")
    other.get_object(Bucket="photos", Key="a")["Body"].read()
    assert {line.account for line in june.bill.lines(operation="GetObject")} == {ACCOUNT}
    s3.put_bucket_request_payment(Bucket="photos", RequestPaymentConfiguration={"Payer": "Requester"})
    other.get_object(Bucket="photos", Key="a", RequestPayer="requester")["Body"].read()
    paid = {(line.account, line.usage_type): line.metered.amount for line in june.bill.lines(operation="GetObject")}
    assert paid == {
        (ACCOUNT, "Requests-Tier2"): 1,
        (ACCOUNT, "DataTransfer-Out-Bytes"): 1,
        ("111111111111", "Requests-Tier2"): 1,
        ("111111111111", "DataTransfer-Out-Bytes"): 1,
    }
    with pytest.raises(ClientError):
        other.delete_object(Bucket="photos", Key="a")
        other.list_objects_v2(Bucket="photos")
    with pytest.raises(ClientError):
        other.list_objects_v2(Bucket="photos")
    assert june.bill.lines(operation="ListObjectsV2") == []  # a stranger that is denied costs nothing


def test_a_page_of_a_website_is_a_request(june: Cloud) -> None:
    s3 = bucket(june)
    s3.put_object(Bucket="photos", Key="index.html", Body=b"x" * 1000)
    s3.delete_public_access_block(Bucket="photos")
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
    s3.put_bucket_policy(Bucket="photos", Policy=json.dumps({"Version": "2012-10-17", "Statement": allow}))
    s3.put_bucket_website(Bucket="photos", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    host = ("Host", "photos.s3-website-us-east-1.amazonaws.com")
    assert june.send(Request("GET", "/", Headers([host]), Body(b""))).status == 200
    found = {line.usage_type: line.metered.amount for line in june.bill.lines(operation="GetObject")}
    assert found == {"Requests-Tier2": 1, "DataTransfer-Out-Bytes": 1000}


def test_the_bucket_s_tags_are_on_its_lines(june: Cloud) -> None:
    s3 = bucket(june, region_name="us-east-1")
    s3.put_bucket_tagging(Bucket="photos", Tagging={"TagSet": [{"Key": "team", "Value": "shop"}]})
    s3.put_object(Bucket="photos", Key="a", Body=b"x")
    (line,) = june.bill.lines(operation="PutObject")
    assert line.tags == {"team": "shop"}


# KMS, Secrets Manager, Systems Manager


def test_keys_cost_a_dollar_a_month_with_their_first_rotations(june: Cloud) -> None:
    kms = june.client("kms")
    rotated, doomed = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    kms.schedule_key_deletion(KeyId=doomed, PendingWindowInDays=30)
    june.clock.advance(days=15)
    assert used(june, "kms")["us-east-1-KMS-Keys"] == pytest.approx(0.5)
    kms.rotate_key_on_demand(KeyId=rotated)
    june.clock.advance(days=6)
    assert june.bill.total(usage_type="us-east-1-KMS-Keys") == pytest.approx(0.5 + 2 * 0.2)


def test_requests_cost_by_the_kind_of_key(june: Cloud) -> None:
    kms = june.client("kms")
    plain = kms.create_key()["KeyMetadata"]["KeyId"]
    rsa, ecc = (
        kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        for spec in ("RSA_2048", "ECC_NIST_P256")
    )
    kms.encrypt(KeyId=plain, Plaintext=b"x")
    kms.sign(KeyId=rsa, Message=b"x", SigningAlgorithm="RSASSA_PSS_SHA_256")
    kms.sign(KeyId=ecc, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    kms.generate_data_key_pair(KeyId=plain, KeyPairSpec="ECC_NIST_P256")
    assert {name: amount for name, amount in used(june, "kms").items() if "Requests" in name} == {
        "us-east-1-KMS-Requests": 4,
        "us-east-1-KMS-Requests-Asymmetric-RSA_2048": 1,
        "us-east-1-KMS-Requests-Asymmetric": 1,
        "us-east-1-KMS-Requests-GenerateDatakeyPair-ECC": 1,
    }
    assert june.bill.total(service="kms") == pytest.approx(3e-6 + 1.5e-5 + 1e-5)


def test_what_a_service_does_with_a_key_is_a_request(june: Cloud) -> None:
    june.client("secretsmanager").create_secret(Name="db", SecretString="x")
    assert used(june, "kms")["us-east-1-KMS-Requests"] >= 1


def test_secrets(june: Cloud) -> None:
    secrets = june.client("secretsmanager")
    secrets.create_secret(Name="db", SecretString="x", Tags=[{"Key": "team", "Value": "shop"}])
    secrets.get_secret_value(SecretId="db")
    june.clock.advance(days=15)
    assert used(june, "secretsmanager") == {
        "USE1-AWSSecretsManager-Secrets": pytest.approx(0.5),
        "USE1-AWSSecretsManagerAPIRequest": 2,
    }
    assert june.bill.total(service="secretsmanager") == pytest.approx(0.2 + 2 * 5e-6)
    assert all(line.tags == {"team": "shop"} for line in june.bill.lines(operation="GetSecretValue"))


def test_advanced_parameters_and_higher_throughput(june: Cloud) -> None:
    ssm = june.client("ssm")
    ssm.put_parameter(Name="/free", Value="x", Type="String")
    ssm.put_parameter(Name="/dear", Value="x", Type="String", Tier="Advanced")
    ssm.get_parameters(Names=["/free", "/dear"])
    june.clock.advance(days=15)
    assert used(june, "ssm") == {
        "USE1-PS-Advanced-Param-Tier1": pytest.approx(0.5),
        "USE1-PS-Param-Processed-Tier2": 2,
    }
    ssm.update_service_setting(SettingId="/ssm/parameter-store/high-throughput-enabled", SettingValue="true")
    ssm.get_parameters(Names=["/free", "/dear"])
    assert used(june, "ssm")["USE1-PS-Param-Processed-Tier1"] == 1


# the whole


def test_tags_of_a_resource_are_on_its_lines(june: Cloud) -> None:
    sqs = june.client("sqs")
    url = sqs.create_queue(QueueName="orders", tags={"team": "shop"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (line,) = june.bill.lines(operation="SendMessage")
    assert line.tags == {"team": "shop"}


def test_months_begin_anew(june: Cloud) -> None:
    """Free amounts and tiers, and what a month of storage is."""
    june.client("dynamodb").create_table(
        **TABLE, ProvisionedThroughput={"ReadCapacityUnits": 25, "WriteCapacityUnits": 25}
    )
    june.clock.advance(days=61)
    assert june.bill.total(service="dynamodb") == 0  # 25 units are free in each month
    june.client("secretsmanager").create_secret(Name="db", SecretString="x")
    at = june.clock.now()
    days = calendar.monthrange(at.year, at.month)[1]
    june.clock.advance(days=1)
    assert used(june, "secretsmanager")["USE1-AWSSecretsManager-Secrets"] == pytest.approx(1 / days)


def test_a_snapshot_carries_the_bill(june: Cloud) -> None:
    june.client("sqs").list_queues()
    june.save("before")
    june.client("sqs").list_queues()
    assert used(june, "sqs") == {"Requests-RBP": 2}
    june.load("before")
    assert used(june, "sqs") == {"Requests-RBP": 1}
    june.reset()
    assert june.bill.lines() == []


def test_an_account_that_is_reset_has_no_bill(june: Cloud) -> None:
    for account in ("111111111111", "222222222222"):
        june.client("sqs", account=account).list_queues()
    june.reset("111111111111")
    assert [line.account for line in june.bill.lines()] == ["222222222222"]


def test_a_restart_keeps_it(tmp_path: Any) -> None:
    with Cloud(directory=tmp_path) as cloud:
        cloud.client("sqs").list_queues()
    with Cloud(directory=tmp_path) as cloud:
        (line,) = cloud.bill.lines()
        assert (line.service, line.operation, line.quantity) == ("sqs", "ListQueues", 1)


def test_a_budget_fails_a_test(june: Cloud) -> None:
    """A test that spends too much says so: `assert cloud.bill.total() < 1`."""
    june.client("kms").create_key()
    june.clock.advance(days=29)
    with pytest.raises(AssertionError):
        assert june.bill.total() < 0.5


def test_lines_are_of_what_is_asked_for(june: Cloud) -> None:
    june.client("sqs").list_queues()
    june.client("sqs", region_name="eu-west-1").list_queues()
    june.client("kms").list_keys()

    def told(lines: list[Line]) -> list[tuple[str, str]]:
        return sorted((line.service, line.region) for line in lines)

    assert told(june.bill.lines(service="sqs")) == [("sqs", "eu-west-1"), ("sqs", "us-east-1")]
    assert told(june.bill.lines(region="us-east-1")) == [("kms", "us-east-1"), ("sqs", "us-east-1")]


# the admin API and the command


def spend(cloud: Cloud) -> None:
    cloud.client("kms").create_key(Tags=[{"TagKey": "team", "TagValue": "shop"}])
    cloud.clock.advance(days=15)
    cloud.client("sqs", account="111111111111").list_queues()


def ask(cloud: Cloud, query: str = "") -> Any:
    answer = cloud.send(Request("GET", f"/_hodei/bill?{query}", Headers([("Host", "localhost")]), Body(b"")))
    return json.loads(cast(bytes, answer.body))


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("service", {"AWS Key Management Service": 0.5, "Amazon Simple Queue Service": 0}),
        ("account", {ACCOUNT: 0.5, "111111111111": 0}),
        ("region", {"us-east-1": 0.5}),
        ("usage", {"us-east-1-KMS-Keys": 0.5, "us-east-1-KMS-Requests": 0, "Requests-RBP": 0}),
        ("tag:team", {"shop": 0.5, "": 0}),
    ],
)
def test_the_admin_api_tells_it_by(june: Cloud, by: str, expected: dict[str, float]) -> None:
    spend(june)
    found = ask(june, f"by={by}")
    assert {row["name"]: row["cost"] for row in found["rows"]} == pytest.approx(expected)
    assert (found["total"], found["currency"]) == (pytest.approx(0.5), "USD")


def test_the_admin_api_tells_it_of_one_account_and_span(june: Cloud) -> None:
    spend(june)
    assert ask(june, "account=111111111111")["total"] == 0
    days = ask(june, "by=day&start=2030-06-02&end=2030-06-04")["rows"]
    assert [row["name"] for row in days] == ["2030-06-02", "2030-06-03"]
    assert sum(row["cost"] for row in days) == pytest.approx(2 / 30)
    assert "there are service" in ask(june, "by=mood")["error"]
    assert "is no day" in ask(june, "start=June")["error"]


def test_the_command_prints_a_table(june: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    spend(june)

    def local(url: str, method: str, path: str, body: Any = None) -> Any:
        return ask(june, path.partition("?")[2])

    monkeypatch.setattr("hodei.cli_bill.ask", local)
    assert main(["bill", "--by", "usage"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[1].split() == ["us-east-1-KMS-Keys", "0.5", "Keys", "0.50000000"]
    assert printed[-1].split() == ["Total", "0.50000000", "USD"]
    assert main(["bill", "--account", ACCOUNT, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["name"] == "AWS Key Management Service"
