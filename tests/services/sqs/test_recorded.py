"""What real AWS answered, in both protocols: our answers have the same members, values, codes and words."""

from __future__ import annotations

import gzip
import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore
import botocore.session
import pytest
from botocore.exceptions import ClientError

from hodei.inprocess import botocore_sender
from hodei.testing import Cloud
from recorded import Comparison, load, plain

AWS = Comparison(free=r"<[^>]+>|1{12}", anything=frozenset({"timestamp"}))
OVERLAY = Path(inspect.getfile(Cloud)).parent / "protocol" / "overlays" / "sqs.json"
MODEL = Path(botocore.__file__).parent / "data" / "sqs" / "2012-11-05" / "service-2.json.gz"

pytestmark = [
    pytest.mark.skipif(not load("sqs"), reason="no recorded answers here"),
    pytest.mark.feature("sqs.standard"),
    pytest.mark.feature("sqs.fifo"),
]

Answers = dict[str, Any]
Scenario = Callable[[Cloud, Any], Answers]
SCENARIOS: dict[str, Scenario] = {}


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[f"test_{function.__name__}"] = function
    return function


def recorded() -> Iterator[Any]:
    """Those of the recorded tests that a scenario here repeats: its name, the rest of the id, the answers."""
    for id, test in load("sqs").items():
        name, _, variant = id.rpartition("::")[2].partition("[")
        for key in (f"{name}__{re.sub(r'[^a-z0-9]+', '_', variant.rstrip(']').partition('-')[2].lower())}", name):
            if key in SCENARIOS:
                yield pytest.param(key, "query" if variant.startswith("sqs_query") else "json", test["content"], id=id)
                break


@pytest.fixture(scope="session")
def query_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Botocore's model turned back to the query protocol, as older SDKs have it."""
    model, overlay = json.loads(gzip.decompress(MODEL.read_bytes())), json.loads(OVERLAY.read_text())
    for extra in (overlay["shapes"], overlay["protocolShapes"]["query"]):
        merge(model["shapes"], extra)
    metadata = model["metadata"]
    del metadata["awsQueryCompatible"]
    metadata |= {
        "protocol": "query",
        "protocols": ["query"],
        "xmlNamespace": "http://queue.amazonaws.com/doc/2012-11-05/",
    }
    for name, operation in model["operations"].items():
        if "output" in operation:
            operation["output"]["resultWrapper"] = f"{name}Result"
    folder = tmp_path_factory.mktemp("models")
    path = folder / "sqs" / "2012-11-05" / "service-2.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(model))
    return folder


def merge(base: dict[str, Any], extra: dict[str, Any]) -> None:
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        elif value is None:
            base.pop(key, None)
        else:
            base[key] = value


def query_client(cloud: Cloud, models: Path) -> Any:
    session = botocore.session.get_session()
    session.get_component("data_loader").search_paths.insert(0, str(models))
    options = {"region_name": "us-east-1", "endpoint_url": cloud.url}
    client = boto3.Session(botocore_session=session).client(
        "sqs", aws_access_key_id="test", aws_secret_access_key="test", **options
    )
    client.meta.events.register("before-send", botocore_sender(cloud._runner))
    return client


def error(call: Callable[..., Any], **params: Any) -> Any:
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response


def queue(sqs: Any, name: str = "queue", /, **attributes: str) -> str:
    return str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def fifo(sqs: Any, **attributes: str) -> str:
    return queue(sqs, "queue.fifo", FifoQueue="true", **attributes)


def everything(sqs: Any, url: str) -> Any:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])


def taken(sqs: Any, url: str) -> Any:
    """Receive and delete."""
    answer = sqs.receive_message(QueueUrl=url)
    for message in answer.get("Messages", []):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return answer


@scenario
def create_standard_queue_with_required_properties(cloud: Cloud, sqs: Any) -> Answers:
    return {"attributes": everything(sqs, queue(sqs))}


