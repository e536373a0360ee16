"""Vectors of our own: what botocore's do not cover, mostly what AWS itself answers."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from hodei.protocol import eventstream
from hodei.protocol.codec import (
    MalformedXML,
    NoSuchOperation,
    ProtocolError,
    SerializationError,
    UnknownMember,
    codec_for,
    detect_protocol,
    find_operation,
)
from hodei.protocol.http import Body, Headers, Request, Response
from hodei.protocol.model import load_model, service_index

FORM = ("Content-Type", "application/x-www-form-urlencoded")


def parse(service: str, request: Request) -> tuple[str, dict[str, Any]]:
    model = load_model(service)
    protocol = detect_protocol(model, request)
    operation, uri_params = find_operation(model, protocol, request)
    return operation.name, codec_for(model, protocol).parse(operation, request, request.body, uri_params)


def request(method: str, target: str, body: bytes = b"", **headers: str) -> Request:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request(method, target, Headers(named), Body(body))


def json_request(service: str, operation: str, body: bytes) -> Request:
    return request("POST", "/", body, x_amz_target=f"{load_model(service).target_prefix}.{operation}")


def form_request(body: str) -> Request:
    return Request("POST", "/", Headers([FORM]), Body(body.encode()))


def serialise(service: str, protocol: str, operation: str, result: dict[str, Any]) -> Response:
    model = load_model(service)
    return codec_for(model, protocol).serialise(model.operations[operation], result, request_id="R")


def error(service: str, protocol: str, code: str, *, shape: str | None = None, **fields: Any) -> Response:
    return codec_for(load_model(service), protocol).error(
        None, code=code, message="m", status=400, sender_fault=True, fields=fields, request_id="R", shape=shape
    )


def test_every_service_has_metadata_and_a_codec_for_each_protocol() -> None:
    assert len(service_index()) > 400
    for name in ("sqs", "cloudwatch", "s3", "ec2", "lambda", "dynamodb"):
        model = load_model(name)
        assert service_index()[name].items() <= model.metadata.items()
        for protocol in model.protocols:
            assert codec_for(model, protocol).protocol == protocol
            assert codec_for(model, protocol) is codec_for(model, protocol)


def test_unknown_service() -> None:
    with pytest.raises(KeyError):
        load_model("no-such-service")


# -- SQS over the query protocol, which botocore's model no longer describes

SQS_FORMS = {
    "Action=SendMessage&QueueUrl=q&MessageBody=b&DelaySeconds=3&MessageAttribute.1.Name=n"
    "&MessageAttribute.1.Value.DataType=Binary&MessageAttribute.1.Value.BinaryValue=aGk%3D": {
        "QueueUrl": "q",
        "MessageBody": "b",
        "DelaySeconds": 3,
        "MessageAttributes": {"n": {"DataType": "Binary", "BinaryValue": b"hi"}},
    },
    "Action=CreateQueue&QueueName=q&Attribute.1.Name=FifoQueue&Attribute.1.Value=true&Tag.1.Key=k&Tag.1.Value=v": {
        "QueueName": "q",
        "Attributes": {"FifoQueue": "true"},
        "tags": {"k": "v"},
    },
    "Action=GetQueueAttributes&QueueUrl=q&AttributeName.1=All": {"QueueUrl": "q", "AttributeNames": ["All"]},
    "Action=AddPermission&QueueUrl=q&Label=l&AWSAccountId.1=1&AWSAccountId.2=2&ActionName.1=*": {
        "QueueUrl": "q",
        "Label": "l",
        "AWSAccountIds": ["1", "2"],
        "Actions": ["*"],
    },
    "Action=SendMessageBatch&QueueUrl=q&SendMessageBatchRequestEntry.1.Id=1&SendMessageBatchRequestEntry.1.MessageBody=b"
    "&SendMessageBatchRequestEntry.2.Id=2&SendMessageBatchRequestEntry.2.MessageBody=c": {
        "QueueUrl": "q",
        "Entries": [{"Id": "1", "MessageBody": "b"}, {"Id": "2", "MessageBody": "c"}],
    },
    "Action=DeleteMessageBatch&QueueUrl=q&DeleteMessageBatchRequestEntry.1.Id=1"
    "&DeleteMessageBatchRequestEntry.1.ReceiptHandle=r": {
        "QueueUrl": "q",
        "Entries": [{"Id": "1", "ReceiptHandle": "r"}],
    },
    "Action=SetQueueAttributes&QueueUrl=q&Attribute.Name=DelaySeconds&Attribute.Value=5": {
        "QueueUrl": "q",
        "Attributes": {"DelaySeconds": "5"},
    },
    "Action=UntagQueue&QueueUrl=q&TagKey.1=a&TagKey.2=b": {"QueueUrl": "q", "TagKeys": ["a", "b"]},
}


@pytest.mark.parametrize("form", SQS_FORMS)
def test_sqs_query_requests(form: str) -> None:
    assert parse("sqs", form_request(form)) == (form.removeprefix("Action=").partition("&")[0], SQS_FORMS[form])


def test_sqs_query_response() -> None:
    message = {"MessageId": "i", "Body": "<b>", "Attributes": {"SenderId": "s"}}
    response = serialise("sqs", "query", "ReceiveMessage", {"Messages": [message]})
    assert response.header("content-type") == "text/xml"
    assert response.body == (
        b'<ReceiveMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><ReceiveMessageResult><Message>'
        b"<MessageId>i</MessageId><Body>&lt;b&gt;</Body><Attribute><Name>SenderId</Name><Value>s</Value></Attribute>"
        b"</Message></ReceiveMessageResult><ResponseMetadata><RequestId>R</RequestId></ResponseMetadata>"
        b"</ReceiveMessageResponse>"
    )


def test_sqs_errors() -> None:
    response = error("sqs", "json", "AWS.SimpleQueueService.NonExistentQueue", shape="QueueDoesNotExist")
    assert response.header("x-amzn-query-error") == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert response.header("x-amzn-requestid") == "R"
    assert orjson.loads(response.body) == {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "m"}
    response = error("sqs", "query", "AWS.SimpleQueueService.NonExistentQueue", shape="QueueDoesNotExist")
    assert (
        b"<Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>m</Message>" in response.body
    )
    response = error("sqs", "json", "InvalidParameterValue")
    assert response.header("x-amzn-query-error") == "InvalidParameterValue;Sender"
    assert orjson.loads(response.body)["__type"].endswith("#InvalidParameterValueException")
    shape = load_model("sqs").error_shape("AWS.SimpleQueueService.NonExistentQueue")
    assert shape is load_model("sqs").error_shape("QueueDoesNotExist")
    assert (shape.error_status, shape.sender_fault) == (400, True)


# -- S3

S3_ROUTES = [
    ("GET", "/", {}, "ListBuckets"),
    ("GET", "/?x-id=ListDirectoryBuckets", {}, "ListDirectoryBuckets"),
    ("GET", "/b", {}, "ListObjects"),
    ("GET", "/b/", {}, "ListObjects"),
    ("GET", "/b?list-type=2&prefix=a", {}, "ListObjectsV2"),
    ("GET", "/b?uploads", {}, "ListMultipartUploads"),
    ("GET", "/b?uploads=", {}, "ListMultipartUploads"),
    ("GET", "/b?versions", {}, "ListObjectVersions"),
    ("GET", "/b?analytics", {}, "ListBucketAnalyticsConfigurations"),
    ("GET", "/b?analytics&id=1", {}, "GetBucketAnalyticsConfiguration"),
    ("GET", "/b?lifecycle", {}, "GetBucketLifecycleConfiguration"),
    ("GET", "/b?notification", {}, "GetBucketNotificationConfiguration"),
    ("HEAD", "/b", {}, "HeadBucket"),
    ("POST", "/b?delete", {}, "DeleteObjects"),
    ("GET", "/b/k", {}, "GetObject"),
    ("GET", "/b/k/", {}, "GetObject"),
    ("GET", "/b/k?versionId=1&x-id=GetObject", {}, "GetObject"),
    ("GET", "/b/k?acl", {}, "GetObjectAcl"),
    ("GET", "/b/k?uploadId=1", {}, "ListParts"),
    ("PUT", "/b/k", {}, "PutObject"),
    ("PUT", "/b/k", {"x_amz_copy_source": "a/b"}, "CopyObject"),
    ("PUT", "/b/k?partNumber=1&uploadId=u", {}, "UploadPart"),
    ("PUT", "/b/k?partNumber=1&uploadId=u", {"x_amz_copy_source": "a/b"}, "UploadPartCopy"),
    ("POST", "/b/k?uploads", {}, "CreateMultipartUpload"),
    ("POST", "/b/k?uploadId=u", {}, "CompleteMultipartUpload"),
    ("DELETE", "/b/k", {}, "DeleteObject"),
    ("DELETE", "/b/k?uploadId=u", {}, "AbortMultipartUpload"),
    ("DELETE", "/b/k?tagging", {}, "DeleteObjectTagging"),
]


@pytest.mark.parametrize(("method", "target", "headers", "name"), S3_ROUTES)
def test_s3_routes(method: str, target: str, headers: dict[str, str], name: str) -> None:
    operation, _ = find_operation(load_model("s3"), "rest-xml", request(method, target, **headers))
    assert operation.name == name


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("a", "a"),
        ("a/b/", "a/b/"),
        ("/a", "/a"),
        ("a//b", "a//b"),
        ("a%2Fb", "a/b"),
        ("%E2%82%AC", "€"),
        ("a/../b", "a/../b"),
    ],
)
def test_s3_keys_are_kept(path: str, key: str) -> None:
    _, uri_params = find_operation(load_model("s3"), "rest-xml", request("GET", f"/bucket/{path}"))
    assert uri_params == {"Bucket": "bucket", "Key": key}


def test_s3_streams_and_headers() -> None:
    name, params = parse("s3", request("PUT", "/b/k", b"data", Content_Length="4", x_amz_meta_Color="red"))
    assert name == "PutObject"
    assert params.pop("Body").data == b"data"
    assert params == {"Bucket": "b", "Key": "k", "ContentLength": 4, "Metadata": {"color": "red"}}


def test_s3_listing() -> None:
    time = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    result = {"Name": "b", "Contents": [{"Key": "a&\x01", "LastModified": time, "ETag": '"e"', "Size": 1}]}
    body = serialise("s3", "rest-xml", "ListObjectsV2", result | {"IsTruncated": False, "KeyCount": 1}).body
    assert body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<IsTruncated>false</IsTruncated><Contents><Key>a&amp;&#x1;</Key>"
        b"<LastModified>2024-01-02T03:04:05.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>1</Size></Contents>"
        b"<Name>b</Name><KeyCount>1</KeyCount></ListBucketResult>"
    )


def test_s3_location_is_a_bare_root() -> None:
    start = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    )
    response = serialise("s3", "rest-xml", "GetBucketLocation", {"LocationConstraint": "eu-west-1"})
    assert response.body == start + b">eu-west-1</LocationConstraint>"
    assert serialise("s3", "rest-xml", "GetBucketLocation", {}).body == start + b"/>"


def test_s3_error_is_not_wrapped() -> None:
    response = error("s3", "rest-xml", "NoSuchKey", shape="NoSuchKey", Key="k<", HostId="h")
    assert response.header("x-amz-request-id") == "R"
    assert response.body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>m</Message><Key>k&lt;</Key>'
        b"<RequestId>R</RequestId><HostId>h</HostId></Error>"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"<Tagging>",
        b"nonsense",
        b"<Other/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><Tagging>&b;</Tagging>',
        b'<?xml version="1.0" encoding="cp037"?><Tagging/>\xff',
        "<Tagging/>".encode("utf-16"),
    ],
)
def test_malformed_xml(body: bytes) -> None:
    with pytest.raises(MalformedXML):
        parse("s3", request("PUT", "/b?tagging", body))


def test_s3_bad_numbers() -> None:
    with pytest.raises(ProtocolError) as caught:
        parse("s3", request("GET", "/b?list-type=2&max-keys=many"))
    assert (caught.value.code, caught.value.status) == ("InvalidArgument", 400)


def test_no_such_operation() -> None:
    with pytest.raises(NoSuchOperation) as caught:
        parse("s3", request("PATCH", "/b"))
    assert (caught.value.code, caught.value.status) == ("MethodNotAllowed", 405)
    with pytest.raises(NoSuchOperation) as caught:
        parse("sqs", json_request("sqs", "NoSuch", b"{}"))
    assert (caught.value.code, caught.value.operation) == ("UnknownOperationException", "NoSuch")
    with pytest.raises(NoSuchOperation) as caught:
        parse("sqs", form_request("Action=NoSuch"))
    assert caught.value.code == "InvalidAction"
    with pytest.raises(NoSuchOperation) as caught:
        parse("lambda", request("GET", "/nowhere"))
    assert (caught.value.code, caught.value.status) == ("UnknownOperationException", 404)


# -- JSON

WRONG_TYPES = [
    # As Athena, SES and SQS answer.
    ("sqs", "ListQueues", b'{"MaxResults": "1"}', "STRING_VALUE can not be converted to an Integer"),
    ("sqs", "ListQueues", b'{"MaxResults": true}', "TRUE_VALUE can not be converted to an Integer"),
    ("sqs", "ListQueues", b'{"MaxResults": [1]}', "Start of list found where not expected"),
    ("sqs", "ListQueues", b'{"MaxResults": {}}', "Start of structure or map found where not expected."),
    ("sqs", "ListQueues", b'{"NextToken": 1}', "NUMBER_VALUE can not be converted to a String"),
    ("sqs", "TagQueue", b'{"QueueUrl": []}', "Start of list found where not expected"),
    ("sqs", "UntagQueue", b'{"TagKeys": "x"}', "Expected list or null"),
    ("sqs", "UntagQueue", b'{"TagKeys": [1]}', "NUMBER_VALUE can not be converted to a String"),
    ("sqs", "ListQueues", b"[]", "Start of list found where not expected"),
    ("sqs", "ListQueues", b"{", None),
    ("sqs", "ListQueues", b"null", None),
    ("sqs", "ListQueues", b'"x"', None),
    # As DynamoDB's own parser does.
    ("dynamodb", "GetItem", b'{"TableName": 23}', "NUMBER_VALUE cannot be converted to String"),
    ("dynamodb", "GetItem", b'{"TableName": 34.56}', "DECIMAL_VALUE cannot be converted to String"),
    ("dynamodb", "GetItem", b'{"TableName": []}', "Unrecognized collection type class java.lang.String"),
    ("dynamodb", "GetItem", b'{"TableName": {}}', "Start of structure or map found where not expected"),
    ("dynamodb", "GetItem", b'{"ConsistentRead": "x"}', "Unexpected token received from parser"),
    (
        "dynamodb",
        "GetItem",
        b'{"Key": []}',
        "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>",
    ),
    (
        "dynamodb",
        "BatchWriteItem",
        b'{"RequestItems": []}',
        "Unrecognized collection type "
        "java.util.Map<java.lang.String, java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>>",
    ),
    ("dynamodb", "GetItem", b'{"Key": "x"}', "Unexpected field type"),
    (
        "dynamodb",
        "GetItem",
        b'{"Key": {"a": {"B": "23456"}}}',
        "Base64 encoded length is expected a multiple of 4 bytes but found: 5",
    ),
    ("dynamodb", "GetItem", b'{"Key": {"a": {"B": 1}}}', "only base-64-encoded strings are convertible to bytes"),
]


@pytest.mark.parametrize(("service", "operation", "body", "message"), WRONG_TYPES)
def test_json_of_the_wrong_type(service: str, operation: str, body: bytes, message: str | None) -> None:
    with pytest.raises(SerializationError) as caught:
        parse(service, json_request(service, operation, body))
    assert (caught.value.code, caught.value.message) == ("SerializationException", message)


def test_null_and_unknown_members_are_absent() -> None:
    assert parse("sqs", json_request("sqs", "ListQueues", b'{"MaxResults": null, "Foo": 1}')) == ("ListQueues", {})


def test_recursive_items() -> None:
    item = b'{"TableName": "t", "Item": {"a": {"M": {"b": {"L": [{"B": "aGk="}, {"N": "1"}, {"NULL": true}]}}}}}'
    _, params = parse("dynamodb", json_request("dynamodb", "PutItem", item))
    assert params["Item"] == {"a": {"M": {"b": {"L": [{"B": b"hi"}, {"N": "1"}, {"NULL": True}]}}}}
    response = serialise("dynamodb", "json", "GetItem", {"Item": params["Item"]})
    assert orjson.loads(response.body) == {"Item": orjson.loads(item)["Item"]}
    assert params["Item"]["a"]["M"]["b"]["L"][0] == {"B": b"hi"}, "the handler's result is not changed"


def test_deep_nesting_is_an_error_not_a_crash() -> None:
    item = b'{"L":[' * 400 + b'{"S":"x"}' + b"]}" * 400
    with pytest.raises(SerializationError):
        parse("dynamodb", json_request("dynamodb", "PutItem", b'{"Item":{"a":' + item * 3 + b"}}"))


@pytest.mark.parametrize(
    ("service", "protocol", "operation", "result"),
    [
        ("sqs", "json", "SendMessage", {"Nope": 1}),
        ("sqs", "query", "ReceiveMessage", {"Messages": [{"Nope": 1}]}),
        ("s3", "rest-xml", "GetObject", {"Nope": 1}),
        ("s3", "rest-xml", "ListObjectsV2", {"Contents": [{"Nope": 1}]}),
        ("lambda", "rest-json", "GetFunction", {"Configuration": {"Nope": 1}}),
        ("cloudwatch", "smithy-rpc-v2-cbor", "ListMetrics", {"Metrics": [{"Nope": 1}]}),
        ("sqs", "json", "DeleteMessage", {"Nope": 1}),
    ],
)
def test_results_that_the_model_lacks(service: str, protocol: str, operation: str, result: dict[str, Any]) -> None:
    with pytest.raises(UnknownMember):
        serialise(service, protocol, operation, result)


def test_rest_json_error() -> None:
    response = error("lambda", "rest-json", "ResourceNotFoundException", shape="ResourceNotFoundException", Type="User")
    assert response.header("x-amzn-errortype") == "ResourceNotFoundException"
    assert orjson.loads(response.body) == {"Type": "User", "Message": "m"}


def test_framework_errors_in_dynamodb() -> None:
    for code, expected in (
        ("SerializationException", {"__type": "com.amazon.coral.service#SerializationException", "Message": "m"}),
        ("ValidationException", {"__type": "com.amazon.coral.validate#ValidationException", "message": "m"}),
    ):
        assert orjson.loads(error("dynamodb", "json", code).body) == expected


def test_ec2_error() -> None:
    response = error("ec2", "ec2", "InvalidInstanceID.NotFound")
    assert (
        b"<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>m</Message></Error></Errors>"
        in response.body
    )


# -- compressed bodies


def test_compressed_requests() -> None:
    form = gzip.compress(
        b"Action=PutMetricData&Namespace=n&MetricData.member.1.MetricName=m&MetricData.member.1.Value=1.5"
    )
    call = Request("POST", "/", Headers([FORM, ("Content-Encoding", "gzip")]), Body(form))
    expected = {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1.5}]}
    assert parse("cloudwatch", call) == ("PutMetricData", expected)
    call = Request("POST", "/", Headers([FORM, ("Content-Encoding", "gzip")]), Body(form[:-20] + b"x" * 20))
    with pytest.raises(ProtocolError):
        parse("cloudwatch", call)


# -- event streams


async def stream(*values: Any) -> AsyncIterator[Any]:
    for value in values:
        yield value


async def messages_of(response: Response) -> list[tuple[dict[str, Any], bytes]]:
    data = b"".join([chunk async for chunk in response.body])  # type: ignore[union-attr]
    return [message async for message in eventstream.messages(Body(data))]


def test_output_events() -> None:
    result = {
        "Payload": stream({"Records": {"Payload": b"a,b"}}, {"Stats": {"Details": {"BytesScanned": 3}}}, {"End": {}})
    }
    response = serialise("s3", "rest-xml", "SelectObjectContent", result)
    records, stats, end = asyncio.run(messages_of(response))
    assert records == (
        {":message-type": "event", ":event-type": "Records", ":content-type": "application/octet-stream"},
        b"a,b",
    )
    assert stats[1] == b"<Stats><BytesScanned>3</BytesScanned></Stats>"
    assert end[0] == {":message-type": "event", ":event-type": "End"}


def test_rpc_streams_start_with_an_initial_response() -> None:
    events = {"eventStream": stream({"SubscribeToShardEvent": {"Records": [], "ContinuationSequenceNumber": "1"}})}
    operation = load_model("kinesis").operations["SubscribeToShard"]
    events = {operation.event_output: next(iter(events.values()))}
    messages = asyncio.run(messages_of(serialise("kinesis", "json", "SubscribeToShard", events)))
    assert [headers[":event-type"] for headers, _ in messages] == ["initial-response", "SubscribeToShardEvent"]


def test_input_events() -> None:
    types = [(":event-type", eventstream.string("TextEvent")), (":message-type", eventstream.string("event"))]
    inner = eventstream.frame(types, b'{"Text":"hello"}')
    signed = eventstream.frame([(":chunk-signature", b"\x06\x00\x01s")], inner)
    end = eventstream.frame([(":chunk-signature", b"\x06\x00\x01s")], b"")
    name, params = parse("polly", request("POST", "/v1/synthesisStream", inner + signed + end))
    assert name == "StartSpeechSynthesisStream"

    async def collect() -> list[Any]:
        return [event async for event in params["ActionStream"]]

    assert asyncio.run(collect()) == [{"TextEvent": {"Text": "hello"}}] * 2


def test_truncated_event_stream() -> None:
    async def collect() -> list[Any]:
        return [message async for message in eventstream.messages(Body(eventstream.frame([], b"x")[:-2]))]

    with pytest.raises(SerializationError):
        asyncio.run(collect())
