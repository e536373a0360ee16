"""The engine of faults by itself: chances, latencies, what it counts."""

from __future__ import annotations

import statistics
from typing import Any

import pytest

from hodei.kernel.context import Principal
from hodei.kernel.deliver import Retry, insist
from hodei.kernel.errors import AwsError, NotImplementedByHodei
from hodei.kernel.faults import Strike, sampler
from hodei.kernel.ids import Ids
from hodei.protocol.http import ConnectionBroken
from hodei.testing import ACCOUNT, REGION, Cloud


def drawn(latency: str, times: int = 4000) -> list[float]:
    chance, sample = Ids(1), sampler(latency)
    return [sample(chance) for _ in range(times)]


@pytest.mark.parametrize(("latency", "seconds"), [("200ms", 0.2), ("1.5s", 1.5), (" 2 m ", 120), ("0ms", 0)])
def test_a_constant_latency(latency: str, seconds: float) -> None:
    assert set(drawn(latency, 3)) == {seconds}


@pytest.mark.parametrize(
    ("latency", "mean", "deviation"),
    [
        ("normal(200ms,50ms)", 0.2, 0.05),
        ("normal( 1s , 100ms )", 1, 0.1),
        ("exponential(200ms)", 0.2, 0.2),
        ("uniform(100ms,1s)", 0.55, 0.9 / 12**0.5),
    ],
)
def test_a_distribution_has_its_mean_and_deviation(latency: str, mean: float, deviation: float) -> None:
    found = drawn(latency)
    assert statistics.mean(found) == pytest.approx(mean, rel=0.06)
    assert statistics.stdev(found) == pytest.approx(deviation, rel=0.06)


@pytest.mark.parametrize(
    "text", ["", "fast", "200", "-1s", "1h", "normal(1s)", "uniform(1s)", "exponential(1s,1s)", "gamma(1s,1s)", "1s 2s"]
)
def test_what_is_no_latency(text: str) -> None:
    with pytest.raises(ValueError, match="is no latency"):
        sampler(text)


def strikes(cloud: Cloud, operation: str, times: int = 1, **place: Any) -> list[Strike | None]:
    """What happens to so many calls of an operation of SQS."""
    account = place.get("account", "000000000000")
    context = cloud.world.context(
        "sqs",
        account=account,
        region=place.get("region", "us-east-1"),
        principal=Principal(account=account, arn=f"arn:aws:iam::{account}:root", access_key=place.get("key", "k")),
        operation=operation,
    )
    return cloud._runner.call(lambda: [cloud.world.faults.strike(context) for _ in range(times)])  # type: ignore[no-any-return]


def test_effects_of_several_faults_add_up_to_the_first_that_fails(cloud: Cloud) -> None:
    cloud.fault(latency="1s")
    cloud.fault(latency="2s", abort_after=10)
    cloud.fault(abort_after=3)
    (strike,) = strikes(cloud, "SendMessage")
    assert strike == Strike(3.0, None, 3)
    cloud.fault(reset=True, latency="1s")
    cloud.fault(error="Never")
    (strike,) = strikes(cloud, "SendMessage")
    assert strike
    assert strike.delay == 4
    assert isinstance(strike.failure, ConnectionBroken)
    assert [fault.calls for fault in cloud.faults()] == [2, 2, 2, 1, 0]


def test_a_latency_is_never_negative_and_never_endless(cloud: Cloud) -> None:
    cloud.fault(latency="normal(1ms,100s)")
    delays = [strike.delay for strike in strikes(cloud, "SendMessage", 200) if strike]
    assert min(delays) == 0
    cloud.clear_faults()
    cloud.fault(latency="100000s")
    (strike,) = strikes(cloud, "SendMessage")
    assert strike
    assert strike.delay == 3600