@scenario
def create_fifo_queue_with_all_properties(cloud: Cloud, sqs: Any) -> Answers:
    dead = queue(sqs, "dead.fifo", FifoQueue="true", RedriveAllowPolicy='{"redrivePermission":"allowAll"}')
    arn = everything(sqs, dead)["Attributes"]["QueueArn"]
    url = fifo(
        sqs, ContentBasedDeduplication="true", DeduplicationScope="messageGroup", DelaySeconds="13",
        FifoThroughputLimit="perMessageGroupId", KmsDataKeyReusePeriodSeconds="200", KmsMasterKeyId="alias/aws/sqs",
        MaximumMessageSize="3232", MessageRetentionPeriod="13425", ReceiveMessageWaitTimeSeconds="15",
        VisibilityTimeout="42", RedrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 7}),
    )  # fmt: skip
    sqs.tag_queue(QueueUrl=url, Tags={"Department": "Finance", "Environment": "Production"})
    return {
        "attributes": everything(sqs, url),
        "dlq_attributes": sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["RedriveAllowPolicy"]),
        "tags": sqs.list_queue_tags(QueueUrl=url),
    }


@scenario
def set_queue_attributes_default_values(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs)
    answers = {"get-queue-attributes-initial-values": everything(sqs, url)}
    changed = {"KmsMasterKeyId": "testKeyId", "KmsDataKeyReusePeriodSeconds": "6000"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=changed)
    answers["get-queue-attributes-after-update"] = everything(sqs, url)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": "", "KmsDataKeyReusePeriodSeconds": "300"})
    return answers | {"get-queue-attributes-after-set-to-defaults": everything(sqs, url)}


@scenario
def create_and_update_queue_attributes(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs, MessageRetentionPeriod="604800", ReceiveMessageWaitTimeSeconds="10", VisibilityTimeout="20")
    before = everything(sqs, url)
    changed = {"MaximumMessageSize": "2048", "VisibilityTimeout": "69", "DelaySeconds": "420"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=changed)
    return {"get_queue_attributes": before, "get_updated_queue_attributes": everything(sqs, url)}


@scenario
def create_fifo_queue_with_different_attributes_raises_error(cloud: Cloud, sqs: Any) -> Answers:
    fifo(sqs, ContentBasedDeduplication="true")
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "false"}
    return {"queue-already-exists": error(sqs.create_queue, QueueName="queue.fifo", Attributes=attributes)}


@scenario
def create_queue_with_different_attributes_raises_exception(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs, DelaySeconds="1")
    first = error(sqs.create_queue, QueueName="queue", Attributes={"DelaySeconds": "2"})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "3"})
    second = error(sqs.create_queue, QueueName="queue", Attributes={"DelaySeconds": "1"})
    return {"create_queue_01": first, "create_queue_02": second}


@scenario
def create_standard_queue_with_fifo_attribute_raises_error(cloud: Cloud, sqs: Any) -> Answers:
    def refused(**attributes: str) -> Any:
        return error(sqs.create_queue, QueueName="queue", Attributes=attributes)

    return {
        "invalid-attribute-fifo-queue": refused(FifoQueue="false"),
        "invalid-attribute-content-based-deduplication": refused(ContentBasedDeduplication="false"),
        "invalid-attribute-deduplication-scope": refused(DeduplicationScope="queue"),
        "invalid-attribute-throughput-limit": refused(FifoThroughputLimit="perQueue"),
    }


@scenario
def set_unsupported_attribute_fifo(cloud: Cloud, sqs: Any) -> Answers:
    def refused(url: str, value: str) -> Any:
        return error(sqs.set_queue_attributes, QueueUrl=url, Attributes={"FifoQueue": value})

    return {"invalid-attr-name-1": refused(queue(sqs), "true"), "invalid-attr-name-2": refused(fifo(sqs), "false")}


@scenario
def non_existent_queue(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs)
    sqs.delete_queue(QueueUrl=url)
    return {
        "queue-does-not-exist": error(sqs.get_queue_attributes, QueueUrl=url),
        "queue-does-not-exist-url": error(sqs.get_queue_url, QueueName="queue"),
    }


