"""The meter: what is counted, when, for whom, at what price."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import inf
from typing import NoReturn

import pytest

from hodei.kernel.ledger import prices
from hodei.kernel.ledger.prices import GIB, Usage
from hodei.kernel.manifest import manifest
from hodei.protocol.model import load_model
from hodei.testing import ACCOUNT, Cloud

pytestmark = pytest.mark.feature("cloud.pay-per-use")

OTHER = "111111111111"


def quantity(cloud: Cloud, **only: str) -> float:
    return sum(line.quantity for line in cloud.bill.lines(**only))


def test_tiers_are_used_up_in_order() -> None:
    usage = Usage("requests", "Requests", "Requests", tiers=((100, 0.5), (inf, 0.25)))
    assert usage.cost(0, 10) == 5
    assert usage.cost(90, 20) == pytest.approx(10 * 0.5 + 10 * 0.25)
    assert usage.cost(1000, 4) == 1


def test_units_of_a_month() -> None:
    usage = Usage("storage", "TimedStorage-ByteHrs", "GB-Mo", tiers=((inf, 0.023),), monthly=True)
    june = 1780272000.0  # 2026-06-01
    assert usage.quantity(GIB * 720, june) == 1


@pytest.mark.parametrize(
    ("prefix", "region", "type"),
    [
        ("code", "us-east-1", "Keys"),
        ("code", "eu-west-1", "EU-Keys"),
        ("always", "us-east-1", "USE1-Keys"),
        ("region", "us-east-1", "us-east-1-Keys"),
    ],
)
def test_usage_types_have_the_prefix_of_their_region(prefix: str, region: str, type: str) -> None:
    assert Usage("keys", "Keys", "Keys", tiers=((inf, 1.0),), prefix=prefix).type_in(region) == type


@pytest.mark.parametrize("name", prices.billed_services())
def test_what_manifests_say_of_prices_makes_sense(name: str) -> None:
    billing, operations = manifest(name).billing, load_model(manifest(name).model).operations
    assert billing["source"].startswith("https://") and date.fromisoformat(billing["date"])
    for usage in prices.usages(name).values():
        ceilings = [ceiling for ceiling, _ in usage.tiers]
        assert ceilings == sorted(set(ceilings)) and ceilings[-1] == inf
        assert set(usage.operations) <= {"*", *operations}
    pools = {(usage.pool, usage.free) for usage in prices.usages(name).values() if usage.pool}
    assert len(pools) == len({pool for pool, _ in pools})


def test_requests_are_counted_where_they_succeed(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.receive_message(QueueUrl=url)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="missing")
    lines = {line.operation: line for line in cloud.bill.lines(service="sqs")}
    assert {name: line.quantity for name, line in lines.items()} == {
        "CreateQueue": 1,
        "SendMessage": 1,
        "ReceiveMessage": 1,
    }
    assert lines["SendMessage"].usage_type == "Requests-RBP"
    assert lines["SendMessage"].resource == f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"
    assert cloud.bill.total() == 0  # the first million is free


def test_the_free_amount_is_one_for_all_regions_and_ends(cloud: Cloud) -> None:
    for region in ("us-east-1", "eu-west-1"):
        sqs = cloud.client("sqs", region_name=region)
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="x")

    def count() -> None:
        ctx = cloud.world.context("sqs", account=ACCOUNT, region="us-east-1", operation="SendMessage")
        ctx.meter("requests", 1_000_000)

    cloud._runner.call(count)
    assert cloud.bill.total() == pytest.approx(4 * 4e-7)


def test_what_lies_in_store_is_counted_while_time_passes(cloud: Cloud) -> None:
    table = {"TableName": "orders", "BillingMode": "PROVISIONED"}
    throughput = {"ReadCapacityUnits": 100, "WriteCapacityUnits": 50}
    key = {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    }
    cloud.client("dynamodb").create_table(**table, **key, ProvisionedThroughput=throughput)
    cloud.clock.advance(days=10)
    reads = cloud.bill.lines(usage_type="ReadCapacityUnit-Hrs")
    assert sum(line.quantity for line in reads) == pytest.approx(100 * 240, rel=1e-3)
    cloud.client("dynamodb").delete_table(TableName="orders")
    cloud.clock.advance(days=10)
    again = cloud.bill.lines(usage_type="ReadCapacityUnit-Hrs")
    assert sum(line.quantity for line in again) == pytest.approx(100 * 240, rel=1e-3)


def test_a_bug_in_what_is_billed_fails_no_call(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]

    def broken(*given: object) -> NoReturn:
        raise RuntimeError

    service = cloud.world.service("sqs")
    send = service.find("SendMessage")
    assert send
    monkeypatch.setattr(service, "stock", broken)
    monkeypatch.setitem(service._operations, "SendMessage", replace(send, meter=broken))
    cloud.clock.advance(hours=2)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert "what sqs has in store is not billed" in caplog.text
    assert "sqs.SendMessage is not billed" in caplog.text
    assert [line.operation for line in cloud.bill.lines(service="sqs")] == ["CreateQueue"]


def test_what_is_new_is_not_billed_for_the_time_before(cloud: Cloud) -> None:
    cloud.client("sqs").list_queues()
    cloud.clock.advance(days=10)
    throughput = {"ReadCapacityUnits": 100, "WriteCapacityUnits": 50}
    cloud.client("dynamodb").create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        ProvisionedThroughput=throughput,
    )
    assert quantity(cloud, usage_type="ReadCapacityUnit-Hrs") < 1
