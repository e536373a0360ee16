"""What functions say to Lambda, by themselves: checkpoints and their tokens, and answers."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Workflows

pytestmark = pytest.mark.feature("lambda.invoke")

CHECKPOINT, STATE = "checkpoint_durable_execution", "get_durable_execution_state"
INVALID = "InvalidParameterValueException"
STEP = {"Id": "a", "Type": "STEP", "Action": "SUCCEED", "Payload": "1"}


@pytest.fixture
def said(flows: Workflows) -> Any:
    """What Lambda says to calls that a function makes."""
    name = flows.make("protocol.protocol")

    def said(*calls: tuple[str, dict[str, Any]], tell: bool = False) -> Any:
        return flows.result(flows.start(name, {"calls": calls, "tell": tell}))

    return said


def checkpoint(*updates: dict[str, Any], **given: str) -> tuple[str, dict[str, Any]]:
    return CHECKPOINT, {"Updates": list(updates), **given}


def start(id: str, type: str, **given: Any) -> dict[str, Any]:
    return {"Id": id, "Type": type, "Action": "START", **given}


def test_what_a_function_is_invoked_with(said: Any) -> None:
    (event,) = said(tell=True)
    assert event.keys() == {
        "DurableExecutionArn", "CheckpointToken", "InitialExecutionState", "UpdatedOperationIds"
    }  # fmt: skip
    (execution,) = event["InitialExecutionState"]["Operations"]
    assert execution["Id"] == event["DurableExecutionArn"].rpartition("/")[2]
    assert (execution["Type"], execution["Status"]) == ("EXECUTION", "STARTED")
    assert isinstance(execution["StartTimestamp"], int) and execution["StartTimestamp"] > 1e12  # milliseconds
    assert event["UpdatedOperationIds"] == []


def test_a_checkpoint_tells_of_what_has_changed(said: Any) -> None:
    first, second = said(checkpoint(start("a", "STEP", Name="n", SubType="Step")), checkpoint(STEP))
    (started,) = first["NewExecutionState"]["Operations"]
    assert (started["Status"], started["Name"], started["StepDetails"]) == ("STARTED", "n", {"Attempt": 0})
    (done,) = second["NewExecutionState"]["Operations"]
    assert (done["Status"], done["StepDetails"]) == ("SUCCEEDED", {"Attempt": 1, "Result": "1"})


def test_a_token_is_used_but_once(said: Any) -> None:
    first, stale, state, nonsense = said(
        checkpoint(start("a", "STEP")),
        checkpoint(STEP, CheckpointToken="<first>"),
        (STATE, {"CheckpointToken": "<first>"}),
        checkpoint(STEP, CheckpointToken="bm9uc2Vuc2U="),
    )
    assert first["CheckpointToken"]
    assert stale == state == nonsense == [INVALID, "Invalid checkpoint token"]


def test_the_same_request_has_the_same_answer(said: Any) -> None:
    """By its client token: a client that has not got the answer asks again."""
    once = checkpoint(start("a", "STEP"), CheckpointToken="<first>", ClientToken="c")
    first, second, other = said(once, once, checkpoint(STEP, CheckpointToken="<first>", ClientToken="d"))
    assert first == second
    assert other == [INVALID, "Invalid checkpoint token"]


def test_a_checkpoint_is_made_whole_or_not_at_all(said: Any) -> None:
    failed, state = said(checkpoint(start("a", "STEP"), start("b", "WAIT"), start("a", "STEP")), (STATE, {}))
    assert failed[0] == INVALID
    assert [operation["Type"] for operation in state["Operations"]] == ["EXECUTION"]


@pytest.mark.parametrize(
    "updates",
    [
        [start("a", "STEP"), start("a", "STEP")],
        [start("a", "WAIT"), STEP],
        [start("a", "CONTEXT"), {"Id": "a", "Type": "CONTEXT", "Action": "RETRY"}],
        [start("a", "STEP"), STEP, STEP],
        [start("a", "WAIT"), start("a", "WAIT")],
        [{"Id": "a", "Type": "WAIT", "Action": "CANCEL"}],
        [start("a", "CALLBACK"), start("a", "CALLBACK")],
        [start("a", "CHAINED_INVOKE")],
        [start("e", "EXECUTION")],
        [start("a", "STEP", ParentId="nobody")],
    ],
)
def test_what_cannot_be(said: Any, updates: list[dict[str, Any]]) -> None:
    (refused,) = said(checkpoint(*updates))
    assert refused[0] == INVALID


@pytest.mark.parametrize(
    ("update", "what"),
    [
        ({**STEP, "Payload": "x" * 262145}, "STEP output payload size must be less than or equal to 262144 bytes."),
        (
            {**STEP, "Action": "FAIL", "Error": {"ErrorMessage": "x" * 262145}},
            "STEP error object size must be less than or equal to 262144 bytes.",
        ),
    ],
)
def test_what_is_too_large(said: Any, update: dict[str, Any], what: str) -> None:
    (refused,) = said(checkpoint(update))
    assert refused == [INVALID, what]


@pytest.mark.parametrize(
    "update",
    [{"Id": "", "Type": "STEP", "Action": "START"}, start("a", "NOTHING"), {"Type": "STEP"}, start("ä", "STEP")],
)
def test_what_the_model_refuses(said: Any, update: dict[str, Any]) -> None:
    (refused,) = said(checkpoint(update))
    assert refused[0] == "ValidationException"


def test_a_wait_is_cancelled(flows: Workflows, said: Any) -> None:
    _, done = said(
        checkpoint(start("w", "WAIT", WaitOptions={"WaitSeconds": 60})),
        checkpoint({"Id": "w", "Type": "WAIT", "Action": "CANCEL"}),
    )
    assert done["NewExecutionState"]["Operations"][0]["Status"] == "CANCELLED"


def test_state_is_paged_without_what_is_not_replayed(said: Any) -> None:
    contexts = [
        update
        for context, kept in (("c", False), ("d", True))
        for update in (
            start(context, "CONTEXT"),
            {**STEP, "Id": f"{context}1", "ParentId": context},
            {"Id": context, "Type": "CONTEXT", "Action": "SUCCEED", "ContextOptions": {"ReplayChildren": kept}},
        )
    ]
    _, first, _ = said(checkpoint(*contexts), (STATE, {"MaxItems": 2}), (STATE, {"Marker": "nonsense"}))
    assert [operation["Id"] for operation in first["Operations"]][1:] == ["c"] and first["NextMarker"]
    _, everything, refused = said(checkpoint(*contexts), (STATE, {}), (STATE, {"Marker": "nonsense"}))
    assert [operation["Id"] for operation in everything["Operations"]][1:] == ["c", "d", "d1"]
    assert "NextMarker" not in everything
    assert refused == [INVALID, "Invalid pagination token"]


def test_who_does_too_much_fails(flows: Workflows) -> None:
    """There is no token to go on with."""
    name = flows.make("protocol.protocol", Timeout=60)
    updates = [[{**STEP, "Id": f"{batch}-{number}"} for number in range(1000)] for batch in range(3)]
    arn = flows.start(name, {"calls": [checkpoint(*some) for some in updates], "answer": {"Status": "PENDING"}})
    found = flows.get(arn)
    assert (found["Status"], found["Error"]["ErrorType"]) == ("FAILED", INVALID)
    assert flows.types(arn)[-2:] == ["ExecutionFailed", "InvocationCompleted"]


def test_a_large_result_is_checkpointed(flows: Workflows) -> None:
    name = flows.make("protocol.protocol")
    done = checkpoint({"Id": "r", "Type": "EXECUTION", "Action": "SUCCEED", "Payload": '"all"'}), checkpoint(STEP)
    arn = flows.start(name, {"calls": done, "answer": {"Status": "SUCCEEDED", "Result": ""}})
    assert flows.result(arn) == "all"


@pytest.mark.parametrize("kind", ["Event", "RequestResponse"])
def test_how_large_a_result_may_be(flows: Workflows, kind: str) -> None:
    """1 MB of an asynchronous execution."""
    name, event = flows.make("protocol.protocol", timeout=900), {"calls": [], "answer": None}
    event["answer"] = {"Status": "SUCCEEDED", "Result": "x" * (2**20 - 100)}
    arn = flows.start(name, event, InvocationType=kind)
    assert flows.status(arn) == "SUCCEEDED"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"statusCode": 200}, "Invalid Status in invocation output."),
        ("text", "Invalid Status in invocation output."),
        ({"Status": "SUCCEEDED", "Error": {"ErrorMessage": "m"}}, "Cannot provide an Error for SUCCEEDED status."),
        ({"Status": "SUCCEEDED", "Result": {"a": 1}}, "Invalid Result in invocation output."),
        ({"Status": "FAILED", "Result": "r"}, "Cannot provide a Result for FAILED status."),
    ],
)
def test_answers_that_are_none_fail_the_execution_at_once(flows: Workflows, answer: Any, message: str) -> None:
    arn = flows.start(flows.make("protocol.protocol"), {"calls": [], "answer": answer})
    assert flows.get(arn)["Error"] == {"ErrorType": INVALID, "ErrorMessage": message}
    assert flows.types(arn).count("InvocationCompleted") == 1


def test_a_failure_without_an_error(flows: Workflows) -> None:
    arn = flows.start(flows.make("protocol.protocol"), {"calls": [], "answer": {"Status": "FAILED"}})
    assert flows.get(arn)["Status"] == "FAILED"


def test_who_waits_for_nothing_is_asked_three_times(flows: Workflows) -> None:
    arn = flows.start(flows.make("protocol.protocol"), {"calls": [], "answer": {"Status": "PENDING"}})
    assert flows.status(arn) == "RUNNING"
    flows.advance(seconds=10)
    assert flows.types(arn).count("InvocationCompleted") == 3
    assert flows.get(arn)["Error"]["ErrorMessage"] == "Cannot return PENDING status with no pending operations."


def test_nobody_may_checkpoint_from_outside(flows: Workflows) -> None:
    arn = flows.start(flows.make("approve"))
    for call in (flows.fn.checkpoint_durable_execution, flows.fn.get_durable_execution_state):
        with pytest.raises(flows.fn.exceptions.InvalidParameterValueException, match="Invalid checkpoint token"):
            call(DurableExecutionArn=arn, CheckpointToken="bm9uc2Vuc2U=")


def test_changes_come_in_pages(flows: Workflows) -> None:
    name = flows.make("protocol.protocol", Timeout=60)
    updates = [{**STEP, "Id": f"step-{number}"} for number in range(1100)]
    calls = checkpoint(*updates), (STATE, {"Marker": "<marker>", "MaxItems": 60}), (STATE, {"Marker": "<marker>"})
    changed, second, third = flows.result(flows.start(name, {"calls": calls}))
    found = [*changed["NewExecutionState"]["Operations"], *second["Operations"], *third["Operations"]]
    assert [operation["Id"] for operation in found] == [update["Id"] for update in updates]
    assert len(second["Operations"]) == 60 and "NextMarker" not in third


def test_what_an_event_does_not_hold_is_asked_for(flows: Workflows) -> None:
    name = flows.make("heavy", Timeout=60)
    arn = flows.start(name, 30)
    flows.advance(minutes=2)
    assert flows.result(arn) == 30 * 250_000
    assert len(flows.did(name)) == 30
