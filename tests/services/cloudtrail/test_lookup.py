"""LookupEvents: by every attribute, in time, page by page."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from hodei.kernel.tables import Place
from hodei.testing import ACCOUNT, REGION, Cloud

pytestmark = pytest.mark.feature("cloudtrail.recording")


def names(answer: dict[str, Any]) -> list[str]:
    return [event["EventName"] for event in answer["Events"]]


def by(key: str, value: str) -> dict[str, Any]:
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def test_the_newest_comes_first(cloud: Cloud, cloudtrail: Any) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"a": "b"})
    sqs.delete_queue(QueueUrl=url)
    assert names(cloudtrail.lookup_events()) == ["DeleteQueue", "TagQueue", "CreateQueue"]
    assert names(cloudtrail.lookup_events(MaxResults=1)) == ["LookupEvents"]


def test_what_an_event_shows(cloud: Cloud, cloudtrail: Any) -> None:
    cloud.clock.freeze()
    cloud.client("iam").create_user(UserName="ann")
    (event,) = cloudtrail.lookup_events()["Events"]
    record = json.loads(event.pop("CloudTrailEvent"))
    assert event == {
        "EventId": record["eventID"],
        "EventName": "CreateUser",
        "ReadOnly": "false",
        "AccessKeyId": ACCOUNT,
        "EventTime": event["EventTime"],
        "EventSource": "iam.amazonaws.com",
        "Username": "root",
        "Resources": [{"ResourceType": "AWS::IAM::User", "ResourceName": "ann"}],
    }
    assert timedelta() <= cloud.clock.now() - event["EventTime"] < timedelta(seconds=1)


def test_every_attribute(cloud: Cloud, cloudtrail: Any, user: Any, client_of: Any) -> None:
    key = user("ann", "sqs:*")
    client_of("sqs", key).create_queue(QueueName="orders")
    cloud.client("sqs").list_queues()
    (made,) = cloudtrail.lookup_events(**by("EventName", "CreateQueue"))["Events"]
    for attribute, value in (
        ("EventId", made["EventId"]),
        ("Username", "ann"),
        ("ResourceType", "AWS::SQS::Queue"),
        ("ResourceName", "orders"),
        ("AccessKeyId", key["AccessKeyId"]),
    ):
        assert names(cloudtrail.lookup_events(**by(attribute, value))) == ["CreateQueue"], attribute
    assert names(cloudtrail.lookup_events(**by("EventSource", "sqs.amazonaws.com"))) == ["ListQueues", "CreateQueue"]
    assert "ListQueues" in names(cloudtrail.lookup_events(**by("ReadOnly", "true")))
    assert "ListQueues" not in names(cloudtrail.lookup_events(**by("ReadOnly", "false")))
    assert names(cloudtrail.lookup_events(**by("EventId", "nobody's"))) == []


def test_pages(cloud: Cloud, cloudtrail: Any) -> None:
    cloud.clock.freeze()  # all at one moment
    sqs = cloud.client("sqs")
    for number in range(120):
        sqs.create_queue(QueueName=f"q{number}")
    pages = list(cloudtrail.get_paginator("lookup_events").paginate(**by("EventName", "CreateQueue")))
    assert [len(page["Events"]) for page in pages] == [50, 50, 20]
    found = [
        json.loads(e["CloudTrailEvent"])["requestParameters"]["queueName"] for page in pages for e in page["Events"]
    ]
    assert found == [f"q{number}" for number in reversed(range(120))]


def test_a_token_holds_for_its_own_question(cloud: Cloud, cloudtrail: Any, refused: Any) -> None:
    for _ in range(3):
        cloud.client("sqs").list_queues()
    asked = by("EventName", "ListQueues")
    token = cloudtrail.lookup_events(MaxResults=1, **asked)["NextToken"]
    assert names(cloudtrail.lookup_events(MaxResults=5, NextToken=token, **asked)) == ["ListQueues"] * 2
    for wrong in ({"NextToken": "x"}, {"NextToken": token}, {"NextToken": token, **by("EventName", "TagQueue")}):
        with refused("InvalidNextTokenException"):
            cloudtrail.lookup_events(**wrong)


def test_a_span_of_time_within_ninety_days(cloud: Cloud, cloudtrail: Any, refused: Any) -> None:
    sqs, start = cloud.client("sqs"), cloud.clock.now()
    sqs.create_queue(QueueName="first")
    cloud.clock.advance(days=1)
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="first")["QueueUrl"])
    day = {"StartTime": start - timedelta(hours=1), "EndTime": start + timedelta(hours=1)}
    assert names(cloudtrail.lookup_events(**day)) == ["CreateQueue"]
    since = {"StartTime": start + timedelta(hours=1), **by("ReadOnly", "false")}
    assert names(cloudtrail.lookup_events(**since)) == ["DeleteQueue"]
    with refused("InvalidTimeRangeException"):
        cloudtrail.lookup_events(StartTime=start, EndTime=start - timedelta(hours=1))
    cloud.clock.advance(days=89, hours=12)
    assert names(cloudtrail.lookup_events(**by("EventName", "CreateQueue"))) == []
    assert names(cloudtrail.lookup_events(**by("EventName", "DeleteQueue"))) == ["DeleteQueue"]


def test_accounts_and_regions_have_their_own(cloud: Cloud, cloudtrail: Any) -> None:
    cloud.client("sqs", region_name="eu-west-1").create_queue(QueueName="there")
    cloud.client("sqs", account="111111111111").create_queue(QueueName="theirs")
    cloud.client("iam", region_name="eu-west-1").create_user(UserName="ann")
    assert names(cloudtrail.lookup_events()) == ["CreateUser"]  # IAM has no regions: us-east-1 has its events
    there = cloud.client("cloudtrail", region_name="eu-west-1")
    assert names(there.lookup_events()) == ["CreateQueue"]


def test_what_is_refused(cloudtrail: Any, refused: Any) -> None:
    pair = {"AttributeKey": "EventName", "AttributeValue": "x"}
    with refused("InvalidLookupAttributesException"):
        cloudtrail.lookup_events(LookupAttributes=[pair, pair])
    with refused("InvalidLookupAttributesException"):
        cloudtrail.lookup_events(**by("ReadOnly", "yes"))
    for wrong in (by("Colour", "red"), {"MaxResults": 51}, {"EventCategory": "data"}):
        with refused("ValidationException", "1 validation error detected: "):
            cloudtrail.lookup_events(**wrong)
    assert cloudtrail.lookup_events(EventCategory="insight")["Events"] == []


def test_what_is_older_is_forgotten(cloud: Cloud, cloudtrail: Any) -> None:
    table, world = cloud.world.ledger.audit.management, cloud.world

    def kept() -> int:
        world.ledger.flush()
        return sum(1 for _ in table.scan(Place(world.store, ACCOUNT, REGION)))

    for _ in range(4):
        cloud.client("sqs").list_queues()
        cloud.clock.advance(days=50)
    assert cloud._runner.call(kept) == 2
