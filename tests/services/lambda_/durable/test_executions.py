"""Executions as those who begin, look at and stop them see them."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import ACCOUNT, Cloud
from services.lambda_.functions import PYTHON

from .conftest import Workflows

pytestmark = pytest.mark.feature("lambda.invoke")

INVALID = "InvalidParameterValueException"


def refused(call: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def invoked(flows: Workflows, name: str, event: Any, **options: Any) -> dict[str, Any]:
    answer = flows.fn.invoke(FunctionName=name, Payload=json.dumps(event), **options)
    return {**answer, "Payload": json.loads(answer["Payload"].read())}


# configurations


def test_a_function_is_made_durable(flows: Workflows) -> None:
    flows.make("order", timeout=3600)
    config = {"ExecutionTimeout": 3600, "RetentionPeriodInDays": 14}
    for qualifier in ("$LATEST", "1"):
        found = flows.fn.get_function_configuration(FunctionName="order", Qualifier=qualifier)
        assert found["DurableConfig"] == config
    changed = flows.fn.update_function_configuration(FunctionName="order", DurableConfig={"RetentionPeriodInDays": 1})
    assert changed["DurableConfig"] == {"ExecutionTimeout": 3600, "RetentionPeriodInDays": 1}
    assert flows.fn.update_function_configuration(FunctionName="order", Timeout=9)["DurableConfig"]


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (
            {"DurableConfig": {"RetentionPeriodInDays": 7}},
            INVALID,
            "You cannot create a function with a durable configuration without an executionTimeout",
        ),
        (
            {"Runtime": PYTHON},
            INVALID,
            "You cannot use a managed runtime that does not support a durable configuration",
        ),
        ({"DurableConfig": {"ExecutionTimeout": 31622401}}, "ValidationException", "less than or equal to 31622400"),
        (
            {"DurableConfig": {"ExecutionTimeout": 1, "RetentionPeriodInDays": 91}},
            "ValidationException",
            "less than or equal to 90",
        ),
    ],
)
def test_configurations_that_cannot_be(flows: Workflows, given: dict[str, Any], code: str, message: str) -> None:
    found = refused(flows.make, handler="order", **given)
    assert found[0] == code and message in found[1]


def test_a_function_that_is_there_does_not_become_durable(flows: Workflows) -> None:
    flows.make("plain", timeout=None)
    call = flows.fn.update_function_configuration
    assert refused(call, FunctionName="plain", DurableConfig={"ExecutionTimeout": 9})[0] == INVALID
    flows.make("order")
    assert refused(call, FunctionName="order", Runtime="python3.12")[0] == INVALID


# invocations


def test_who_waits_for_the_answer_has_it(flows: Workflows) -> None:
    answer = invoked(flows, flows.make("each", timeout=900), [2, 3])
    assert (answer["StatusCode"], answer["ExecutedVersion"], answer["Payload"]) == (200, "1", [4, 9])
    assert flows.result(answer["DurableExecutionArn"]) == [4, 9]


def test_who_waits_hears_of_a_failure(flows: Workflows) -> None:
    answer = invoked(flows, flows.make("fail", timeout=900), {})
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"] == {"errorType": "RuntimeError", "errorMessage": "it cannot be done"}


def test_who_waits_waits_for_waits_too(flows: Workflows) -> None:
    name, answers = flows.make("nested", timeout=900), []
    waiting = threading.Thread(target=lambda: answers.append(invoked(flows, name, {"size": 3})))
    waiting.start()
    while waiting.is_alive():
        flows.advance(seconds=30)
    assert answers[0]["Payload"] == 3


def test_an_execution_is_of_a_version(flows: Workflows) -> None:
    flows.make("order")
    call = flows.fn.invoke
    message = "You cannot invoke a durable function using an unqualified ARN."
    assert refused(call, FunctionName="order", InvocationType="Event") == (INVALID, message)
    flows.fn.create_alias(FunctionName="order", Name="live", FunctionVersion="1")
    arn = flows.start("order:live", {"a": 1, "b": 1})
    found = flows.get(arn)
    assert arn.startswith(f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:order:1/durable-execution/")
    assert found["FunctionArn"].endswith(":function:order:live") and found["Version"] == "1"
    assert ":$LATEST/durable-execution/" in flows.start("order:$LATEST", {"a": 1, "b": 1})
    flows.advance(days=4)
    assert flows.result(arn) == 4


def test_who_waits_does_so_for_15_minutes_at_most(flows: Workflows) -> None:
    message = "You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes."
    assert refused(flows.fn.invoke, FunctionName=flows.make("order", timeout=901)) == (INVALID, message)
    assert flows.fn.invoke(FunctionName="order:1", InvocationType="DryRun")["StatusCode"] == 204


def test_of_a_name_there_is_one_execution(flows: Workflows) -> None:
    name = flows.make("order")
    first = flows.start(name, {"a": 1, "b": 1}, DurableExecutionName="mine")
    assert "/durable-execution/mine/" in first
    assert flows.start(name, {"a": 1, "b": 1}, DurableExecutionName="mine") == first
    other = {"FunctionName": name, "InvocationType": "Event", "DurableExecutionName": "mine", "Payload": b"{}"}
    assert refused(flows.fn.invoke, **other)[0] == "DurableExecutionAlreadyStartedException"
    flows.advance(days=4)
    assert flows.start(name, {"a": 1, "b": 1}, DurableExecutionName="mine") == first
    assert flows.did(name) == ["add", "double"]
    flows.advance(days=14)  # it is not known any more
    assert flows.start(name, {"a": 1, "b": 1}, DurableExecutionName="mine") != first


def test_who_comes_back_gets_the_result(flows: Workflows) -> None:
    name = flows.make("each", timeout=900)
    first = invoked(flows, name, [2], DurableExecutionName="once")
    again = invoked(flows, name, [2], DurableExecutionName="once")
    assert again["Payload"] == [4] and again["DurableExecutionArn"] == first["DurableExecutionArn"]
    assert flows.did(name) == ["item 2"]


@pytest.mark.parametrize("name", ["has space", "x" * 65])
def test_names_that_are_none(flows: Workflows, name: str) -> None:
    call = flows.cloud.client("lambda").invoke
    assert refused(call, FunctionName=flows.make("order"), DurableExecutionName=name)[0] == "ValidationException"


@pytest.mark.feature("lambda.event-sources")
def test_a_queue_feeds_a_durable_function(flows: Workflows) -> None:
    cloud = flows.cloud
    cloud.client("iam").attach_role_policy(
        RoleName="fn", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
    )
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    name = flows.make("protocol.protocol", timeout=600)
    flows.fn.create_event_source_mapping(
        FunctionName=name, EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders", BatchSize=1
    )
    sqs.send_message(QueueUrl=url, MessageBody="1")
    flows.advance(seconds=25)
    (found,) = flows.fn.list_durable_executions_by_function(FunctionName="protocol")["DurableExecutions"]
    assert "eventSourceARN" in flows.get(found["DurableExecutionArn"])["InputPayload"]


@pytest.mark.feature("lambda.event-sources")
def test_what_cannot_be_fed_by_a_queue(flows: Workflows) -> None:
    sqs = flows.cloud.client("sqs")
    sqs.create_queue(QueueName="orders")
    given = {"EventSourceArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"}
    name = flows.make("order", timeout=901)
    for function in (name, "order"):
        assert refused(flows.fn.create_event_source_mapping, FunctionName=function, **given)[0] == INVALID


def test_so_many_may_run(flows: Workflows) -> None:
    name = flows.make("approve")
    flows.cloud.quota("lambda", "durable-executions", 2)
    arn = flows.start(name)
    flows.start(name)
    call = flows.fn.invoke
    assert refused(call, FunctionName=name, InvocationType="Event")[0] == "TooManyRequestsException"
    flows.fn.stop_durable_execution(DurableExecutionArn=arn)
    flows.start(name)
    cloudwatch, end = flows.cloud.client("cloudwatch"), flows.cloud.clock.now() + timedelta(minutes=1)
    (point,) = cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda", MetricName="ApproximateRunningDurableExecutions", Period=3600, Statistics=["Maximum"],
        StartTime=end - timedelta(hours=1), EndTime=end,
    )["Datapoints"]  # fmt: skip
    assert point["Maximum"] == 2


# looking at executions


def test_an_execution_without_its_data(flows: Workflows) -> None:
    arn = flows.start(flows.make("each"), [2])
    found = flows.fn.get_durable_execution(DurableExecutionArn=arn, IncludeExecutionData=False)
    assert found["ExecutionDataIncluded"] is False and not found.keys() & {"InputPayload", "Result"}
    assert flows.get(arn)["ExecutionDataIncluded"] is True and json.loads(flows.get(arn)["InputPayload"]) == [2]
    events = flows.fn.get_durable_execution_history(DurableExecutionArn=arn, IncludeExecutionData=False)["Events"]
    assert '"Payload"' not in json.dumps(events, default=str)


def test_history_in_both_directions_and_in_pages(flows: Workflows) -> None:
    arn = flows.start(flows.make("each"), [1, 2, 3])
    everything = [event["EventId"] for event in flows.events(arn)]
    assert everything == list(range(1, len(everything) + 1))
    for reverse in (False, True):
        pages = flows.fn.get_paginator("get_durable_execution_history").paginate(
            DurableExecutionArn=arn, ReverseOrder=reverse, PaginationConfig={"PageSize": 4}
        )
        found = [event["EventId"] for page in pages for event in page["Events"]]
        assert found == (everything[::-1] if reverse else everything)
    call = flows.fn.get_durable_execution_history
    assert refused(call, DurableExecutionArn=arn, Marker="x")[0] == INVALID


def test_executions_are_listed(flows: Workflows) -> None:
    name = flows.make("order", timeout=30 * 86400)
    arns = []
    for number in range(5):
        arns.append(flows.start(name, {"a": number, "b": 0}, DurableExecutionName=f"n{number}"))
        flows.advance(days=1)
    flows.fn.stop_durable_execution(DurableExecutionArn=arns[4])

    def listed(**given: Any) -> list[str]:
        pages = flows.fn.get_paginator("list_durable_executions_by_function").paginate(FunctionName="order", **given)
        return [one["DurableExecutionName"] for page in pages for one in page["DurableExecutions"]]

    assert listed() == ["n4", "n3", "n2", "n1", "n0"]
    assert listed(ReverseOrder=True, PaginationConfig={"PageSize": 2}) == ["n0", "n1", "n2", "n3", "n4"]
    assert listed(Statuses=["RUNNING"]) == ["n3"] and listed(Statuses=["STOPPED", "SUCCEEDED"])[0] == "n4"
    assert listed(DurableExecutionName="n2") == ["n2"]
    third = flows.get(arns[2])["StartTimestamp"]
    assert listed(StartedAfter=third - timedelta(hours=1)) == ["n4", "n3", "n2"]
    assert listed(StartedBefore=third) == ["n1", "n0"]
    assert listed(Qualifier="1") == listed() and listed(Qualifier="$LATEST") == []
    call = flows.fn.list_durable_executions_by_function
    assert refused(call, FunctionName="order", Qualifier="nobody")[0] == "ResourceNotFoundException"
    assert refused(call, FunctionName="nobody")[0] == "ResourceNotFoundException"
    assert refused(call, FunctionName="order", Statuses=["DONE"])[0] == "ValidationException"
    assert refused(call, FunctionName="order", Marker="x")[0] == INVALID


def test_an_execution_is_stopped(flows: Workflows) -> None:
    name = flows.make("order")
    arn = flows.start(name, {"a": 1, "b": 1})
    error = {"ErrorMessage": "not needed", "ErrorType": "Cancelled", "ErrorData": "d", "StackTrace": ["s"]}
    at = flows.fn.stop_durable_execution(DurableExecutionArn=arn, Error=error)["StopTimestamp"]
    found = flows.get(arn)
    assert (found["Status"], found["Error"], found["EndTimestamp"]) == ("STOPPED", error, at)
    assert flows.fn.stop_durable_execution(DurableExecutionArn=arn)["StopTimestamp"] == at
    flows.advance(days=4)
    assert flows.did(name) == ["add"] and flows.types(arn)[-1] == "ExecutionStopped"


def test_executions_are_forgotten(flows: Workflows) -> None:
    config = {"ExecutionTimeout": 60, "RetentionPeriodInDays": 2}
    arn = flows.start(flows.make("each", DurableConfig=config), [1])
    flows.advance(days=1, hours=23)
    assert flows.status(arn) == "SUCCEEDED"
    flows.advance(hours=2)
    for call in (flows.fn.get_durable_execution, flows.fn.get_durable_execution_history):
        assert refused(call, DurableExecutionArn=arn)[0] == "ResourceNotFoundException"
    assert flows.fn.list_durable_executions_by_function(FunctionName="each")["DurableExecutions"] == []


def test_other_accounts_and_regions_have_none(flows: Workflows) -> None:
    arn = flows.start(flows.make("each"), [1])
    there = flows.cloud.client("lambda", region_name="eu-west-1")
    assert refused(there.get_durable_execution, DurableExecutionArn=arn)[0] == "ResourceNotFoundException"
    unknown = f"{arn.rpartition('/')[0]}/none"
    for call in (flows.fn.get_durable_execution, flows.fn.stop_durable_execution):
        assert refused(call, DurableExecutionArn=unknown)[0] == "ResourceNotFoundException"
    stranger = flows.cloud.client("lambda", account="111111111111")
    assert refused(stranger.get_durable_execution, DurableExecutionArn=arn)[0] == "AccessDeniedException"


def test_no_execution_goes_on_without_its_function(flows: Workflows) -> None:
    arn = flows.start(flows.make("order"), {"a": 1, "b": 1})
    flows.fn.delete_function(FunctionName="order")
    assert flows.get(arn)["Error"]["ErrorType"] == "ResourceNotFoundException"


# what comes of executions elsewhere


def test_an_asynchronous_one_that_fails_goes_to_the_dead_letters(flows: Workflows) -> None:
    cloud = flows.cloud
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    cloud.client("iam").attach_role_policy(RoleName="fn", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    letters = {"DeadLetterConfig": {"TargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"}}
    arn = flows.start(flows.make("fail", **letters), {"n": 1})
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(message["Body"]) == {"n": 1}
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "it cannot be done"
    assert message["MessageAttributes"]["RequestID"]["StringValue"] == arn.rpartition("/")[2]


def test_metrics_tell_of_executions(flows: Workflows) -> None:
    name = flows.make("order")
    flows.start(name, {"a": 1, "b": 1})
    flows.advance(days=4)
    flows.start(name, {"a": 1})
    cloudwatch = flows.cloud.client("cloudwatch")

    def total(metric: str) -> float:
        end = flows.cloud.clock.now() + timedelta(minutes=1)
        given = {"Namespace": "AWS/Lambda", "MetricName": metric, "Period": 86400, "Statistics": ["Sum"]}
        found = cloudwatch.get_metric_statistics(
            **given, StartTime=end - timedelta(days=10), EndTime=end,
            Dimensions=[{"Name": "FunctionName", "Value": "order"}],
        )["Datapoints"]  # fmt: skip
        return float(sum(point["Sum"] for point in found))

    assert total("DurableExecutionStarted") == 2
    assert total("DurableExecutionSucceeded") == 1 and total("DurableExecutionFailed") == 0
    assert round(total("DurableExecutionDuration") / 1000) == 3 * 86400
    assert total("DurableExecutionOperations") == 4
    assert total("DurableExecutionStorageWrittenBytes") == len('{"a": 1, "b": 1}') + len("2") + len("4") + len("4")
    assert total("Invocations") == 3


def test_status_changes_are_told(flows: Workflows, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(
        flows.cloud.world.bus,
        "emit",
        lambda ctx, type, detail, resources: told.append((ctx.service.name, type, detail)),
    )
    arn = flows.start(flows.make("each"), [1])
    assert [(service, type, detail["status"]) for service, type, detail in told] == [
        ("lambda", "Durable Execution Status Change", "RUNNING"),
        ("lambda", "Durable Execution Status Change", "SUCCEEDED"),
    ]
    running, done = (detail for _, _, detail in told)
    assert running["durableExecutionArn"] == arn and running["functionArn"].endswith(":function:each:1")
    assert "endTimestamp" not in running and done["endTimestamp"].endswith("Z")


def test_the_bill(flows: Workflows) -> None:
    flows.start(flows.make("order"), {"a": 1, "b": 1})
    flows.advance(days=40)
    bill = flows.cloud.bill
    assert bill.total(usage_type="Lambda-Durable-Operations") == pytest.approx(4 * 8e-6)
    written = sum(line.quantity for line in bill.lines(usage_type="Lambda-Durable-Data-Written-GB"))
    assert written == pytest.approx(19 / 2**30)
    assert bill.total(usage_type="Lambda-Durable-Data-Retained-GB-Mo") > 0


def test_what_cloudtrail_knows(flows: Workflows) -> None:
    """No payloads, and of checkpoints nothing: they are data events."""
    arn = flows.start(flows.make("approve"))
    flows.fn.send_durable_execution_callback_success(CallbackId=flows.callback(arn), Result=b"secret")
    flows.fn.stop_durable_execution(DurableExecutionArn=arn, Error={"ErrorMessage": "secret"})
    events = flows.cloud.client("cloudtrail").lookup_events(MaxResults=50)["Events"]
    assert {"SendDurableExecutionCallbackSuccess", "StopDurableExecution"} <= {event["EventName"] for event in events}
    assert "CheckpointDurableExecution" not in {event["EventName"] for event in events}
    assert "secret" not in "".join(event["CloudTrailEvent"] for event in events)


# permissions


def test_a_function_needs_permission_to_checkpoint(flows: Workflows) -> None:
    iam = flows.cloud.client("iam")
    policy = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy"
    iam.detach_role_policy(RoleName="fn", PolicyArn=policy)
    name = flows.make("order")
    failed = flows.get(flows.start(name, {"a": 1, "b": 1}))
    assert failed["Status"] == "FAILED" and "AccessDenied" in failed["Error"]["ErrorMessage"]
    allow = {
        "Effect": "Allow",
        "Action": ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"],
        "Resource": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:order:*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="fn", PolicyName="checkpoint", PolicyDocument=document)
    arn = flows.start(name, {"a": 1, "b": 1})
    flows.advance(days=4)
    assert flows.result(arn) == 4


@pytest.mark.parametrize(
    ("resource", "allowed"), [("function:approve:*", True), ("function:approve", False), ("function:other:*", False)]
)
def test_who_may_call_back(flows: Workflows, resource: str, allowed: bool) -> None:
    arn = flows.start(flows.make("approve"))
    user = _user(flows.cloud, "lambda:SendDurableExecutionCallback*", resource)
    call = user.send_durable_execution_callback_success
    if allowed:
        call(CallbackId=flows.callback(arn), Result=b"1")
    else:
        assert refused(call, CallbackId=flows.callback(arn))[0] == "AccessDeniedException"


def test_who_may_look_and_stop(flows: Workflows) -> None:
    arn = flows.start(flows.make("approve"))
    user = _user(flows.cloud, "lambda:GetDurableExecution", "function:approve:1/durable-execution/*")
    assert user.get_durable_execution(DurableExecutionArn=arn)["Status"] == "RUNNING"
    assert refused(user.stop_durable_execution, DurableExecutionArn=arn)[0] == "AccessDeniedException"


def _user(cloud: Cloud, action: str, resource: str) -> Any:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    allow = {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:lambda:us-east-1:{ACCOUNT}:{resource}"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    return cloud.client("lambda", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
