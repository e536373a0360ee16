"""What services publish of themselves, and what alarms tell other services."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from hodei.testing import Cloud

service_metrics = pytest.mark.feature("cloudwatch.service-metrics")
CODE = """
def handler(event, context):
    assert event["source"] == "aws.cloudwatch"
    assert event["alarmData"]["state"]["value"] == "ALARM"
"""


def total(cloud: Cloud, namespace: str, name: str, stat: str = "Sum", **dimensions: str) -> float | None:
    """Of the last hour; None: no data."""
    found = cloud.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=cloud.clock.now() - timedelta(hours=1),
        EndTime=cloud.clock.now() + timedelta(minutes=1),
        Period=3600 * 24,
        Statistics=[stat],
    )["Datapoints"]
    return found[0][stat] if found else None


@service_metrics
def test_queues(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    for body in ("1", "22", "333"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    message = sqs.receive_message(QueueUrl=url)["Messages"][0]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def of_queue(name: str, stat: str = "Sum") -> float | None:
        return total(cloud, "AWS/SQS", name, stat, QueueName="q")

    assert of_queue("NumberOfMessagesSent") == 3
    assert of_queue("SentMessageSize") == 6
    assert of_queue("SentMessageSize", "Maximum") == 3
    assert of_queue("NumberOfMessagesReceived") == 1
    assert of_queue("NumberOfMessagesDeleted") == 1
    cloud.clock.advance(minutes=1)
    assert of_queue("ApproximateNumberOfMessagesVisible", "Maximum") == 2
    assert of_queue("ApproximateNumberOfMessagesNotVisible", "Maximum") == 0
    age = of_queue("ApproximateAgeOfOldestMessage", "Maximum")
    assert age is not None and 60 <= age < 120
    names = {one["MetricName"] for one in cloud.client("cloudwatch").list_metrics(Namespace="AWS/SQS")["Metrics"]}
    assert "ApproximateNumberOfMessagesDelayed" in names


@service_metrics
def test_buckets(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="a", Body=b"x" * 1000)
    s3.put_object(Bucket="bucket", Key="b", Body=b"x" * 500)
    s3.put_object(Bucket="bucket", Key="c", Body=b"x" * 7, StorageClass="STANDARD_IA")
    cloud.clock.advance(days=1)

    def of_bucket(name: str, kind: str) -> list[float]:
        points = cloud.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/S3",
            MetricName=name,
            Dimensions=[{"Name": "BucketName", "Value": "bucket"}, {"Name": "StorageType", "Value": kind}],
            StartTime=cloud.clock.now() - timedelta(days=3),
            EndTime=cloud.clock.now(),
            Period=86400,
            Statistics=["Average"],
        )["Datapoints"]
        return [point["Average"] for point in points]

    assert of_bucket("BucketSizeBytes", "StandardStorage") == [1500]
    assert of_bucket("BucketSizeBytes", "StandardIAStorage") == [7]
    assert of_bucket("NumberOfObjects", "AllStorageTypes") == [3]


@service_metrics
def test_tables(cloud: Cloud) -> None:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="table",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
    )
    dynamodb.put_item(TableName="table", Item={"k": {"S": "1"}})
    dynamodb.get_item(TableName="table", Key={"k": {"S": "1"}}, ConsistentRead=True)
    assert total(cloud, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", TableName="table") == 1
    assert total(cloud, "AWS/DynamoDB", "ConsumedReadCapacityUnits", TableName="table") == 1


@service_metrics
def test_metrics_outlive_a_rewind_as_they_were(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="1")
    cloud.save("then")
    sqs.send_message(QueueUrl=url, MessageBody="2")
    cloud.load("then")
    assert total(cloud, "AWS/SQS", "NumberOfMessagesSent", QueueName="q") == 1
    cloud.reset(account="000000000000")
    assert total(cloud, "AWS/SQS", "NumberOfMessagesSent", QueueName="q") is None


@service_metrics
@pytest.mark.feature("cloudwatch.alarms")
def test_alarms_invoke_functions(cloud: Cloud) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", CODE)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role = cloud.client("iam").create_role(RoleName="fn", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    functions = cloud.client("lambda")
    arn = functions.create_function(
        FunctionName="told", Role=role, Runtime="python3.11", Handler="app.handler", Code={"ZipFile": packed.getvalue()}
    )["FunctionArn"]
    functions.add_permission(
        FunctionName="told",
        StatementId="alarms",
        Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com",
    )
    cloudwatch = cloud.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="a", MetricName="m", Namespace="n", Period=60, Statistic="Sum", EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", AlarmActions=[arn],
    )  # fmt: skip
    cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 2}])
    cloud.clock.advance(minutes=1)
    cloud.settle()
    assert total(cloud, "AWS/Lambda", "Invocations", FunctionName="told") == 1
    assert total(cloud, "AWS/Lambda", "Errors", FunctionName="told") == 0


@pytest.mark.feature("cloudwatch.alarms")
def test_events(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    emitted: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(cloud.world.bus, "emit", lambda ctx, kind, detail, arns: emitted.append((kind, detail)))
    cloudwatch = cloud.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="a", MetricName="m", Namespace="n", Period=60, Statistic="Sum", EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", AlarmDescription="d",
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test", StateReasonData="{}")
    cloudwatch.delete_alarms(AlarmNames=["a"])
    kinds = [(kind.removeprefix("CloudWatch Alarm "), detail.get("operation")) for kind, detail in emitted]
    assert kinds == [("Configuration Change", "create"), ("State Change", None), ("Configuration Change", "delete")]
    change = emitted[1][1]
    assert change["state"]["value"] == "ALARM"
    assert change["state"]["reasonData"] == "{}"
    assert change["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert change["configuration"]["description"] == "d"
    assert change["configuration"]["metrics"][0]["metricStat"]["stat"] == "Sum"


@service_metrics
def test_requests_to_buckets(cloud: Cloud) -> None:
    """Of those that have metrics configurations: of all requests, of a prefix, of a tag."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="shop")
    s3.put_object(Bucket="shop", Key="before", Body=b"x")
    filters: dict[str, Any] = {"all": None, "in": {"Prefix": "in/"}, "hot": {"Tag": {"Key": "heat", "Value": "hot"}}}
    for id, wanted in filters.items():
        given = {"Id": id} | ({"Filter": wanted} if wanted else {})
        s3.put_bucket_metrics_configuration(Bucket="shop", Id=id, MetricsConfiguration=given)
    s3.put_object(Bucket="shop", Key="in/a", Body=b"12345", Tagging="heat=hot")
    s3.put_object(Bucket="shop", Key="b", Body=b"123")
    s3.get_object(Bucket="shop", Key="in/a")["Body"].read()
    s3.head_object(Bucket="shop", Key="b")
    s3.list_objects_v2(Bucket="shop", Prefix="in/")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="shop", Key="in/none")
    s3.delete_object(Bucket="shop", Key="b")

    def of(filter: str, name: str, stat: str = "Sum") -> float | None:
        return total(cloud, "AWS/S3", name, stat, BucketName="shop", FilterId=filter)

    assert (of("all", "GetRequests"), of("all", "HeadRequests"), of("all", "ListRequests")) == (2, 1, 1)
    assert (of("all", "DeleteRequests"), of("all", "4xxErrors"), of("all", "5xxErrors")) == (1, 1, 0)
    assert (of("in", "AllRequests"), of("in", "PutRequests"), of("in", "GetRequests")) == (4, 1, 2)
    assert (of("in", "BytesUploaded"), of("in", "BytesDownloaded")) == (5, 5)
    assert (of("hot", "AllRequests"), of("hot", "4xxErrors")) == (2, 0)
    assert of("all", "TotalRequestLatency", "SampleCount") == of("all", "AllRequests")
    for id in filters:
        s3.delete_bucket_metrics_configuration(Bucket="shop", Id=id)
    counted = of("all", "AllRequests")
    s3.list_objects_v2(Bucket="shop")
    assert of("all", "AllRequests") == counted