def test_chances_of_faults_are_independent(cloud: Cloud) -> None:
    """Another fault, and other random numbers of the cloud, change nothing of the calls that one strikes."""
    cloud.fault(latency="1ms", rate=0.5, seed=1)
    alone = [strike is not None for strike in strikes(cloud, "SendMessage", 100)]
    cloud.clear_faults()
    cloud.world.ids.random()
    cloud.fault(latency="1s", rate=0.5, seed=2)
    cloud.fault(latency="1ms", rate=0.5, seed=1)
    beside = [
        strike is not None and round(strike.delay % 1, 3) == 0.001 for strike in strikes(cloud, "SendMessage", 100)
    ]
    assert beside == alone
    assert 30 < sum(alone) < 70


def test_a_seed_comes_from_the_clouds_own() -> None:
    seeds = []
    for seed in (5, 5, 6):
        with Cloud(seed=seed) as cloud:
            seeds.append(cloud.fault(error="X").seed)
    assert seeds[0] == seeds[1] != seeds[2]


def test_ids_go_on_and_none_costs_nothing(cloud: Cloud) -> None:
    assert not cloud.world.faults.active
    first, second = cloud.fault(error="X"), cloud.fault(error="Y")
    assert (first.id, second.id) == (1, 2)
    cloud._runner.call(cloud.world.faults.remove, 1)
    assert cloud.fault(error="Z").id == 3
    assert cloud._runner.call(cloud.world.faults.clear) == 2
    assert not cloud.world.faults.active


def test_a_pattern_of_operations(cloud: Cloud) -> None:
    cloud.fault(operation="*Message*", latency="1ms")
    struck = {name for name in ("SendMessage", "SendMessageBatch", "ListQueues") if strikes(cloud, name) != [None]}
    assert struck == {"SendMessage", "SendMessageBatch"}


def test_a_fault_survives_a_batch_that_is_rolled_back(cloud: Cloud) -> None:
    """A call that fails leaves nothing but the count of its faults."""
    cloud.fault(service="sqs", error="X")

    def call() -> None:
        context = cloud.world.context("sqs", account="0" * 12, region="us-east-1", operation="ListQueues")
        with cloud.world.store.batch():
            strike = cloud.world.faults.strike(context)
            assert strike
            assert strike.failure
            raise strike.failure

    with pytest.raises(Exception, match="Injected"):
        cloud._runner.call(call)
    cloud.save("now")
    cloud.load("now")
    assert [fault.hits for fault in cloud.faults()] == [1]


@pytest.mark.parametrize(
    ("service", "code", "transient"),
    [
        ("sqs", "ServiceUnavailable", True),
        ("kms", "KMSInternalException", True),  # a 500 as its model says
        ("lambda", "TooManyRequestsException", True),
        ("s3", "SlowDown", True),
        ("s3", "NoSuchBucket", False),
        ("kinesis", "LimitExceededException", False),  # a quota
    ],
)
def test_what_is_worth_another_try(cloud: Cloud, service: str, code: str, transient: bool) -> None:
    cloud.fault(service=service, error=code)
    context = cloud.world.context(service, account=ACCOUNT, region=REGION)
    strike = cloud._runner.call(cloud.world.faults.strike, context)
    assert strike.failure.is_transient is transient


def test_what_hodei_lacks_does_not_pass() -> None:
    assert not NotImplementedByHodei(service="a", operation="b").is_transient


def test_background_work_insists_on_the_clock_as_long_as_it_may(cloud: Cloud) -> None:
    context = cloud.world.context("logs", account=ACCOUNT, region=REGION)

    def asked(retry: Retry) -> Any:
        return cloud._runner.call(insist, context, "sqs", "ListQueues", retry)

    began = cloud.clock.now()
    cloud.clock.run(1000)
    cloud.fault(service="sqs", error="ServiceUnavailable", count=3)
    assert asked(Retry(attempts=3)) == {}
    assert (cloud.clock.now() - began).total_seconds() >= 1 + 2 + 4
    cloud.fault(service="sqs", error="ServiceUnavailable")
    for retry in (Retry(attempts=2), Retry(max_age=5)):
        with pytest.raises(AwsError, match="Injected"):
            asked(retry)
    cloud.clear_faults()
    cloud.fault(service="sqs", error="InvalidAddress")
    with pytest.raises(AwsError, match="Injected"):
        asked(Retry())
    assert [fault.calls for fault in cloud.faults()] == [1]
