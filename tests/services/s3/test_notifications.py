"""Event notifications to queues."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote_plus

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.notifications")

BUCKET = "telling"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:events"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    open_queue(cloud, "events")
    return client


def open_queue(cloud: Cloud, name: str, account: str = "000000000000", **condition: Any) -> None:
    """A queue that S3 may send to."""
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
    statement |= {"Resource": f"arn:aws:sqs:us-east-1:{account}:{name}", **condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    cloud.client("sqs", account=account).create_queue(QueueName=name, Attributes={"Policy": policy})


def configure(s3: Any, *events: str, arn: str = QUEUE, **entry: Any) -> None:
    configuration = {"Id": "telling", "QueueArn": arn, "Events": list(events), **entry}
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [configuration]}
    )


def messages(cloud: Cloud, queue: str = "events") -> list[dict[str, Any]]:
    cloud.settle()
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found = []
    while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in batch:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found.append(json.loads(message["Body"]))
    return found


def records(cloud: Cloud) -> list[dict[str, Any]]:
    return [record for message in messages(cloud) for record in message.get("Records", [])]


def test_a_new_destination_is_sent_a_test_event(s3: Any, cloud: Cloud) -> None:
    configure(s3, "s3:ObjectCreated:*")
    (message,) = messages(cloud)
    assert message["Service"] == "Amazon S3" and message["Event"] == "s3:TestEvent" and message["Bucket"] == BUCKET
    assert message.keys() == {"Service", "Event", "Time", "Bucket", "RequestId", "HostId"}


def test_the_record_of_a_put(s3: Any, cloud: Cloud) -> None:
    configure(s3, "s3:ObjectCreated:*")
    messages(cloud)
    answer = s3.put_object(Bucket=BUCKET, Key="a@b c/ä", Body=b"something")
    (record,) = records(cloud)
    told = record["s3"]["object"]
    assert told.pop("sequencer")
    assert told == {"key": "a%40b+c/%C3%A4", "size": 9, "eTag": answer["ETag"].strip('"')}
    assert unquote_plus(told["key"]) == "a@b c/ä"
    bucket = record["s3"]["bucket"]
    assert (bucket["name"], bucket["arn"]) == (BUCKET, f"arn:aws:s3:::{BUCKET}")
    assert bucket["ownerIdentity"].keys() == {"principalId"}
    assert record["s3"]["configurationId"] == "telling" and record["s3"]["s3SchemaVersion"] == "1.0"
    assert record["eventName"] == "ObjectCreated:Put" and record["eventVersion"] == "2.1"
    assert record["eventSource"] == "aws:s3" and record["awsRegion"] == "us-east-1"
    assert record["responseElements"]["x-amz-request-id"] == answer["ResponseMetadata"]["RequestId"]
    assert record["responseElements"]["x-amz-id-2"] == answer["ResponseMetadata"]["HostId"]
    assert record["requestParameters"]["sourceIPAddress"] and record["userIdentity"]["principalId"]
    assert record["eventTime"].endswith("Z")


def test_what_is_told_of_what(s3: Any, cloud: Cloud) -> None:
    configure(s3, "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put")
    messages(cloud)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    s3.copy_object(Bucket=BUCKET, Key="b", CopySource={"Bucket": BUCKET, "Key": "a"})
    s3.put_object_tagging(Bucket=BUCKET, Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.delete_object_tagging(Bucket=BUCKET, Key="a")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="c")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="c", UploadId=upload, PartNumber=1, Body=b"part")
    s3.complete_multipart_upload(
        Bucket=BUCKET,
        Key="c",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "never"}]})
    found = {(record["eventName"], record["s3"]["object"]["key"]): record for record in records(cloud)}
    assert found.keys() == {
        ("ObjectCreated:Put", "a"),
        ("ObjectCreated:Copy", "b"),
        ("ObjectTagging:Put", "a"),
        ("ObjectTagging:Delete", "a"),
        ("ObjectCreated:CompleteMultipartUpload", "c"),
        ("ObjectRemoved:Delete", "a"),
        ("ObjectRemoved:Delete", "b"),
    }
    tagged = found["ObjectTagging:Put", "a"]
    assert tagged["eventVersion"] == "2.3" and tagged["s3"]["object"].keys() == {"key", "eTag"}
    created, removed = (found[name, "a"]["s3"]["object"] for name in ("ObjectCreated:Put", "ObjectRemoved:Delete"))
    assert removed.keys() == {"key", "sequencer"}
    assert removed["sequencer"] > created["sequencer"]


def test_versions_are_named(s3: Any, cloud: Cloud) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    configure(s3, "s3:ObjectCreated:Put", "s3:ObjectRemoved:*")
    messages(cloud)
    version = s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=BUCKET, Key="a")["VersionId"]
    s3.delete_object(Bucket=BUCKET, Key="a", VersionId=version)
    found = {record["eventName"]: record["s3"]["object"] for record in records(cloud)}
    assert found["ObjectCreated:Put"]["versionId"] == version
    assert found["ObjectRemoved:DeleteMarkerCreated"]["versionId"] == marker
    assert found["ObjectRemoved:Delete"]["versionId"] == version


def test_filters(s3: Any, cloud: Cloud) -> None:
    rules = [{"Name": "prefix", "Value": "images/"}, {"Name": "Suffix", "Value": ".png"}]
    configure(s3, "s3:ObjectCreated:Put", Filter={"Key": {"FilterRules": rules}})
    messages(cloud)
    for key in ("images/a.png", "images/a.jpg", "a.png", "images/b/c.png"):
        s3.put_object(Bucket=BUCKET, Key=key)
    s3.copy_object(Bucket=BUCKET, Key="images/copy.png", CopySource={"Bucket": BUCKET, "Key": "a.png"})
    assert {unquote_plus(record["s3"]["object"]["key"]) for record in records(cloud)} == {
        "images/a.png",
        "images/b/c.png",
    }
    found = s3.get_bucket_notification_configuration(Bucket=BUCKET)["QueueConfigurations"][0]
    assert found["Filter"]["Key"]["FilterRules"] == [
        {"Name": "Prefix", "Value": "images/"},
        {"Name": "Suffix", "Value": ".png"},
    ]


def test_exactly_one_event_an_object_and_none_once_removed(s3: Any, cloud: Cloud) -> None:
    configure(s3, "s3:ObjectCreated:*")
    messages(cloud)
    for number in range(50):
        s3.put_object(Bucket=BUCKET, Key=f"{number}", Body=b"x")
    assert sorted(record["s3"]["object"]["key"] for record in records(cloud)) == sorted(map(str, range(50)))
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="silent")
    assert records(cloud) == []


@pytest.mark.feature("s3.lifecycle")
def test_lifecycle_tells(s3: Any, cloud: Cloud) -> None:
    rule = {
        "ID": "r",
        "Filter": {},
        "Status": "Enabled",
        "Transitions": [{"Days": 0, "StorageClass": "GLACIER"}],
        "Expiration": {"Days": 3},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
    configure(s3, "s3:LifecycleTransition", "s3:LifecycleExpiration:*")
    messages(cloud)
    s3.put_object(Bucket=BUCKET, Key="a", Body=bytes(128 * 1024))
    cloud.clock.advance(days=1)
    (moved,) = records(cloud)
    assert moved["eventName"] == "LifecycleTransition" and moved["eventVersion"] == "2.3"
    cloud.clock.advance(days=4)
    (expired,) = records(cloud)
    assert expired["eventName"] == "LifecycleExpiration:Delete"


@pytest.mark.feature("s3.storage-classes")
def test_restores_tell(s3: Any, cloud: Cloud) -> None:
    configure(s3, "s3:ObjectRestore:*")
    messages(cloud)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"something", StorageClass="GLACIER")
    s3.restore_object(Bucket=BUCKET, Key="a", RestoreRequest={"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}})
    (posted,) = records(cloud)
    assert posted["eventName"] == "ObjectRestore:Post" and posted["s3"]["object"]["size"] == 9
    cloud.clock.advance(minutes=10)
    (completed,) = records(cloud)
    assert completed["eventName"] == "ObjectRestore:Completed" and completed["eventVersion"] == "2.1"
    assert completed["userIdentity"]["principalId"].startswith("AmazonCustomer:")
    data = completed["glacierEventData"]["restoreEventData"]
    assert data["lifecycleRestoreStorageClass"] == "GLACIER" and data["lifecycleRestorationExpiryTime"].endswith("Z")
    cloud.clock.advance(days=3)
    (expired,) = records(cloud)
    assert expired["eventName"] == "ObjectRestore:Delete" and expired["eventVersion"] == "2.3"


def test_queue_of_another_account(s3: Any, cloud: Cloud) -> None:
    mine = {
        "StringEquals": {"aws:SourceAccount": "000000000000"},
        "ArnLike": {"aws:SourceArn": f"arn:aws:s3:*:*:{BUCKET}"},
    }
    open_queue(cloud, "events", "111122223333", Condition=mine)
    configure(s3, "s3:ObjectCreated:*", arn=QUEUE.replace("000000000000", "111122223333"))
    cloud.settle()
    other = cloud.client("sqs", account="111122223333")
    url = other.get_queue_url(QueueName="events")["QueueUrl"]
    assert "TestEvent" in other.receive_message(QueueUrl=url)["Messages"][0]["Body"]


def test_the_queue_must_let_s3_send(s3: Any, cloud: Cloud, refused: Any) -> None:
    notifications = {"QueueConfigurations": [{"QueueArn": f"{QUEUE}-closed", "Events": ["s3:ObjectCreated:*"]}]}
    for policy in ({}, {"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}):
        if policy:
            open_queue(cloud, "events-closed", **policy)
        else:
            cloud.client("sqs").create_queue(QueueName="events-closed")
        error = refused(
            s3.put_bucket_notification_configuration, Bucket=BUCKET, NotificationConfiguration=notifications
        )
        assert error["ArgumentValue1"] == (
            "Permissions on the destination queue do not allow S3 to publish notifications from this bucket"
        )
        cloud.client("sqs").delete_queue(QueueUrl=f"{cloud.url}/000000000000/events-closed")


def test_what_a_queue_no_longer_takes_is_not_delivered(s3: Any, cloud: Cloud) -> None:
    configure(s3, "s3:ObjectCreated:*")
    assert len(messages(cloud)) == 1
    url = cloud.client("sqs").get_queue_url(QueueName="events")["QueueUrl"]
    cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    assert messages(cloud) == []


UNREACHABLE = "Unable to validate the following destination configurations"
OVERLAP = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
RULE_WITHOUT_VALUE = {"Key": {"FilterRules": [{"Name": "prefix"}]}}
RULE_OF_NOTHING = {"Key": {"FilterRules": [{"Name": "middle", "Value": "x"}]}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"arn": "no-arn"},
            {"Message": "The ARN could not be parsed", "ArgumentName": "Queue", "ArgumentValue": "no-arn"},
        ),
        (
            {"arn": QUEUE.replace("events", "none")},
            {
                "Message": UNREACHABLE,
                "ArgumentName1": f"{QUEUE.replace('events', 'none')}, null",
                "ArgumentValue1": "The destination queue does not exist",
            },
        ),
        ({"arn": QUEUE.replace("us-east-1", "eu-west-1")}, {"ArgumentName": "QueueArn"}),
        ({"Filter": RULE_WITHOUT_VALUE}, {"Code": "MalformedXML"}),
        ({"Filter": RULE_OF_NOTHING}, {"Message": "filter rule name must be either prefix or suffix"}),
    ],
)
def test_refused_configurations(s3: Any, refused: Any, changes: dict[str, Any], expected: dict[str, str]) -> None:
    error = refused(lambda: configure(s3, "s3:ObjectCreated:*", **changes))
    expected = {"Code": "InvalidArgument", **expected}
    assert {name: error.get(name) for name in expected} == expected
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=BUCKET)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ({}, {}, True),
        ({"prefix": "a"}, {"prefix": "ab"}, True),
        ({"prefix": "a"}, {"prefix": "b"}, False),
        ({"suffix": ".jpg"}, {"suffix": ".png"}, False),
        ({"prefix": "a"}, {"suffix": ".png"}, True),
    ],
)
def test_overlaps(s3: Any, refused: Any, one: dict[str, str], other: dict[str, str], overlap: bool) -> None:
    entries = []
    for number, (rules, event) in enumerate(((one, "s3:ObjectCreated:*"), (other, "s3:ObjectCreated:Put"))):
        named = [{"Name": name, "Value": value} for name, value in rules.items()]
        entries.append(
            {"Id": str(number), "QueueArn": QUEUE, "Events": [event], "Filter": {"Key": {"FilterRules": named}}}
        )
    put, configuration = s3.put_bucket_notification_configuration, {"QueueConfigurations": entries}
    if overlap:
        assert refused(put, Bucket=BUCKET, NotificationConfiguration=configuration)["Message"] == OVERLAP
    else:
        put(Bucket=BUCKET, NotificationConfiguration=configuration)


def test_a_service_that_is_not_there_is_said_to_be_missing(s3: Any, refused: Any) -> None:
    arn = "arn:aws:sns:us-east-1:000000000000:topic"
    entry = {"Id": "id123", "TopicArn": arn, "Events": ["s3:ObjectCreated:*"]}
    configuration = {"TopicConfigurations": [entry]}
    put = s3.put_bucket_notification_configuration
    error = refused(put, Bucket=BUCKET, NotificationConfiguration=configuration)
    assert (error["Code"], error["Status"]) == ("NotImplemented", 501) and "sns" in error["Message"]
    put(Bucket=BUCKET, NotificationConfiguration=configuration, SkipDestinationValidation=True)
    found = s3.get_bucket_notification_configuration(Bucket=BUCKET)
    assert found["TopicConfigurations"] == [entry]
    s3.put_object(Bucket=BUCKET, Key="a")


def test_eventbridge_beside_queues(s3: Any, cloud: Cloud) -> None:
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert s3.get_bucket_notification_configuration(Bucket=BUCKET)["EventBridgeConfiguration"] == {}
    s3.put_object(Bucket=BUCKET, Key="a")


def test_every_event_arrives_once_though_queues_fail(cloud: Cloud, s3: Any) -> None:
    configure(s3, "s3:ObjectCreated:*")
    cloud.clock.freeze()
    cloud.fault(service="sqs", operation="SendMessage", reset=True, rate=0.3)
    cloud.fault(service="sqs", operation="SendMessage", error="RequestThrottled", rate=0.3)
    cloud.fault(service="sqs", operation="SendMessage", latency="2ms", rate=0.5)
    for number in range(20):
        s3.put_object(Bucket=BUCKET, Key=f"{number}")
    cloud.clock.advance(hours=6)
    assert sorted(int(record["s3"]["object"]["key"]) for record in records(cloud)) == list(range(20))


@pytest.mark.parametrize("operation", ["GetQueueUrl", "SendMessage"])
def test_a_queue_in_trouble_is_not_taken_for_one_that_refuses(cloud: Cloud, s3: Any, operation: str) -> None:
    cloud.fault(service="sqs", operation=operation, error="ServiceUnavailable", count=1)
    configure(s3, "s3:ObjectCreated:*")  # the SDK has tried again
    assert cloud.faults()[0].hits == 1