@scenario
def receive_empty_queue(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs)
    cloud.clock.resume()
    return {
        "empty_short_poll_resp": sqs.receive_message(QueueUrl=url, WaitTimeSeconds=0),
        "empty_long_poll_resp": sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1),
        "empty_short_poll_resp_no_param": sqs.receive_message(QueueUrl=url),
    }


@scenario
def fair_queue_with_message_group_id(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs)
    sent = sqs.send_message(QueueUrl=url, MessageBody="message", MessageGroupId="test")
    got = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])
    return {"send_message": sent, "get-message-with-deduplication-id": got}


@scenario
def fifo_message_attributes(cloud: Cloud, sqs: Any) -> Answers:
    url = fifo(sqs, VisibilityTimeout="0")
    ids = {"MessageGroupId": "group-1", "MessageDeduplicationId": "dedup-1"}
    answers = {"send_message": sqs.send_message(QueueUrl=url, MessageBody="message-body-1", **ids)}
    for number in range(2):
        answers[f"receive_message_{number}"] = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])
    return answers


def filtered(cloud: Cloud, sqs: Any, parameter: str) -> Answers:
    url = queue(sqs, VisibilityTimeout="0")
    attributes = {"Foo": {"DataType": "String", "StringValue": "Bar"}}
    sqs.send_message(QueueUrl=url, MessageBody="msg", MessageAttributes=attributes)

    def receive(*names: str, **more: Any) -> Any:
        return sqs.receive_message(QueueUrl=url, **{parameter: list(names)}, **more)

    return {
        "all_attributes": receive("All"),
        "all_system_and_message_attributes": receive("All", MessageAttributeNames=["All"]),
        "single_attribute": receive("SenderId"),
        "multiple_attributes": receive("SenderId", "SequenceNumber"),
    }


@scenario
def receive_message_attribute_names_filters(cloud: Cloud, sqs: Any) -> Answers:
    return filtered(cloud, sqs, "AttributeNames")


@scenario
def receive_message_message_system_attribute_names_filters(cloud: Cloud, sqs: Any) -> Answers:
    return filtered(cloud, sqs, "MessageSystemAttributeNames")


@scenario
def message_system_attribute_names_with_attribute_names(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs, VisibilityTimeout="0")
    sqs.send_message(QueueUrl=url, MessageBody="msg")

    def receive(old: str, new: str) -> Any:
        return sqs.receive_message(QueueUrl=url, AttributeNames=[old], MessageSystemAttributeNames=[new])

    return {"same_values": receive("All", "All"), "different_values": receive("All", "SenderId")}


@scenario
def receive_message_message_attribute_names_filters(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs, VisibilityTimeout="0")
    attributes = {
        name: {"DataType": "String", "StringValue": value}
        for name, value in (("Help.Me", "Me"), ("Hello", "There"), ("General", "Kenobi"))
    }
    sent = sqs.send_message(QueueUrl=url, MessageBody="msg", MessageAttributes=attributes)

    def receive(*names: str) -> Any:
        return sqs.receive_message(QueueUrl=url, MessageAttributeNames=list(names))

    answers = {
        "send_message_response": sent,
        "empty_filter": receive(),
        "all_name": receive("All"),
        "illegal_name_1": receive("AWS."),
        "illegal_name_2": receive("..foo"),
    }
    single = {
        "all_wildcard_asterisk": [".*"], "only_non_existing_names": ["Foo"], "only_existing": ["Hello", "General"],
        "existing_and_non_existing": ["Foo", "Hello"], "prefix_filter": ["Hel.*"],
    }  # fmt: skip
    return answers | {name: receive(*names)["Messages"][0] for name, names in single.items()}


@scenario
def send_message_with_binary_attributes(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs)
    value = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"
    sqs.send_message(
        QueueUrl=url, MessageBody="test", MessageAttributes={"attr1": {"DataType": "Binary", "BinaryValue": value}}
    )
    return {"binary-attrs-msg": sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])}


