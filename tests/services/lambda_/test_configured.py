"""What else functions have: concurrency, URLs, settings of asynchronous invocations, event source mappings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import ACCOUNT, Cloud
from services.lambda_.recording import ALL, TRUST, document, zipped

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"


@pytest.fixture
def fn(cloud: Cloud) -> Any:
    return cloud.client("lambda")


@pytest.fixture
def role(cloud: Cloud) -> str:
    iam = cloud.client("iam")
    arn: str = iam.create_role(RoleName="fn", AssumeRolePolicyDocument=document(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="fn", PolicyName="all", PolicyDocument=document(ALL))
    return arn


@pytest.fixture
def functions(fn: Any, role: str) -> tuple[str, str]:
    for name in ("f", "g"):
        given = {"Runtime": "python3.12", "Handler": "handler.handler", "Role": role, "Code": {"ZipFile": zipped()}}
        fn.create_function(FunctionName=name, Publish=True, **given)
    return "f", "g"


# Concurrency.


def test_a_hundred_executions_stay_with_those_who_have_nothing_reserved(
    cloud: Cloud, fn: Any, functions: Any, refused: Any
) -> None:
    fn.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=600)
    assert fn.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 400
    message = "decreases account's UnreservedConcurrentExecution below its minimum value of [100]."
    with refused("InvalidParameterValueException", message):
        fn.put_function_concurrency(FunctionName="g", ReservedConcurrentExecutions=301)
    fn.put_function_concurrency(FunctionName="g", ReservedConcurrentExecutions=300)
    fn.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=500)
    cloud.quota("lambda", "concurrent-executions", 2000)
    fn.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1600)
    fn.delete_function_concurrency(FunctionName="g")
    assert fn.get_account_settings()["AccountLimit"] == {
        "TotalCodeSize": 80530636800,
        "CodeSizeUnzipped": 262144000,
        "CodeSizeZipped": 52428800,
        "ConcurrentExecutions": 2000,
        "UnreservedConcurrentExecutions": 400,
    }


def test_provisioned_concurrency_of_versions_and_aliases(fn: Any, functions: Any, cloud: Cloud, refused: Any) -> None:
    put = fn.put_provisioned_concurrency_config
    fn.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    assert put(FunctionName="f", Qualifier="live", ProvisionedConcurrentExecutions=10)["Status"] == "IN_PROGRESS"
    cloud.settle()
    (listed,) = fn.list_provisioned_concurrency_configs(FunctionName="f")["ProvisionedConcurrencyConfigs"]
    assert (listed["FunctionArn"], listed["Status"]) == (f"{ARN}:live", "READY")
    assert listed["AllocatedProvisionedConcurrentExecutions"] == 10
    assert fn.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 990
    with refused("ResourceConflictException", "Version is pointed by a Provisioned Concurrency alias", 409):
        put(FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=1)
    fn.delete_provisioned_concurrency_config(FunctionName="f", Qualifier="live")
    put(FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=1)
    with refused("ResourceConflictException", "Alias can't be used for Provisioned Concurrency", 409):
        put(FunctionName="f", Qualifier="live", ProvisionedConcurrentExecutions=1)


def test_provisioned_concurrency_is_billed_by_time(cloud: Cloud, fn: Any, functions: Any) -> None:
    fn.put_provisioned_concurrency_config(FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=8)
    cloud.settle()
    cloud.clock.advance(hours=24)
    lines = cloud.bill.lines(service="lambda", usage_type="Lambda-Provisioned-Concurrency")
    assert sum(line.quantity for line in lines) == pytest.approx(24 * 3600, rel=0.05)  # eight of 128 MB are a GB
    total = cloud.bill.total(service="lambda", usage_type="Lambda-Provisioned-Concurrency")
    assert total == pytest.approx(sum(line.quantity for line in lines) * 4.1667e-6)


# URLs.


def test_urls(fn: Any, functions: Any, refused: Any) -> None:
    cors = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "MaxAge": 10}
    made = fn.create_function_url_config(FunctionName="f", AuthType="AWS_IAM", Cors=cors)
    assert made["FunctionUrl"].endswith(".lambda-url.us-east-1.localhost:4566/") and made["Cors"] == cors
    with refused("ResourceConflictException", "FunctionUrlConfig exists for this Lambda function", 409):
        fn.create_function_url_config(FunctionName="f", AuthType="NONE")
    with refused("ResourceNotFoundException", "Cannot find alias arn", 404):
        fn.create_function_url_config(FunctionName="f", Qualifier="none", AuthType="NONE")
    with refused("ResourceNotFoundException", "Function does not exist", 404):
        fn.create_function_url_config(FunctionName="none", AuthType="NONE")
    fn.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    fn.create_function_url_config(FunctionName="f", Qualifier="live", AuthType="NONE")
    changed = fn.update_function_url_config(FunctionName="f", InvokeMode="RESPONSE_STREAM")
    assert (changed["InvokeMode"], changed["AuthType"]) == ("RESPONSE_STREAM", "AWS_IAM")
    listed = fn.list_function_url_configs(FunctionName="f")["FunctionUrlConfigs"]
    assert [one["FunctionArn"] for one in listed] == [ARN, f"{ARN}:live"]
    assert listed[0]["FunctionUrl"] == made["FunctionUrl"] != listed[1]["FunctionUrl"]


# Asynchronous invocations.


def test_destinations_need_the_roles_permission(cloud: Cloud, fn: Any, functions: Any, refused: Any) -> None:
    cloud.client("sqs").create_queue(QueueName="q")
    iam = cloud.client("iam")
    target = {"OnFailure": {"Destination": QUEUE}}
    but = {"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}
    iam.put_role_policy(RoleName="fn", PolicyName="all", PolicyDocument=document(but))
    message = "The function's execution role does not have permissions to call SendMessage on SQS"
    with refused("InvalidParameterValueException", message):
        fn.put_function_event_invoke_config(FunctionName="f", DestinationConfig=target)
    iam.put_role_policy(RoleName="fn", PolicyName="all", PolicyDocument=document(ALL))
    put = fn.put_function_event_invoke_config(FunctionName="f", DestinationConfig=target)
    assert put["DestinationConfig"] == {"OnSuccess": {}, **target}
    changed = fn.update_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    assert changed["DestinationConfig"] == {"OnSuccess": {}, **target}


# Event source mappings.


@pytest.fixture
def queue(cloud: Cloud) -> str:
    cloud.client("sqs").create_queue(QueueName="q")
    cloud.client("sqs").create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})
    return QUEUE


@pytest.fixture
def stream(cloud: Cloud) -> str:
    table = cloud.client("dynamodb").create_table(
        TableName="tab",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return str(table["TableDescription"]["LatestStreamArn"])


def test_a_mapping_is_made_changed_turned_off_and_deleted(
    cloud: Cloud, fn: Any, functions: Any, queue: str, refused: Any
) -> None:
    made = fn.create_event_source_mapping(FunctionName="f", EventSourceArn=queue, BatchSize=5, Tags={"a": "b"})
    uuid = made["UUID"]
    assert (made["State"], made["BatchSize"], made["FunctionArn"]) == ("Creating", 5, ARN)
    cloud.settle()
    changed = fn.update_event_source_mapping(UUID=uuid, FunctionName="g", Enabled=False)
    assert (changed["State"], changed["FunctionArn"]) == ("Disabling", ARN[:-1] + "g")
    cloud.settle()
    found = fn.get_event_source_mapping(UUID=uuid)
    assert (found["State"], found["BatchSize"]) == ("Disabled", 5)
    assert fn.list_tags(Resource=found["EventSourceMappingArn"])["Tags"] == {"a": "b"}
    criteria = {"Filters": [{"Pattern": json.dumps({"body": {"a": [{"prefix": "x"}]}})}]}
    assert fn.update_event_source_mapping(UUID=uuid, FilterCriteria=criteria)["FilterCriteria"] == criteria
    cloud.settle()
    assert "FilterCriteria" not in fn.update_event_source_mapping(UUID=uuid, FilterCriteria={})
    cloud.settle()
    assert fn.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    cloud.settle()
    with refused("ResourceNotFoundException", "The resource you requested does not exist.", 404):
        fn.get_event_source_mapping(UUID=uuid)


def test_a_mapping_in_transition_is_left_alone(cloud: Cloud, fn: Any, functions: Any, queue: str, refused: Any) -> None:
    cloud.set("lambda", "lifecycle", 60.0)
    uuid = fn.create_event_source_mapping(FunctionName="f", EventSourceArn=queue)["UUID"]
    with refused("ResourceInUseException", "Cannot update the event source mapping because it is in use."):
        fn.update_event_source_mapping(UUID=uuid, BatchSize=1)
    with refused("ResourceInUseException", "Cannot delete the event source mapping because it is in use."):
        fn.delete_event_source_mapping(UUID=uuid)


def test_lists_of_mappings(fn: Any, functions: Any, queue: str, stream: str) -> None:
    of_queue = {fn.create_event_source_mapping(FunctionName=name, EventSourceArn=queue)["UUID"] for name in "fg"}
    given = {"EventSourceArn": stream, "StartingPosition": "LATEST"}
    of_stream = fn.create_event_source_mapping(FunctionName="f", **given)["UUID"]

    def found(**asked: Any) -> set[str]:
        pages = fn.get_paginator("list_event_source_mappings").paginate(PaginationConfig={"PageSize": 1}, **asked)
        return {one["UUID"] for page in pages for one in page["EventSourceMappings"]}

    assert found() == of_queue | {of_stream}
    assert found(EventSourceArn=queue) == of_queue
    assert found(FunctionName="f", EventSourceArn=stream) == {of_stream}
    assert len(found(FunctionName="f")) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        ({"EventSourceArn": f"{QUEUE}.fifo", "MaximumBatchingWindowInSeconds": 1}, "Batching window is not supported"),
        ({"EventSourceArn": f"{QUEUE}.fifo", "BatchSize": 11}, "less than or equal to 10"),
        ({"StartingPosition": "LATEST"}, "Unsupported starting position for arn type"),
        ({"ParallelizationFactor": 2}, "Unsupported parameter"),
        ({"EventSourceArn": "arn:aws:s3:::bucket"}, "Unrecognized event source"),
        ({"EventSourceArn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t"}, "Unrecognized event source"),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"a": {"b": []}}'}]}}, "Invalid filter pattern definition."),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"a": [{"like": "x"}]}'}]}}, "Invalid filter pattern"),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"a": [{"numeric": ["<"]}]}'}]}}, "Invalid filter pattern"),
    ],
)
def test_what_mappings_of_queues_may_not_be(
    fn: Any, functions: Any, queue: str, refused: Any, given: dict[str, Any], message: str
) -> None:
    with refused("InvalidParameterValueException", message):
        fn.create_event_source_mapping(**{"FunctionName": "f", "EventSourceArn": queue} | given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"MaximumRecordAgeInSeconds": 59}, "MaximumRecordAgeInSeconds"),
        ({"ScalingConfig": {"MaximumConcurrency": 2}}, "Unsupported parameter"),
        ({"TumblingWindowInSeconds": 10, "ParallelizationFactor": 2}, "Tumbling windows"),
        ({"DestinationConfig": {"OnSuccess": {"Destination": QUEUE}}}, "OnSuccess"),
    ],
)
def test_what_mappings_of_streams_may_not_be(
    fn: Any, functions: Any, stream: str, refused: Any, given: dict[str, Any], message: str
) -> None:
    with refused("InvalidParameterValueException", message):
        fn.create_event_source_mapping(FunctionName="f", EventSourceArn=stream, StartingPosition="LATEST", **given)


def test_a_mapping_needs_what_the_function_has(cloud: Cloud, fn: Any, functions: Any, queue: str, refused: Any) -> None:
    iam = cloud.client("iam")
    given = {"FunctionName": "f", "EventSourceArn": queue}
    iam.put_role_policy(RoleName="fn", PolicyName="all", PolicyDocument=document(ALL | {"Action": "s3:*"}))
    message = "The provided execution role does not have permissions to call ReceiveMessage on SQS"
    with refused("InvalidParameterValueException", message):
        fn.create_event_source_mapping(**given)
    iam.put_role_policy(RoleName="fn", PolicyName="all", PolicyDocument=document(ALL))
    fn.update_function_configuration(FunctionName="f", Timeout=31)
    message = "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"
    with refused("InvalidParameterValueException", message):
        fn.create_event_source_mapping(**given)


def test_sources_without_an_engine_are_refused(fn: Any, functions: Any, refused: Any) -> None:
    kafka = f"arn:aws:kafka:us-east-1:{ACCOUNT}:cluster/c/{'0' * 8}-0000-0000-0000-{'0' * 12}-1"
    with refused("NotImplemented", "kafka", 501):
        fn.create_event_source_mapping(FunctionName="f", EventSourceArn=kafka, Topics=["topic"])
    servers = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka:1000"]}}
    with refused("NotImplemented", "self-managed", 501):
        fn.create_event_source_mapping(FunctionName="f", SelfManagedEventSource=servers, Topics=["topic"])
