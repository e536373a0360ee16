"""Event notifications: what we tell, and what we refuse, is as AWS has it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.s3.recorded import Answers, Replay, Scenario, Scenarios, copy, put, replayed, said, versioning

pytestmark = pytest.mark.feature("s3.notifications")

scenario = Scenarios()
ACCOUNT = "us-east-1:000000000000"


def configure(r: Replay, member: str, arn: str, *events: str, skip: bool = False, **more: Any) -> Any:
    target = {"Queue": "QueueArn", "Topic": "TopicArn", "LambdaFunction": "LambdaFunctionArn"}[member]
    entry = {target: arn, "Events": list(events or ("s3:ObjectCreated:*",)), **more}
    return said(
        r.s3.put_bucket_notification_configuration,
        Bucket="bucket",
        NotificationConfiguration={f"{member}Configurations": [entry]},
        SkipDestinationValidation=skip,
    )


def configuration(r: Replay) -> Any:
    return said(r.s3.get_bucket_notification_configuration, Bucket="bucket")


def heard(r: Replay, *events: str) -> str:
    """A queue that hears of these events; its URL."""
    sqs = r.cloud.client("sqs")
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
    statement |= {"Resource": f"arn:aws:sqs:{ACCOUNT}:events"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    url = sqs.create_queue(QueueName="events", Attributes={"Policy": policy})["QueueUrl"]
    configure(r, "Queue", f"arn:aws:sqs:{ACCOUNT}:events", *events)
    r.cloud.settle()
    sqs.purge_queue(QueueUrl=url)
    return str(url)


def messages(r: Replay, url: str) -> list[Any]:
    r.cloud.settle()
    sqs = r.cloud.client("sqs")
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["AWSTraceHeader"])
    found = [message | {"Body": json.loads(message["Body"])} for message in answer.get("Messages", [])]
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def records(r: Replay, url: str) -> Answers:
    """Sorted as the recordings are."""
    found = [record for message in messages(r, url) for record in message["Body"]["Records"]]
    return {"receive_messages": {"messages": sorted(found, key=lambda record: str(record["eventName"]))}}


@scenario()
def get_bucket_notification_configuration_no_such_bucket(r: Replay) -> Answers:
    return {"expected_error": said(r.s3.get_bucket_notification_configuration, Bucket="nowhere")}


@scenario()
def bucket_notification_with_missing_values_in_rule(r: Replay) -> Answers:
    def put_rule(**rule: str) -> Any:
        filter = {"Key": {"FilterRules": [rule]}}
        return configure(r, "Queue", f"arn:aws:sqs:{ACCOUNT}:events", skip=True, Filter=filter)

    return {
        "invalid-rule-no-name": put_rule(Value="value"),
        "invalid-rule-no-value": put_rule(Name="Prefix"),
        "invalid-rule-no-values": put_rule(),
    }


@scenario(without="lambda-does-not-exist")
def invalid_lambda_arn(r: Replay) -> Answers:
    arn = f"arn:aws:lambda:{ACCOUNT}:function:my-lambda"
    answers = refused_arns(r, "LambdaFunction", "invalid-queue")
    configure(r, "LambdaFunction", arn, skip=True, Id="id123")
    return answers | {"skip_destination_validation": configuration(r)}


@scenario()
def invalid_topic_arn(r: Replay) -> Answers:
    answers = refused_arns(r, "Topic", "invalid-topic")
    configure(r, "Topic", f"arn:aws:sns:{ACCOUNT}:my-topic", skip=True, Id="id123")
    return answers | {"skip_destination_validation": configuration(r)}


def refused_arns(r: Replay, member: str, arn: str) -> Answers:
    return {
        "invalid_not_skip": configure(r, member, arn),
        "invalid_skip": configure(r, member, arn, skip=True),
    }


@scenario()
def bucket_not_exist(r: Replay) -> Answers:
    entry = {"TopicArn": f"arn:aws:sns:{ACCOUNT}:my-topic", "Events": ["s3:ObjectCreated:*"]}
    answer = said(
        r.s3.put_bucket_notification_configuration,
        Bucket="nowhere",
        NotificationConfiguration={"TopicConfigurations": [entry]},
        SkipDestinationValidation=True,
    )
    return {"bucket_not_exists": answer}


@scenario()
def filter_rules_empty_value(r: Replay) -> Answers:
    filter = {"Key": {"FilterRules": [{"Name": "suffix", "Value": ""}]}}
    configure(r, "Queue", f"arn:aws:sqs:{ACCOUNT}:my-queue-1", skip=True, Filter=filter)
    return {"bucket_notification_configuration": configuration(r)}


@scenario()
def key_encoding(r: Replay) -> Answers:
    url = heard(r, "s3:ObjectCreated:*")
    put(r.s3, "a@b", b"something")
    return records(r, url)


@scenario()
def object_created_and_object_removed(r: Replay) -> Answers:
    url = heard(r, "s3:ObjectCreated:*", "s3:ObjectRemoved:*")
    put(r.s3, "source", b"something")
    copy(r.s3, "source")
    r.s3.delete_object(Bucket="bucket", Key="source")
    return records(r, url)


@scenario(loose="eTag")
def object_tagging_put_event(r: Replay) -> Answers:
    url = heard(r, "s3:ObjectTagging:Put")
    put(r.s3, "key")
    r.s3.put_object_tagging(Bucket="bucket", Key="key", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    return records(r, url)


@scenario()
def restore_object(r: Replay) -> Answers:
    url = heard(r, "s3:ObjectRestore:*")
    key = "my_key_restore"
    put(r.s3, key, b"something", StorageClass="GLACIER")
    request = {"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}
    r.s3.restore_object(Bucket="bucket", Key=key, RestoreRequest=request)
    posted = records(r, url)["receive_messages"]["messages"]
    r.cloud.clock.advance(minutes=10)
    return {"receive_messages": {"messages": posted + records(r, url)["receive_messages"]["messages"]}}


# EventBridge is not there yet: these are the events that it will be given


def emitted(r: Replay) -> list[Any]:
    """The events from now on, as rules would send them on."""
    found: list[Any] = []

    def emit(ctx: Any, detail_type: str, detail: Any, resources: Any) -> None:
        told = {"detail-type": detail_type, "detail": detail, "resources": list(resources), "version": "0"}
        event_id, time = ctx.ids.uuid(), datetime.fromtimestamp(ctx.now, UTC).isoformat()
        origin = {"source": f"aws.{ctx.service.name}", "account": ctx.account, "region": ctx.region}
        found.append({**told, **origin, "id": event_id, "time": time})

    r.cloud.world.bus.emit = emit
    r.s3.put_bucket_notification_configuration(
        Bucket="bucket", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return found


@scenario()
def object_created_put(r: Replay) -> Answers:
    events = emitted(r)
    put(r.s3, "key", b"data")
    r.s3.delete_object(Bucket="bucket", Key="key")
    created, deleted = events
    return {"object_created": created, "object_deleted": deleted}


@scenario(loose="ETag etag ChecksumCRC32")
def object_created_put_versioned(r: Replay) -> Answers:
    versioning(r.s3)
    answers = {"obj-ver1": put(r.s3, "key", b"data"), "obj-ver2": put(r.s3, "key", b"data-version2")}
    first = answers["obj-ver1"]["VersionId"]
    answers["delete-marker"] = said(r.s3.delete_object, Bucket="bucket", Key="key")
    answers["delete-version"] = said(r.s3.delete_object, Bucket="bucket", Key="key", VersionId=first)
    versioning(r.s3, "Suspended")
    events = emitted(r)
    answers["add-null-version"] = put(r.s3, "key", b"a" * 13)
    marker = answers["delete-marker"]["VersionId"]
    answers["del-delete-marker"] = said(r.s3.delete_object, Bucket="bucket", Key="key", VersionId=marker)
    return answers | {"message-versioning-active": events, "message-versioning-suspended": events}


@scenario()
def object_put_acl(r: Replay) -> Answers:
    r.s3.delete_bucket_ownership_controls(Bucket="bucket")
    r.s3.delete_public_access_block(Bucket="bucket")
    events = emitted(r)
    put(r.s3, "key", b"something")
    for acl in ("public-read", "private", "authenticated-read"):
        r.s3.put_object_acl(Bucket="bucket", Key="key", ACL=acl)
    return {"messages": {"messages": sorted(events, key=lambda event: str(event["detail-type"]))}}


@pytest.mark.parametrize(("play", "variant", "expected", "loose"), list(scenario.cases()))
def test_answers_are_those_of_aws(play: Scenario, variant: str, expected: Answers, loose: frozenset[str]) -> None:
    replayed(play, variant, expected, loose)