@scenario
def change_message_visibility_after_visibility_timeout_expiration(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs, VisibilityTimeout="1")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    cloud.clock.advance(seconds=2)
    call = {"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 2}
    return {"visibility_timeout_expired": sqs.change_message_visibility(**call)}


@scenario
def delete_after_visibility_timeout(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs, VisibilityTimeout="1")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    cloud.clock.advance(seconds=2)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    return {"delete_after_timeout_queue_empty": sqs.receive_message(QueueUrl=url)}


@scenario
def fifo_delete_after_visibility_timeout(cloud: Cloud, sqs: Any) -> Answers:
    url = fifo(sqs, ContentBasedDeduplication="True", VisibilityTimeout="1")
    sqs.send_message(QueueUrl=url, MessageBody="foobar", MessageGroupId="1")
    received = sqs.receive_message(QueueUrl=url)
    cloud.clock.advance(seconds=2)
    handle = received["Messages"][0]["ReceiptHandle"]
    expired = error(sqs.delete_message, QueueUrl=url, ReceiptHandle=handle)
    return {"received_sqs_message": received, "delete_after_timeout_fifo": expired}


def group_visibility(visible: int, most: int = 2) -> Scenario:
    def run(cloud: Cloud, sqs: Any) -> Answers:
        url = fifo(sqs, ContentBasedDeduplication="true")
        for body in ("foo", "bar", "baz"):
            sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        for message in received["Messages"][:visible]:
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
        again = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=most)
        return {"receive_all_messages": received, "some-messages-invisible": again}

    return run


for variant, count in {"0_visible": 0, "1_visible": 1, "2_visible": 2, "all_invisible": 0, "no_invisible": 3}.items():
    name_of_it = "test_fifo_group_visibility_extends_with_change_message_visibility"
    SCENARIOS[f"{name_of_it}__{variant}"] = group_visibility(count)


@scenario
def fifo_queue_send_message_with_delay_seconds_fails(cloud: Cloud, sqs: Any) -> Answers:
    url = fifo(sqs, ContentBasedDeduplication="true")
    call = {"QueueUrl": url, "MessageBody": "x", "MessageGroupId": "g", "DelaySeconds": 2}
    return {"send_message": error(sqs.send_message, **call)}


@scenario
def fifo_queue_send_message_with_zero_delay_defaults_to_queue_delay(cloud: Cloud, sqs: Any) -> Answers:
    url = fifo(sqs, ContentBasedDeduplication="true", DelaySeconds="2")
    sent = sqs.send_message(QueueUrl=url, MessageBody="message-1", MessageGroupId="1", DelaySeconds=0)
    first = sqs.receive_message(QueueUrl=url)
    cloud.clock.advance(seconds=2)
    return {
        "send_message_result": sent,
        "receive_message_initial_result": first,
        "receive_message_after_delay_result": sqs.receive_message(QueueUrl=url),
    }


@scenario
def fifo_empty_message_groups_added_back_to_queue(cloud: Cloud, sqs: Any) -> Answers:
    url = fifo(sqs, ContentBasedDeduplication="true")
    sqs.send_message(QueueUrl=url, MessageBody="Message 1", MessageGroupId="g")
    answers = {"inital-fifo-receive": taken(sqs, url), "empty-fifo-receive": taken(sqs, url)}
    sqs.send_message(QueueUrl=url, MessageBody="Message 2", MessageGroupId="g")
    return answers | {"final-fifo-receive": taken(sqs, url)}


def deduplicated(cloud: Cloud, sqs: Any, before: str, after: str) -> Answers:
    """Send with one deduplication id to several groups, before and after a change of the scope."""
    url = fifo(sqs, **throughput(before))

    def got(body: str, group: str, id: str = "d") -> Any:
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=id)
        return taken(sqs, url)

    answers = {"same-dedup-different-grp-1": got("Test1", "1"), "same-dedup-different-grp-2": got("Test2", "2")}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=throughput(after))
    if after == "queue":
        return answers | {
            "set-to-regular-throughput": everything(sqs, url),
            "same-dedup-different-grp-regular-throughput": got("Test3", "1"),
        }
    return answers | {
        "set-to-high-throughput": everything(sqs, url),
        "same-dedup-different-grp-high-throughput": got("Test3", "1"),
        "same-dedup-different-grp-high-throughput-2": got("Test3", "2"),
        "new-dedup2-high-throughput": got("Test4", "1", "e"),
        "same-dedup2-high-throughput": got("Test5", "1", "e"),
    }


