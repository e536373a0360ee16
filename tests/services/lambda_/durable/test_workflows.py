"""The SDK's own code runs in functions: nothing is done twice, and waiting costs nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Workflows

pytestmark = pytest.mark.feature("lambda.invoke")


def test_steps_are_done_once_and_a_wait_takes_days(flows: Workflows) -> None:
    name = flows.make("order")
    arn = flows.start(name, {"a": 1, "b": 2})
    assert flows.status(arn) == "RUNNING"
    assert flows.types(arn)[-2:] == ["WaitStarted", "InvocationCompleted"]
    flows.advance(days=2, hours=23)
    assert flows.status(arn) == "RUNNING"
    flows.advance(hours=2)
    assert flows.result(arn) == 6
    assert flows.did(name) == ["add", "double"]
    assert flows.types(arn) == [
        "ExecutionStarted", "StepStarted", "StepSucceeded", "WaitStarted", "InvocationCompleted",
        "WaitSucceeded", "StepStarted", "StepSucceeded", "InvocationCompleted", "ExecutionSucceeded",
    ]  # fmt: skip


def test_a_step_is_tried_again_when_it_is_due(flows: Workflows) -> None:
    name = flows.make("flaky")
    arn = flows.start(name, {"failures": 2})
    assert flows.did(name) == ["attempt 1"]
    flows.advance(seconds=61)
    assert flows.did(name) == ["attempt 1", "attempt 2"]
    flows.advance(seconds=121)
    assert flows.result(arn) == "at last"
    first, second = flows.details(arn, "StepFailed")
    assert first["RetryDetails"] == {"CurrentAttempt": 1, "NextAttemptDelaySeconds": 60}
    assert second["RetryDetails"] == {"CurrentAttempt": 2, "NextAttemptDelaySeconds": 120}
    assert first["Error"] == {
        "Payload": {"ErrorMessage": "attempt 1", "ErrorType": "ValueError"},
        "Truncated": False,
    }
    (done,) = flows.details(arn, "StepSucceeded")
    assert done["RetryDetails"] == {"CurrentAttempt": 3}


def test_a_step_that_fails_for_good_fails_the_execution(flows: Workflows) -> None:
    arn = flows.start(flows.make("flaky"), {"failures": 9})
    flows.advance(hours=1)
    found = flows.get(arn)
    assert found["Status"] == "FAILED" and "Result" not in found
    assert found["Error"]["ErrorMessage"] == "attempt 3"
    assert flows.types(arn)[-3:] == ["StepFailed", "InvocationCompleted", "ExecutionFailed"]


def test_an_error_outside_of_steps_fails_the_execution_at_once(flows: Workflows) -> None:
    arn = flows.start(flows.make("fail"))
    assert flows.get(arn)["Error"] == {"ErrorMessage": "it cannot be done", "ErrorType": "RuntimeError"}


def test_a_condition_is_polled_for(flows: Workflows) -> None:
    arn = flows.start(flows.make("poll"), {"until": 4})
    flows.advance(hours=2, minutes=1)
    assert flows.status(arn) == "RUNNING"
    flows.advance(hours=1)
    assert flows.result(arn) == 4
    attempts = [one["RetryDetails"]["CurrentAttempt"] for one in flows.details(arn, "StepSucceeded")]
    assert attempts == [1, 2, 3, 4]


def test_branches_wait_at_the_same_time(flows: Workflows) -> None:
    name = flows.make("fan_out")
    arn = flows.start(name)
    assert sorted(flows.did(name)) == ["branch 1", "branch 2"]
    flows.advance(days=1, seconds=1)
    assert flows.status(arn) == "RUNNING"
    flows.advance(days=1)
    assert flows.result(arn) == [10, 20]
    assert sorted(flows.did(name)) == ["branch 1", "branch 2"]


def test_each_item_is_worked_on(flows: Workflows) -> None:
    name = flows.make("each")
    assert flows.result(flows.start(name, [1, 2, 3, 4])) == [1, 4, 9, 16]
    assert sorted(flows.did(name)) == ["item 1", "item 2", "item 3", "item 4"]


@pytest.mark.parametrize("size", [10, 300_000])
def test_what_a_child_context_has_found_is_kept_or_made_again(flows: Workflows, size: int) -> None:
    """A result above 256 KB is not kept: the context is replayed with its operations."""
    name = flows.make("nested")
    arn = flows.start(name, {"size": size})
    flows.advance(seconds=61)
    assert flows.result(arn) == size
    assert flows.did(name) == ["inside"]
    assert flows.types(arn).count("ContextSucceeded") == 1


# functions that fail as such


def test_what_dies_is_begun_again_until_the_time_is_over(flows: Workflows) -> None:
    name = flows.make("crash", timeout=100)
    arn = flows.start(name, {"always": True})
    (completed,) = flows.details(arn, "InvocationCompleted")
    assert completed["Error"]["Payload"]["ErrorType"] == "Runtime.ExitError"
    flows.advance(seconds=4)
    assert flows.did(name) == ["before", "begin", "begin", "begin"]
    flows.advance(seconds=100)
    found = flows.get(arn)
    assert found["Status"] == "TIMED_OUT"
    assert round((found["EndTimestamp"] - found["StartTimestamp"]).total_seconds(), 1) == 100
    assert flows.types(arn)[-1] == "ExecutionTimedOut"
    count = len(flows.did(name))
    flows.advance(hours=1)
    assert len(flows.did(name)) == count


def test_a_step_that_may_be_done_but_once_is_not_begun_again(flows: Workflows) -> None:
    name = flows.make("crash")
    arn = flows.start(name, {"always": True, "once": True})
    flows.advance(seconds=10)
    assert "previously interrupted" in flows.get(arn)["Error"]["ErrorMessage"]
    assert flows.did(name) == ["before", "begin"]


def test_what_has_no_room_waits_for_it(flows: Workflows) -> None:
    name = flows.make("order")
    flows.fn.put_function_concurrency(FunctionName="order", ReservedConcurrentExecutions=0)
    arn = flows.start(name, {"a": 1, "b": 1})
    assert flows.types(arn) == ["ExecutionStarted"]
    flows.fn.delete_function_concurrency(FunctionName="order")
    flows.advance(days=3, minutes=1)
    assert flows.result(arn) == 4


# callbacks


def test_somebody_calls_back(flows: Workflows) -> None:
    name = flows.make("approve")
    arn = flows.start(name)
    flows.fn.send_durable_execution_callback_success(CallbackId=flows.callback(arn), Result=b"yes")
    flows.advance()
    assert flows.result(arn) == {"answer": "yes"}
    with pytest.raises(ClientError, match="has already been closed") as caught:
        flows.fn.send_durable_execution_callback_success(CallbackId=flows.callback(arn), Result=b"again")
    assert caught.value.response["Error"]["Code"] == "CallbackTimeoutException"


def test_somebody_says_that_it_has_failed(flows: Workflows) -> None:
    arn = flows.start(flows.make("approve"))
    error = {"ErrorType": "Refused", "ErrorMessage": "not today"}
    flows.fn.send_durable_execution_callback_failure(CallbackId=flows.callback(arn), Error=error)
    flows.advance()
    assert flows.get(arn)["Error"]["ErrorMessage"] == "not today"
    (failed,) = flows.details(arn, "CallbackFailed")
    assert failed["Error"]["Payload"] == error


def test_nobody_calls_back(flows: Workflows) -> None:
    arn = flows.start(flows.make("approve"), {"timeout": 3600})
    flows.advance(minutes=59)
    assert flows.status(arn) == "RUNNING"
    flows.advance(minutes=2)
    assert flows.status(arn) == "FAILED"
    (timed_out,) = flows.details(arn, "CallbackTimedOut")
    assert timed_out["Error"]["Payload"]["ErrorType"] == "Callback.Timeout"


def test_a_heart_beats_and_stops(flows: Workflows) -> None:
    arn = flows.start(flows.make("approve"), {"timeout": 3600, "heartbeat_timeout": 60})
    for _ in range(5):
        flows.advance(seconds=50)
        flows.fn.send_durable_execution_callback_heartbeat(CallbackId=flows.callback(arn))
    assert flows.status(arn) == "RUNNING"
    flows.advance(seconds=61)
    (timed_out,) = flows.details(arn, "CallbackTimedOut")
    assert timed_out["Error"]["Payload"]["ErrorType"] == "Callback.Heartbeat"
    assert flows.status(arn) == "FAILED"


def test_the_id_of_a_callback_is_handed_on_by_a_step(flows: Workflows) -> None:
    name = flows.make("ask")
    arn = flows.start(name)
    (said,) = flows.did(name)
    assert said == f"submit {flows.callback(arn)}"
    flows.fn.send_durable_execution_callback_success(CallbackId=said.split()[1], Result=b'"fine"')
    flows.advance()
    assert flows.status(arn) == "SUCCEEDED" and len(flows.did(name)) == 1


@pytest.mark.parametrize("id", ["bm9uc2Vuc2U=", "x"])
def test_a_callback_that_is_none(flows: Workflows, id: str) -> None:
    with pytest.raises(ClientError) as caught:
        flows.fn.send_durable_execution_callback_heartbeat(CallbackId=id)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"


# functions that invoke functions


@pytest.fixture
def caller(flows: Workflows) -> str:
    allow = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    flows.cloud.client("iam").put_role_policy(RoleName="fn", PolicyName="invoke", PolicyDocument=policy)
    return flows.make("call")


def test_a_plain_function_is_invoked_once(flows: Workflows, caller: str) -> None:
    flows.make("plain", timeout=None)
    arn = flows.start(caller, {"function": "plain", "payload": {"a": 1}})
    assert flows.result(arn) == {"got": {"a": 1}}
    assert flows.did("plain") == ["plain"]
    (started,) = flows.details(arn, "ChainedInvokeStarted")
    assert started["FunctionName"] == "plain" and json.loads(started["Input"]["Payload"]) == {"a": 1}


def test_a_durable_function_is_waited_for(flows: Workflows, caller: str) -> None:
    name = flows.make("order")
    arn = flows.start(caller, {"function": name, "payload": {"a": 2, "b": 3}})
    assert flows.status(arn) == "RUNNING"
    (child,) = flows.fn.list_durable_executions_by_function(FunctionName="order")["DurableExecutions"]
    assert child["Status"] == "RUNNING"
    flows.advance(days=3, seconds=1)
    assert flows.result(arn) == 10
    assert flows.did("order") == ["add", "double"]


def test_a_function_that_has_no_room_is_invoked_later(flows: Workflows, caller: str) -> None:
    flows.make("plain", timeout=None)
    flows.fn.put_function_concurrency(FunctionName="plain", ReservedConcurrentExecutions=0)
    arn = flows.start(caller, {"function": "plain", "payload": {}})
    flows.advance(seconds=5)
    assert flows.status(arn) == "RUNNING"
    flows.fn.delete_function_concurrency(FunctionName="plain")
    flows.advance(seconds=5)
    assert flows.result(arn) == {"got": {}} and flows.did("plain") == ["plain"]


@pytest.mark.parametrize("end", ["STOPPED", "TIMED_OUT"])
def test_how_the_one_that_was_invoked_ends(flows: Workflows, caller: str, end: str) -> None:
    arn = flows.start(caller, {"function": flows.make("order", timeout=3600), "payload": {"a": 2, "b": 3}})
    (child,) = flows.fn.list_durable_executions_by_function(FunctionName="order")["DurableExecutions"]
    if end == "STOPPED":
        flows.fn.stop_durable_execution(
            DurableExecutionArn=child["DurableExecutionArn"], Error={"ErrorMessage": "enough", "ErrorType": "Enough"}
        )
    flows.advance(hours=2)
    name = {"STOPPED": "ChainedInvokeStopped", "TIMED_OUT": "ChainedInvokeTimedOut"}[end]
    assert flows.result(arn)["type"] == {"STOPPED": "Enough", "TIMED_OUT": "Execution.Timeout"}[end]
    assert name in flows.types(arn)


@pytest.mark.parametrize(
    ("event", "type"),
    [
        ({"function": "plain", "payload": {"fail": True}}, "ValueError"),
        ({"function": "plain", "payload": {"size": 2**20}}, "InvalidParameterValueException"),
        ({"function": "nobody"}, "ResourceNotFoundException"),
        ({"function": "call"}, "InvalidParameterValueException"),  # a durable one by an unqualified name
        ({"function": "arn:aws:lambda:us-east-1:111111111111:function:f"}, "ResourceNotFoundException"),
    ],
)
def test_what_cannot_be_invoked(flows: Workflows, caller: str, event: dict[str, Any], type: str) -> None:
    flows.make("plain", timeout=None)
    assert flows.result(flows.start(caller, event))["type"] == type


def test_what_may_not_be_invoked(flows: Workflows) -> None:
    flows.make("plain", timeout=None)
    arn = flows.start(flows.make("call"), {"function": "plain"})
    assert flows.result(arn)["type"] == "AccessDeniedException"
    assert "ChainedInvokeFailed" in flows.types(arn)


@pytest.mark.slow
def test_a_thousand_steps(flows: Workflows) -> None:
    arn = flows.start(flows.make("many", Timeout=120), 1000)
    assert flows.result(arn) == sum(range(1000))
    events = flows.events(arn)
    assert [event["EventId"] for event in events] == list(range(1, len(events) + 1))
    assert sum(event["EventType"] == "StepSucceeded" for event in events) == 1000


@pytest.mark.parametrize("durable", [False, True])
def test_a_function_is_invoked_in_the_end_though_lambda_fails(flows: Workflows, caller: str, durable: bool) -> None:
    options: dict[str, Any] = {} if durable else {"timeout": None}
    flows.make("order" if durable else "plain", **options)
    fault = flows.cloud.fault(service="lambda", operation="Invoke", role="fn", error="ServiceException", count=3)
    payload = {"a": 1, "b": 2} if durable else {"a": 1}
    arn = flows.start(caller, {"function": "order:1" if durable else "plain", "payload": payload})
    flows.advance(days=4)
    assert flows.status(arn) == "SUCCEEDED"
    assert [one.hits for one in flows.cloud.faults() if one.id == fault.id] == [3]