@service_metrics
def test_how_long_requests_take(cloud: Cloud) -> None:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="latent",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    cloud.clock.resume()
    cloud.fault(service="dynamodb", operation="PutItem", latency="50ms")
    item = {"id": {"S": "a"}}
    dynamodb.put_item(TableName="latent", Item=item)
    dynamodb.get_item(TableName="latent", Key=item)
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "latent", "Item": item}}])
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.get_item(TableName="none", Key=item)

    def of(operation: str, stat: str, table: str = "latent") -> float | None:
        return total(cloud, "AWS/DynamoDB", "SuccessfulRequestLatency", stat, TableName=table, Operation=operation)

    slow, quick = of("PutItem", "Average"), of("GetItem", "Average")
    assert slow is not None and quick is not None and slow >= 50 > quick >= 0
    assert of("TransactWriteItems", "SampleCount") == 1
    assert of("GetItem", "SampleCount", "none") is None


@service_metrics
def test_key_material_that_expires(cloud: Cloud) -> None:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    kms = cloud.client("kms")
    id = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    given = kms.get_parameters_for_import(KeyId=id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    public = serialization.load_der_public_key(given["PublicKey"])
    assert isinstance(public, rsa.RSAPublicKey)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    kms.import_key_material(
        KeyId=id,
        ImportToken=given["ImportToken"],
        EncryptedKeyMaterial=public.encrypt(bytes(32), oaep),
        ValidTo=cloud.clock.now() + timedelta(hours=2),
    )
    cloud.clock.advance(hours=1)
    left = total(cloud, "AWS/KMS", "SecondsUntilKeyMaterialExpiration", "Minimum", KeyId=id)
    assert left == pytest.approx(3600, abs=100)


@service_metrics
def test_how_many_secrets_there_are(cloud: Cloud) -> None:
    client = cloud.client("secretsmanager")
    for name in ("one", "two"):
        client.create_secret(Name=name, SecretString="x")
    client.delete_secret(SecretId="two", RecoveryWindowInDays=7)
    cloud.clock.advance(hours=1)
    of = {"Class": "None", "Resource": "SecretCount", "Service": "Secrets Manager", "Type": "Resource"}
    assert total(cloud, "AWS/SecretsManager", "ResourceCount", "Maximum", **of) == 2