def throughput(scope: str) -> dict[str, str]:
    limit = {"queue": "perQueue", "messageGroup": "perMessageGroupId"}[scope]
    return {"DeduplicationScope": scope, "FifoThroughputLimit": limit}


@scenario
def fifo_change_to_high_throughput_after_creation(cloud: Cloud, sqs: Any) -> Answers:
    return deduplicated(cloud, sqs, "queue", "messageGroup")


@scenario
def fifo_change_to_regular_throughput_after_creation(cloud: Cloud, sqs: Any) -> Answers:
    return deduplicated(cloud, sqs, "messageGroup", "queue")


@scenario
def posting_to_fifo_requires_deduplicationid_group_id(cloud: Cloud, sqs: Any) -> Answers:
    url = fifo(sqs)
    return {
        "missing-parameter": error(sqs.send_message, QueueUrl=url, MessageBody="x", MessageDeduplicationId="d"),
        "invalid-parameter-value": error(sqs.send_message, QueueUrl=url, MessageBody="x", MessageGroupId="g"),
    }


@scenario
def send_batch_missing_deduplication_id_for_fifo_queue(cloud: Cloud, sqs: Any) -> Answers:
    entries = [{"Id": "1", "MessageBody": "x", "MessageGroupId": "g"}]
    refused = error(sqs.send_message_batch, QueueUrl=fifo(sqs), Entries=entries)
    return {"test_missing_deduplication_id_for_fifo_queue": refused}


@scenario
def send_batch_missing_message_group_id_for_fifo_queue(cloud: Cloud, sqs: Any) -> Answers:
    entries = [{"Id": "1", "MessageBody": "x", "MessageDeduplicationId": "d"}]
    refused = error(sqs.send_message_batch, QueueUrl=fifo(sqs), Entries=entries)
    return {"test_missing_message_group_id_for_fifo_queue": refused}


@scenario
def message_deduplication_id_invalid__empty(cloud: Cloud, sqs: Any) -> Answers:
    call = {"QueueUrl": fifo(sqs), "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": ""}
    return {"error-response": error(sqs.send_message, **call)}


@scenario
def send_batch_message_size(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs, MaximumMessageSize="1024")
    entries = [{"Id": "a", "MessageBody": "a" * 1025}, {"Id": "b", "MessageBody": "a" * 1024}]
    return {"send-message-batch-result": sqs.send_message_batch(QueueUrl=url, Entries=entries)}


@scenario
def send_empty_message(cloud: Cloud, sqs: Any) -> Answers:
    return {"send_empty_message": error(sqs.send_message, QueueUrl=queue(sqs), MessageBody="")}


@scenario
def send_message_batch_with_oversized_contents(cloud: Cloud, sqs: Any) -> Answers:
    entries = [{"Id": "1", "MessageBody": "a" * 2**20}, {"Id": "2", "MessageBody": "a"}]
    refused = error(sqs.send_message_batch, QueueUrl=queue(sqs), Entries=entries)
    return {"send_oversized_message_batch": refused}


@scenario
def send_message_with_updated_maximum_message_size(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs, MaximumMessageSize="1024")
    return {"send_oversized_message": error(sqs.send_message, QueueUrl=url, MessageBody="a" * 1025)}


@scenario
def send_oversized_message(cloud: Cloud, sqs: Any) -> Answers:
    return {"send_oversized_message": error(sqs.send_message, QueueUrl=queue(sqs), MessageBody="a" * (2**20 + 1))}


