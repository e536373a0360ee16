"""Generated requests at every operation there is: each is answered in its service's format, and none does harm.

HODEI_HOSTILE_EXAMPLES raises the number of examples of an operation (and takes other ones than every run does).
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import logging
import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any

import cbor2
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

from hodei.inprocess import make_request
from hodei.kernel.manifest import all_manifests
from hodei.kernel.service import load_service
from hodei.kernel.tables import Place
from hodei.protocol.http import Response
from hodei.services.cloudtrail.records.record import record_of
from hodei.testing import Cloud
from hostile import experiments, flows, functions, identities, points, scaled, streams_of_logs, tables, trails, watch
from hostile.generate import Pools, Sent, requests

EXAMPLES = int(os.environ.get("HODEI_HOSTILE_EXAMPLES", "0"))
OPERATIONS = [(name, operation) for name in all_manifests() for operation in sorted(load_service(name).handlers)]
ACCOUNT, OTHER = "000000000000", "111111111111"
QUICK, PATIENCE = 0.3, 10.0  # seconds: an answer that takes longer is a long poll; one that takes longer hangs
OWN_FAILURES = (  # AWS's, as it has them; ours would be in the log
    b"<Code>InternalError</Code>",  # S3, for bucket tags that repeat a key
    b"cannot run on this machine",  # Lambda, whose InvalidRuntimeException is a 502
)
REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id")
QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:"


class Loud(logging.Handler):
    """Keeps what the cloud says of itself that is an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(logging.Formatter().format(record))


