"""Durable functions, as their authors write them: this file is the package of those that the tests run."""

from __future__ import annotations

import os
import sys
from typing import Any

from aws_durable_execution_sdk_python import DurableContext, StepContext, durable_execution
from aws_durable_execution_sdk_python.config import (
    CallbackConfig,
    Duration,
    MapConfig,
    ParallelConfig,
    StepConfig,
    StepSemantics,
    WaitForCallbackConfig,
)
from aws_durable_execution_sdk_python.retries import RetryDecision
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision


def did(what: str) -> str:
    """Tests read it in the log."""
    sys.stdout.write(f"did {what}\n")
    return what


@durable_execution
def order(event: Any, context: DurableContext) -> Any:
    total = context.step(lambda _: did("add") and event["a"] + event["b"], name="add")
    context.wait(Duration.from_days(3), name="nap")
    return context.step(lambda _: did("double") and total * 2, name="double")


def _again(error: Exception, attempt: int) -> RetryDecision:
    return RetryDecision.retry(Duration.from_minutes(attempt)) if attempt < 3 else RetryDecision.no_retry()


@durable_execution
def flaky(event: Any, context: DurableContext) -> Any:
    def attempt(step: StepContext) -> str:
        did(f"attempt {step.attempt}")
        if step.attempt <= event["failures"]:
            raise ValueError(f"attempt {step.attempt}")
        return "at last"

    return context.step(attempt, name="try", config=StepConfig(retry_strategy=_again))


@durable_execution
def poll(event: Any, context: DurableContext) -> Any:
    def strategy(state: int, attempt: int) -> WaitForConditionDecision:
        if state >= event["until"]:
            return WaitForConditionDecision.stop_polling()
        return WaitForConditionDecision.continue_waiting(Duration.from_hours(1))

    config = WaitForConditionConfig(wait_strategy=strategy, initial_state=0)
    return context.wait_for_condition(lambda state, _: state + 1, config=config, name="poll")


@durable_execution
def approve(event: Any, context: DurableContext) -> Any:
    limits = {name: Duration.from_seconds(seconds) for name, seconds in event.items()}
    callback: Any = context.create_callback(name="approval", config=CallbackConfig(**limits))
    did("ask")
    return {"answer": callback.result()}


@durable_execution
def ask(event: Any, context: DurableContext) -> Any:
    config = WaitForCallbackConfig(timeout=Duration.from_days(1))
    return context.wait_for_callback(lambda id, _: did(f"submit {id}") and None, name="ask", config=config)


@durable_execution
def fan_out(event: Any, context: DurableContext) -> Any:
    def branch(days: int) -> Any:
        def run(child: DurableContext) -> int:
            child.step(lambda _: did(f"branch {days}"), name=f"begin {days}")
            child.wait(Duration.from_days(days))
            return days * 10

        return run

    found = context.parallel([branch(1), branch(2)], name="both", config=ParallelConfig())
    return found.get_results()


@durable_execution
def each(event: Any, context: DurableContext) -> Any:
    def item(child: DurableContext, number: int, index: int, all: Any) -> int:
        return child.step(lambda _: did(f"item {number}") and number**2)

    found = context.map(event, item, name="each", config=MapConfig(max_concurrency=2))
    return found.get_results()


@durable_execution
def nested(event: Any, context: DurableContext) -> Any:
    def inner(child: DurableContext) -> str:
        child.step(lambda _: did("inside"), name="inside")
        return "x" * event["size"]

    found = context.run_in_child_context(inner, name="inner")
    context.wait(Duration.from_seconds(60))
    return len(found)


@durable_execution
def call(event: Any, context: DurableContext) -> Any:
    try:
        return context.invoke(event["function"], event.get("payload"), name="call")
    except Exception as error:
        return {"error": str(error), "type": getattr(error, "error_type", "")}


@durable_execution
def crash(event: Any, context: DurableContext) -> Any:
    def once(step: StepContext) -> str:
        did("begin")
        context_file = "/tmp/crashed"
        if not event.get("always") and os.path.exists(context_file):
            return "done"
        os._exit(3)

    semantics = StepSemantics.AT_MOST_ONCE_PER_RETRY if event.get("once") else StepSemantics.AT_LEAST_ONCE_PER_RETRY
    config = StepConfig(step_semantics=semantics, retry_strategy=lambda error, attempt: RetryDecision.no_retry())
    context.step(lambda _: did("before"), name="before")
    return context.step(once, name="crash", config=config)


@durable_execution
def many(event: Any, context: DurableContext) -> Any:
    return sum(context.step(lambda _, n=number: n, name=f"step-{number}") for number in range(event))


@durable_execution
def heavy(event: Any, context: DurableContext) -> Any:
    """More than an event can hold."""
    sizes = [len(context.step(lambda _: did("load") and "x" * 250_000)) for _ in range(event)]
    context.wait(Duration.from_seconds(60))
    return sum(sizes)


@durable_execution
def fail(event: Any, context: DurableContext) -> Any:
    raise RuntimeError("it cannot be done")


def plain(event: Any, context: Any) -> Any:
    """Not durable."""
    if event.get("fail"):
        raise ValueError("no")
    if event.get("size"):
        return "x" * event["size"]
    did("plain")
    return {"got": event}