@scenario
def send_message_with_empty_string_attribute(cloud: Cloud, sqs: Any) -> Answers:
    attributes = {"ErrorDetails": {"StringValue": "", "DataType": "String"}}
    call = {"QueueUrl": queue(sqs), "MessageBody": "test", "MessageAttributes": attributes}
    return {"empty-string-attr": error(sqs.send_message, **call)}


@scenario
def send_receive_max_number_of_messages(cloud: Cloud, sqs: Any) -> Answers:
    refused = error(sqs.receive_message, QueueUrl=queue(sqs), MaxNumberOfMessages=11)
    return {"send_max_number_of_messages": refused}


@scenario
def too_many_entries_in_batch_request(cloud: Cloud, sqs: Any) -> Answers:
    entries = [{"Id": str(n), "MessageBody": "x"} for n in range(20)]
    refused = error(sqs.send_message_batch, QueueUrl=queue(sqs), Entries=entries)
    return {"test_too_many_entries_in_batch_request": refused}


@scenario
def change_message_visibility_batch_with_too_large_batch(cloud: Cloud, sqs: Any) -> Answers:
    entries = [{"Id": str(n), "ReceiptHandle": "x", "VisibilityTimeout": 1} for n in range(20)]
    return {"error_response": error(sqs.change_message_visibility_batch, QueueUrl=queue(sqs), Entries=entries)}


@scenario
def delete_message_batch_invalid_msg_id(cloud: Cloud, sqs: Any) -> Answers:
    entries = [{"Id": "invalid:id", "ReceiptHandle": "x"}]
    return {"error_response": error(sqs.delete_message_batch, QueueUrl=queue(sqs), Entries=entries)}


@scenario
def invalid_batch_id(cloud: Cloud, sqs: Any) -> Answers:
    entries = [{"Id": "a b", "MessageBody": "x"}]
    return {"test_invalid_batch_id": error(sqs.send_message_batch, QueueUrl=queue(sqs), Entries=entries)}


@scenario
def successive_purge_calls_fail(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs)
    sqs.purge_queue(QueueUrl=url)
    return {"purge_queue_error": error(sqs.purge_queue, QueueUrl=url)}


@scenario
def tag_untag_queue(cloud: Cloud, sqs: Any) -> Answers:
    url = queue(sqs)
    sqs.tag_queue(QueueUrl=url, Tags={"tag1": "value1", "tag2": "value2", "tag3": ""})
    answers = {"get-tag-1": sqs.list_queue_tags(QueueUrl=url)}
    sqs.untag_queue(QueueUrl=url, TagKeys=["tag1", "tag3"])
    answers["get-tag-2"] = sqs.list_queue_tags(QueueUrl=url)
    sqs.untag_queue(QueueUrl=url, TagKeys=["tag2"])
    return answers | {"get-tag-after-untag": sqs.list_queue_tags(QueueUrl=url)}


@scenario
def cancel_with_invalid_task_handle(cloud: Cloud, sqs: Any) -> Answers:
    return {"error": error(sqs.cancel_message_move_task, TaskHandle="foobared")}


@scenario
def source_needs_redrive_policy(cloud: Cloud, sqs: Any) -> Answers:
    arn = everything(sqs, queue(sqs))["Attributes"]["QueueArn"]
    return {"error": error(sqs.start_message_move_task, SourceArn=arn)}


@pytest.mark.parametrize(("name", "protocol", "content"), list(recorded()))
def test_as_recorded(cloud: Cloud, query_models: Path, name: str, protocol: str, content: Answers) -> None:
    cloud.clock.freeze()
    sqs = query_client(cloud, query_models) if protocol == "query" else cloud.client("sqs")
    answers = SCENARIOS[name](cloud, sqs)
    assert answers
    for key, answer in answers.items():
        expected = content[key]
        if protocol == "query" and "Error" in expected:  # some were recorded by a client of the other protocol
            expected["Error"].pop("QueryErrorCode", None)
            expected["Error"].setdefault("Detail", None)
        AWS.same(expected, plain(answer), key)