class Primed:
    """A cloud in which there is something of everything, to be gone back to before each example."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.loud = Loud()
        self.pools = {"sqs": Pools(QUEUES), "s3": Pools(OBJECTS)}
        self._prime_sqs()
        self._prime_s3()
        self.pools |= dict.fromkeys(("dynamodb", "dynamodbstreams"), Pools(tables.prime(cloud)))
        self.pools["iam"] = Pools(identities.prime(cloud))
        self.pools["fis"] = Pools(experiments.prime(cloud))
        self.pools["lambda"] = Pools(functions.prime(cloud))
        self.pools["s3control"] = Pools(points.prime(cloud))
        self.pools["cloudtrail"] = Pools(trails.prime(cloud))
        self.pools["kinesis"] = Pools(flows.prime(cloud))
        self.pools["logs"] = Pools(streams_of_logs.prime(cloud))
        self.pools["cloudwatch"] = Pools(watch.prime(cloud))
        self.pools["application-autoscaling"] = Pools(scaled.prime(cloud))
        self._prime_the_other_account()
        cloud.clock.freeze()
        cloud.settle()
        cloud.save("primed")

    def _prime_sqs(self) -> None:
        sqs = self.cloud.client("sqs")
        dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
        policy = json.dumps({"deadLetterTargetArn": f"{QUEUE_ARN}dead", "maxReceiveCount": "2"})
        let = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
        let_s3 = json.dumps({"Version": "2012-10-17", "Statement": let | {"Resource": f"{QUEUE_ARN}orders"}})
        attributes = {"RedrivePolicy": policy, "Policy": let_s3}
        orders = sqs.create_queue(QueueName="orders", Attributes=attributes)["QueueUrl"]
        fifo = sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        for number in range(6):
            sqs.send_message(QueueUrl=orders, MessageBody=f"m{number}")
            sqs.send_message(QueueUrl=dead, MessageBody=f"d{number}")
            sqs.send_message(
                QueueUrl=fifo, MessageBody="f", MessageGroupId=f"g{number % 2}", MessageDeduplicationId=str(number)
            )
        handles = []
        for url in (orders, fifo):
            got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=3, VisibilityTimeout=600)["Messages"]
            handles += [message["ReceiptHandle"] for message in got]
        task = sqs.start_message_move_task(SourceArn=f"{QUEUE_ARN}dead", MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
        QUEUES.update(QueueUrl=[orders, orders, fifo, dead], ReceiptHandle=handles, TaskHandle=[task])

    def _prime_s3(self) -> None:
        s3 = self.cloud.client("s3")
        for bucket in ("plain", "versioned", "copies"):
            s3.create_bucket(Bucket=bucket)
        s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
        for bucket in ("versioned", "copies"):
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        owner = s3.list_buckets()["Owner"]["ID"]
        OBJECTS["AccessControlPolicy"][0]["Owner"]["ID"] = owner
        OBJECTS["ID"] = [owner, "x"]
        for name, (bucket, call) in CONFIGURATIONS.items():
            given = {"Id": "word"} if name in WITH_ID else {}
            getattr(s3, call)(Bucket=bucket, **{name: OBJECTS[name][0]}, **given)
        versions, uploads = ["null"], []
        for bucket in ("plain", "versioned", "locked"):
            for key, size in (("a", 5), ("dir/b", 0), ("big", 100_000)):
                versions.append(s3.put_object(Bucket=bucket, Key=key, Body=b"x" * size).get("VersionId", "null"))
            s3.put_object(Bucket=bucket, Key="cold", Body=b"ice", StorageClass="GLACIER")
            upload = s3.create_multipart_upload(Bucket=bucket, Key="a", ChecksumAlgorithm="CRC32")["UploadId"]
            part = s3.upload_part(Bucket=bucket, Key="a", UploadId=upload, PartNumber=1, Body=b"p" * 70_000)
            uploads.append(upload)
        versions.append(s3.delete_object(Bucket="versioned", Key="a")["VersionId"])
        complete = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}]}
        OBJECTS.update(
            UploadId=[uploads[0], *uploads],
            VersionId=versions,
            UploadIdMarker=uploads,
            VersionIdMarker=versions,
            MultipartUpload=[complete],
        )

    def _prime_the_other_account(self) -> None:
        sqs, s3, dynamodb = self.canaries = [
            self.cloud.client(service, account=OTHER) for service in ("sqs", "s3", "dynamodb")
        ]
        self.canary_queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.send_message(QueueUrl=self.canary_queue, MessageBody="kept")
        s3.create_bucket(Bucket="canary")
        s3.put_object(Bucket="canary", Key="kept", Body=b"k" * 80_000)
        given = {"AttributeDefinitions": tables.KINDS[:2], "BillingMode": "PAY_PER_REQUEST"}
        dynamodb.create_table(TableName="items", KeySchema=tables.SCHEMA, **given)
        dynamodb.put_item(TableName="items", Item=tables.key_of("kept", 1))

    # one request

    def answer(self, one: Sent) -> Response:
        """Long polls and subscriptions get their time; what is not answered then hangs."""
        url = f"http://localhost:4566{one.target}"
        made = make_request(one.method, url, list(one.headers), one.body)
        made.target = one.target
        made.path, _, made.query = one.target.partition("?")
        future = self.cloud._runner.submit(self._whole(made))
        try:
            return future.result(QUICK)
        except concurrent.futures.TimeoutError:
            self.cloud.clock.advance(seconds=301)
            return future.result(PATIENCE)

    async def _whole(self, made: Any) -> Response:
        response = await self.cloud._runner.answer(made)
        if not isinstance(response.body, bytes):
            response.body = b"".join([part async for part in response.body])
        return response

    # after it

    def check_canaries(self) -> None:
        """A client of another account notices nothing."""
        sqs, s3, dynamodb = self.canaries
        assert s3.get_object(Bucket="canary", Key="kept")["Body"].read() == b"k" * 80_000
        s3.put_object(Bucket="canary", Key="new", Body=b"new")
        assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="canary")["Contents"]] == ["kept", "new"]
        (message,) = sqs.receive_message(QueueUrl=self.canary_queue, VisibilityTimeout=0)["Messages"]
        assert message["Body"] == "kept"
        dynamodb.put_item(TableName="items", Item=tables.key_of("new", 1))
        assert sorted(item["pk"]["S"] for item in dynamodb.scan(TableName="items")["Items"]) == ["kept", "new"]

    def check_nothing_is_left(self) -> None:
        """No task, no wait, no file that belongs to nobody, no object without its body."""
        self.cloud.settle()
        self.cloud._runner.call(self._look)

    def _look(self) -> None:
        world = self.cloud.world
        self._check_records(world)
        blobs, agenda = world.blobs, world.agenda
        assert not blobs._writing
        assert not blobs._unkept, "a file that no row refers to"
        assert not [task for task in agenda._running if task not in agenda._parked]
        assert not agenda._polls
        tasks = [task for task in asyncio.all_tasks() if task not in agenda._running]
        assert len(tasks) == 1, tasks
        assert world.store._batch is None
        for service in all_manifests():
            for table in world.service(service).tables.values():
                for account in (ACCOUNT, OTHER) if table.scope != "global" else ("",):
                    self._check_table(world.context(service, account=account, region="us-east-1"), table)

    @staticmethod
    def _check_records(world: Any) -> None:
        """CloudTrail finds words for what has been asked last, whatever it was."""
        world.ledger.flush()
        events = world.ledger.audit.events(Place(world.store, ACCOUNT, "us-east-1"), start=0, end=1e12, reverse=True)
        for event in next(events):
            msgspec.json.encode(record_of(event, ACCOUNT), enc_hook=str)

    def _check_table(self, ctx: Any, table: Any) -> None:
        """All records can be read, and every index has a row for each that it should have, and no more."""
        records = {tuple(getattr(record, field) for field in table.key): record for record in table.scan(ctx)}
        for record in records.values():
            pieces = getattr(record, "pieces", ())
            assert all(self._is_there(ctx, piece) for piece in pieces), f"a body is missing: {record}"
        for index, fields in table.index.items():
            wanted = {
                (*(getattr(record, field) for field in fields), *key)
                for key, record in records.items()
                if all(getattr(record, field) is not None for field in fields)
            }
            assert wanted == set(table.index_keys(index, ctx)), f"{table.name}.{index}"

    @staticmethod
    def _is_there(ctx: Any, piece: Any) -> bool:
        if piece.blob:
            return bool(ctx.blobs.size(piece.blob) == piece.size)
        row = load_service("s3").tables["data"].get(ctx, piece.id)
        return row is not None and len(row.body) == piece.size


# What members may name, besides what `Primed` adds.
QUEUES: dict[str, list[Any]] = {
    "QueueName": ["orders", "dead", "new", "orders.fifo", "new.fifo", "a" * 81],
    "QueueOwnerAWSAccountId": [ACCOUNT, ACCOUNT, OTHER],
    "Attributes key": ["VisibilityTimeout", "RedrivePolicy", "DelaySeconds", "MaximumMessageSize", "RedriveAllowPolicy", "FifoQueue",
                       "MessageRetentionPeriod", "Policy", "ReceiveMessageWaitTimeSeconds", "ContentBasedDeduplication", "KmsMasterKeyId",
                       "DeduplicationScope", "FifoThroughputLimit", "SqsManagedSseEnabled", "QueueArn"],
    "Attributes value": ["0", "1", "30", "1024", "true", "false", "", "x", "{}", "[]", "null", '{"redrivePermission":"byQueue","sourceQueueArns":["x"]}',
                         json.dumps({"deadLetterTargetArn": f"{QUEUE_ARN}dead", "maxReceiveCount": 1}),
                         json.dumps({"deadLetterTargetArn": 7, "maxReceiveCount": []}), '{"maxReceiveCount":1e400}', '{"Statement":7}',
                         '{"redrivePermission":[],"sourceQueueArns":{}}', "perQueue", "messageGroup", "perMessageGroupId", "1e3", "-1", "²", "٣"],
    "AttributeName": ["All", "QueueArn", "ApproximateNumberOfMessages", "SentTimestamp", "x"],
    "AttributeNames": [["All"], ["QueueArn"], ["Policy", "x"]],
    "MessageAttributeName": ["All", ".*", "a", "a.*"],
    "MessageSystemAttributeName": ["All", "SenderId", "MessageGroupId"],
    "MessageSystemAttributes key": ["AWSTraceHeader", "x"],
    "MessageAttributes key": ["a", "b", "AWS.x", ".x", "x..y", "ü"],
    "DataType": ["String", "String", "String", "Number", "Binary", "String.x", "Number.int", "x"],
    "StringValue": ["1", "", "²", "1e400"],
    "MessageGroupId": ["g0", "g1"],
    "MessageDeduplicationId": ["0", "new"],
    "ReceiveRequestAttemptId": ["again"],
    "MessageBody": ["hello", "x" * 70_000, "\ufffe", "\x0b", ""],
    "Id": ["word", "word", "1", "2", "3", "a.b"],
    "SourceArn": [f"{QUEUE_ARN}dead", f"{QUEUE_ARN}orders", "x"],
    "DestinationArn": [f"{QUEUE_ARN}orders", f"{QUEUE_ARN}dead", "x"],
    "AWSAccountId": [ACCOUNT, "x"],
    "Action": ["SendMessage", "*", "x"],
    "ActionName": ["SendMessage", "*", "x"],
    "Label": ["l", "x y", ""],
    "WaitTimeSeconds": [0, 0, 0, 0, 0, 0, 1, 20, 21, -1],
    "VisibilityTimeout": [0, 30, 43200, 43201, -1],
}  # fmt: skip
OBJECTS: dict[str, list[Any]] = {
    "Bucket": ["plain", "plain", "plain", "versioned", "locked", "new-bucket", "plain", "versioned", "locked"],
    "Key": ["a", "a", "a", "big", "dir/b", "cold", "new", "dir/", "ü", "a"],
    "PartNumber": [1, 2, 10_000, 10_001, 0],
    "CopySource": ["plain/a", "/plain/big", "versioned/a?versionId=null", "x", "plain/%F0", {"Bucket": "plain", "Key": "a"}],
    "CopySourceRange": ["bytes=0-4", "bytes=0-99999", "bytes=9-1", "x"],
    "Range": ["bytes=0-3", "bytes=-3", "bytes=2-", "bytes=9-1", "bytes=200000-", "x"],
    "Expires": ["Thu, 01 Jan 2026 00:00:00 GMT", "x"],
    "Tagging": ["a=b", {"TagSet": [{"Key": "a", "Value": "b"}]}, "a=b&a=c", "%", "="],
    "ExpectedBucketOwner": [ACCOUNT, ACCOUNT, ACCOUNT, OTHER, "x"],
    "LocationConstraint": ["us-west-2", "EU", "us-east-1", "x"],
    "StorageClass": ["STANDARD", "GLACIER", "STANDARD_IA", "DEEP_ARCHIVE", "x"],
    "SSECustomerAlgorithm": ["AES256", "x"],
    "SSECustomerKey": ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "x"],
    "SSECustomerKeyMD5": ["hRasmdxgYDKV3nvbahU1MA==", "x"],
    "SSEKMSEncryptionContext": ["e30=", "x"],
    "SSEKMSKeyId": ["alias/aws/s3", "x"],
    "ETag": ['"fb0e22c79ac75679e9881e6ba183b354"', "*", "x"],
    "QueueArn": [f"{QUEUE_ARN}orders", f"{QUEUE_ARN}none", "x"],
    "TopicArn": ["arn:aws:sns:us-east-1:000000000000:none", "x"],
    "LambdaFunctionArn": ["arn:aws:lambda:us-east-1:000000000000:function:none", "x"],
    "Policy": [json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "s3:*", "Resource": "arn:aws:s3:::plain/*"}]}),
               json.dumps({"Version": "2012-10-17", "Statement": []}), "{}", "x"],
    "Delimiter": ["/", "", "x", "\x00"],
    "Prefix": ["", "dir/", "a", "\U0010ffff"],
    "MaxKeys": [1, 2, 1000, 0, 1001, -1],
    "Days": [1, 2, 0, -1, 2**31 - 1],
    "DaysAfterInitiation": [1, 0, -1],
    "NoncurrentDays": [1, 2**31 - 1, 0],
    "EncodingType": ["url", "x"],
    "Marker": ["a", "\x00"],
    "MFA": ["x 123456"],
    "Body": [b"x", b"hello" * 5, b"a" * 70_000, b"", b"\x00\xff" * 40, b"b" * 3_000_000],
    # Whole documents that S3 takes, to be broken.
    "Delete": [{"Objects": [{"Key": "a"}, {"Key": "none", "VersionId": "null"}], "Quiet": False}],
    "RestoreRequest": [{"Days": 1, "GlacierJobParameters": {"Tier": "Standard"}}],
    "CORSConfiguration": [{"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["http://*.a"], "AllowedHeaders": ["x-*"], "MaxAgeSeconds": 1}]}],
    "LifecycleConfiguration": [{"Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"And": {"Prefix": "d", "Tags": [{"Key": "a", "Value": "b"}], "ObjectSizeGreaterThan": 1}},
                                           "Expiration": {"Days": 9}, "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}], "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}]}],
    "NotificationConfiguration": [{"QueueConfigurations": [{"QueueArn": f"{QUEUE_ARN}orders", "Events": ["s3:ObjectCreated:*"],
                                                            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "d"}]}}}]}],
    "AccessControlPolicy": [{"Owner": {"ID": "x"}, "Grants": [{"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}]}],
    "ObjectLockConfiguration": [{"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}],
    "ReplicationConfiguration": [{"Role": "arn:aws:iam::000000000000:role/r", "Rules": [{"Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""},
                                  "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": "arn:aws:s3:::copies"}}]}],
    "WebsiteConfiguration": [{"IndexDocument": {"Suffix": "a"}, "ErrorDocument": {"Key": "e"},
                              "RoutingRules": [{"Condition": {"HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"ReplaceKeyPrefixWith": "x"}}]}],
    "InventoryConfiguration": [{"Id": "word", "IsEnabled": True, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Daily"},
                                "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::plain", "Format": "CSV"}}}],
    "AnalyticsConfiguration": [{"Id": "word", "StorageClassAnalysis": {}}],
    "MetricsConfiguration": [{"Id": "word", "Filter": {"Prefix": "d"}}],
    "IntelligentTieringConfiguration": [{"Id": "word", "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}],
    "BucketLoggingStatus": [{"LoggingEnabled": {"TargetBucket": "plain", "TargetPrefix": "log"}}],
    "VersioningConfiguration": [{"Status": "Suspended"}],
}  # fmt: skip


CONFIGURATIONS = {
    "CORSConfiguration": ("plain", "put_bucket_cors"),
    "LifecycleConfiguration": ("plain", "put_bucket_lifecycle_configuration"),
    "NotificationConfiguration": ("plain", "put_bucket_notification_configuration"),
    "ObjectLockConfiguration": ("locked", "put_object_lock_configuration"),
    "ReplicationConfiguration": ("versioned", "put_bucket_replication"),
    "WebsiteConfiguration": ("plain", "put_bucket_website"),
    "AnalyticsConfiguration": ("plain", "put_bucket_analytics_configuration"),
    "InventoryConfiguration": ("plain", "put_bucket_inventory_configuration"),
    "MetricsConfiguration": ("plain", "put_bucket_metrics_configuration"),
    "IntelligentTieringConfiguration": ("plain", "put_bucket_intelligent_tiering_configuration"),
    "BucketLoggingStatus": ("plain", "put_bucket_logging"),
    "Policy": ("plain", "put_bucket_policy"),
}
WITH_ID = {
    "AnalyticsConfiguration",
    "InventoryConfiguration",
    "MetricsConfiguration",
    "IntelligentTieringConfiguration",
}


@pytest.fixture(scope="module")
def primed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Primed]:
    with Cloud(directory=tmp_path_factory.mktemp("hostile")) as cloud:
        made = Primed(cloud)
        logging.getLogger("hodei").addHandler(made.loud)
        yield made
        logging.getLogger("hodei").removeHandler(made.loud)


def check_answer(one: Sent, response: Response) -> None:
    """A success or an error as AWS writes it, with a request id."""
    headers = {name.lower(): value for name, value in response.headers}
    body = response.body
    assert isinstance(body, bytes)
    if response.status >= 500 and response.status != 501:
        assert any(failure in body for failure in OWN_FAILURES), (response.status, body)
    assert response.status >= 200
    assert any(name in headers for name in REQUEST_IDS), headers
    if "content-length" in headers and one.method != "HEAD" and response.status != 304:
        assert int(headers["content-length"]) == len(body)
    if one.method == "HEAD" or not body:
        return
    kind = headers.get("content-type", "")
    failed = response.status >= 400
    if "json" in kind:
        document = json.loads(body)
        code = document.get("__type", document.get("Code", headers.get("x-amzn-errortype"))) if failed else None
    elif "cbor" in kind:
        code = cbor2.loads(body).get("__type") if failed else None
    elif "xml" in kind:
        # S3 and SQS write such characters as references, which XML 1.0 does not have: encoding-type=url is the way out.
        root = ElementTree.fromstring(re.sub(rb"&#x[0-9a-fA-F]+;", b"?", body))
        code = (
            next((node.text for node in root.iter() if node.tag.rpartition("}")[2] == "Code"), None) if failed else None
        )
    else:
        assert not failed or "html" in kind, (kind, body)
        return
    assert not failed or code, body
    assert response.status != 501 or code.rpartition("#")[2] == "NotImplemented", body


@pytest.mark.parametrize(("service", "operation"), OPERATIONS, ids=[f"{s}-{o}" for s, o in OPERATIONS])
def test_any_request_is_answered_and_does_no_harm(primed: Primed, service: str, operation: str) -> None:
    model = load_service(service).model.operations[operation]

    @settings(
        max_examples=EXAMPLES or 12,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(sequence=requests(model, primed.pools.get(service, Pools()), ACCOUNT))
    def hurl(sequence: list[tuple[str, Sent]]) -> None:
        primed.cloud.load("primed")
        primed.loud.said.clear()
        for name, one in sequence:
            response = primed.answer(one)
            note(f"{name}: {response.status} {response.body[:300]!r}")
            assert not primed.loud.said, primed.loud.said[0]
            check_answer(one, response)
        primed.check_canaries()
        primed.check_nothing_is_left()
        assert not primed.loud.said, primed.loud.said[0]

    hurl()
