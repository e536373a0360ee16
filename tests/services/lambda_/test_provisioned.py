"""Provisioned concurrency: environments that are there before anybody asks for them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud
from hostile.leftovers import descendants, soon

from .functions import role_of, zipped
from .parallel import CODE, Gate, make

pytestmark = pytest.mark.feature("lambda.provisioned-concurrency")

BROKEN = "raise ValueError('not today')\ndef handler(event, context): pass\n"
AHEAD, LATER = "provisioned-concurrency", "on-demand"


@pytest.fixture
def gate(cloud: Cloud) -> Iterator[Gate]:
    with Gate(cloud) as gate:
        yield gate


def provision(cloud: Cloud, name: str, qualifier: str, count: int) -> dict[str, Any]:
    """What is told of it when it has come to be."""
    fn, place = cloud.client("lambda"), {"FunctionName": name, "Qualifier": qualifier}
    fn.put_provisioned_concurrency_config(ProvisionedConcurrentExecutions=count, **place)
    cloud.settle()
    told: dict[str, Any] = fn.get_provisioned_concurrency_config(**place)
    return told


def total(cloud: Cloud, metric: str, statistic: str = "Sum", **dimensions: str) -> float | None:
    cloud.clock.advance(minutes=2)
    now = cloud.clock.now()
    found = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now.replace(year=now.year - 1),
        EndTime=now,
        Period=365 * 86400,
        Statistics=[statistic],
    )["Datapoints"]
    return found[0][statistic] if found else None


def kinds(answers: list[dict[str, Any]]) -> Counter[str]:
    return Counter(answer["kind"] for answer in answers)


def test_it_is_there_before_the_first_invoke(cloud: Cloud) -> None:
    name = make(cloud, role_of(cloud, "service-role/AWSLambdaBasicExecutionRole"), "f", f"print('begun')\n{CODE}")
    fn = cloud.client("lambda")
    place = {"FunctionName": name, "Qualifier": "1"}
    put = fn.put_provisioned_concurrency_config(ProvisionedConcurrentExecutions=2, **place)
    assert (put["Status"], put["AllocatedProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 0)
    cloud.settle()
    told = fn.get_provisioned_concurrency_config(**place)
    assert told["Status"] == "READY" and "StatusReason" not in told
    assert told["AllocatedProvisionedConcurrentExecutions"] == told["AvailableProvisionedConcurrentExecutions"] == 2
    events = cloud.client("logs").filter_log_events(logGroupName="/aws/lambda/f")["events"]
    said = Counter(event["message"].partition(" ")[0].strip() for event in events)
    assert said == {"INIT_START": 2, "begun": 2, "INIT_REPORT": 2}
    log = fn.invoke(**place, LogType="Tail")
    assert log["StatusCode"] == 200
    report = '"REPORT RequestId"'
    later = cloud.client("logs").filter_log_events(logGroupName="/aws/lambda/f", filterPattern=report)["events"]
    assert len(later) == 1 and "Init Duration" not in later[0]["message"]


def test_what_is_beyond_it_spills_over(cloud: Cloud, gate: Gate) -> None:
    name = make(cloud, role_of(cloud), "f")
    assert provision(cloud, name, "1", 2)["Status"] == "READY"
    gate.hold(name, 3, Qualifier="1")
    gate.hold(name, 1)
    assert kinds(gate.open()) == {AHEAD: 2, LATER: 2}
    version = {"FunctionName": name, "Resource": f"{name}:1"}
    assert total(cloud, "ProvisionedConcurrencyInvocations", **version) == 2
    assert total(cloud, "ProvisionedConcurrencySpilloverInvocations", **version) == 1
    assert total(cloud, "ProvisionedConcurrentExecutions", "Maximum", **version) == 2
    assert total(cloud, "ProvisionedConcurrencyUtilization", "Maximum", **version) == 1
    assert total(cloud, "ConcurrentExecutions", "Maximum", FunctionName=name) == 4
    assert total(cloud, "ConcurrentExecutions", "Maximum") == 4
    assert total(cloud, "UnreservedConcurrentExecutions", "Maximum") == 2
    assert total(cloud, "ClaimedAccountConcurrency", "Maximum") == 4
    lines = {line.usage.key: line.quantity for line in cloud.bill.lines(service="lambda")}
    assert lines["provisioned-duration"] > 0 and lines["duration"] > 0


def test_it_follows_an_alias(cloud: Cloud, gate: Gate) -> None:
    name = make(cloud, role_of(cloud), "f")
    fn = cloud.client("lambda")
    fn.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    provision(cloud, name, "live", 1)
    assert gate.call(name, Qualifier="live")["kind"] == AHEAD
    fn.update_function_code(FunctionName=name, ZipFile=zipped(app__py=CODE.replace('"served"', '"new"')), Publish=True)
    fn.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    place = {"FunctionName": name, "Qualifier": "live"}
    assert fn.get_provisioned_concurrency_config(**place)["Status"] in ("IN_PROGRESS", "READY")
    cloud.settle()
    assert fn.get_provisioned_concurrency_config(**place)["Status"] == "READY"
    assert gate.call(name, Qualifier="live") == {"kind": AHEAD, "new": 1}
    assert gate.call(name, Qualifier="1")["kind"] == LATER


def test_it_ends_with_its_configuration_or_its_function(cloud: Cloud, gate: Gate) -> None:
    role, fn = role_of(cloud), cloud.client("lambda")
    gate.call(make(cloud, role, "h"))
    alone = len(descendants(os.getpid()))
    for name in ("f", "g"):
        provision(cloud, make(cloud, role, name), "1", 2)
    each = len(descendants(os.getpid())) - alone
    assert each >= 4
    gate.hold("f", Qualifier="1")
    fn.delete_provisioned_concurrency_config(FunctionName="f", Qualifier="1")
    fn.delete_function(FunctionName="g")
    cloud.settle()
    assert len(descendants(os.getpid())) == alone + each / 4
    assert kinds(gate.open()) == {AHEAD: 1}
    assert gate.call("f", Qualifier="1")["kind"] == LATER
    assert soon(lambda: len(descendants(os.getpid())) == alone + each / 4)


def test_what_dies_is_replaced(cloud: Cloud, gate: Gate) -> None:
    name = make(cloud, role_of(cloud), "f")
    provision(cloud, name, "1", 1)
    before = descendants(os.getpid())
    assert gate.call(name, {"exit": 1}, Qualifier="1")["errorType"] == "Runtime.ExitError"
    cloud.settle()
    after = descendants(os.getpid())
    assert len(after) == len(before) and after != before
    assert gate.call(name, Qualifier="1") == {"kind": AHEAD, "served": 1}


def test_code_that_cannot_be_initialised(cloud: Cloud, gate: Gate) -> None:
    name = make(cloud, role_of(cloud), "f", BROKEN)
    told = provision(cloud, name, "1", 3)
    assert (told["Status"], told["StatusReason"]) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")
    assert told["AllocatedProvisionedConcurrentExecutions"] == 0
    assert gate.call(name, Qualifier="1")["errorType"] == "ValueError"
    assert total(cloud, "ProvisionedConcurrencySpilloverInvocations", FunctionName=name) is None


def test_more_and_less(cloud: Cloud, gate: Gate) -> None:
    name = make(cloud, role_of(cloud), "f")
    for count in (1, 3, 2):
        assert provision(cloud, name, "1", count)["AllocatedProvisionedConcurrentExecutions"] == count
        gate.hold(name, 4, Qualifier="1")
        assert kinds(gate.open()) == {AHEAD: count, LATER: 4 - count}


def test_more_is_provisioned_than_really_begun(cloud: Cloud, gate: Gate) -> None:
    cloud.set("lambda", "warm-environments", 1)
    name = make(cloud, role_of(cloud), "f")
    gate.call(name)
    before = len(descendants(os.getpid()))
    assert provision(cloud, name, "1", 3)["AvailableProvisionedConcurrentExecutions"] == 3
    assert len(descendants(os.getpid())) - before <= 2
    gate.hold(name, 3, Qualifier="1")
    assert kinds(gate.open()) == {AHEAD: 3}


def test_it_is_of_what_is_reserved(cloud: Cloud, gate: Gate) -> None:
    name = make(cloud, role_of(cloud), "f")
    cloud.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    provision(cloud, name, "1", 2)
    with pytest.raises(ClientError) as refused:
        gate.call(name)
    assert refused.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    gate.hold(name, 2, Qualifier="1")
    with pytest.raises(ClientError, match="Rate Exceeded"):
        gate.call(name, Qualifier="1")
    assert kinds(gate.open()) == {AHEAD: 2}


def test_it_is_there_again_after_a_restart(tmp_path: Path) -> None:
    with Cloud(directory=tmp_path, seed=None) as cloud:
        provision(cloud, make(cloud, role_of(cloud), "f"), "1", 1)
    with Cloud(directory=tmp_path, seed=None) as cloud, Gate(cloud) as gate:
        cloud.settle()
        assert descendants(os.getpid())
        assert gate.call("f", Qualifier="1") == {"kind": AHEAD, "served": 1}
        cloud.save("before")
        cloud.client("lambda").delete_provisioned_concurrency_config(FunctionName="f", Qualifier="1")
        cloud.settle()
        assert gate.call("f", Qualifier="1")["kind"] == LATER
        cloud.load("before")
        cloud.settle()
        assert gate.call("f", Qualifier="1")["kind"] == AHEAD


def test_two_aliases_of_a_version_cannot_both_have_some(cloud: Cloud) -> None:
    name, fn = make(cloud, role_of(cloud), "f"), cloud.client("lambda")
    for alias in ("a", "b"):
        fn.create_alias(FunctionName=name, Name=alias, FunctionVersion="1")
    provision(cloud, name, "a", 1)
    with pytest.raises(ClientError, match=r"ResourceConflictException.*an already Provisioned version"):
        provision(cloud, name, "b", 1)
