from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from hodei.testing import ACCOUNT, Cloud

from .conftest import is_, period

pytestmark = pytest.mark.feature("cloud.pay-per-use")
Refused = Callable[..., AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def used(june: Cloud) -> None:
    sqs = june.client("sqs", region_name="eu-west-1")
    sqs.send_message(
        QueueUrl=sqs.create_queue(QueueName="orders", tags={"team": "shop", "stage": "test"})["QueueUrl"],
        MessageBody="x",
    )
    june.client("kms").create_key()
    june.clock.advance(days=1)


def values(answer: dict[str, Any]) -> list[str]:
    return [one["Value"] for one in answer["DimensionValues"]]


def test_values_of_a_dimension(ce: Any) -> None:
    answer = ce.get_dimension_values(TimePeriod=period(), Dimension="SERVICE")
    assert values(answer) == ["AWS Key Management Service", "Amazon Simple Queue Service"]
    assert (answer["ReturnSize"], answer["TotalSize"]) == (2, 2)
    accounts = ce.get_dimension_values(TimePeriod=period(), Dimension="LINKED_ACCOUNT")
    assert accounts["DimensionValues"] == [{"Value": ACCOUNT, "Attributes": {"description": ACCOUNT}}]


def test_searched_filtered_and_sorted(ce: Any) -> None:
    asked: dict[str, Any] = {"TimePeriod": period(), "Dimension": "USAGE_TYPE"}
    assert values(ce.get_dimension_values(**asked, SearchString="kms-k")) == ["us-east-1-KMS-Keys"]
    assert values(ce.get_dimension_values(**asked, Filter=is_("REGION", "eu-west-1"))) == ["EU-Requests-Tier1"]
    dear = [{"Key": "UnblendedCost", "SortOrder": "DESCENDING"}]
    assert values(ce.get_dimension_values(**asked, SortBy=dear, MaxResults=2)) == [
        "us-east-1-KMS-Keys",
        "USE1-APIRequest",
    ]
    assert values(ce.get_dimension_values(**asked, Context="RESERVATIONS")) == []
    assert values(ce.get_dimension_values(**{**asked, "Dimension": "AZ"})) == []


def test_pages_of_values(ce: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hodei.services.ce.values.PAGE", 1)
    asked = {"TimePeriod": period("2030-06-10", "2030-06-11"), "Dimension": "SERVICE"}
    first = ce.get_dimension_values(**asked)
    second = ce.get_dimension_values(**asked, NextPageToken=first["NextPageToken"])
    assert values(first) + values(second) == ["AWS Key Management Service", "Amazon Simple Queue Service"]
    assert "NextPageToken" not in second


def test_tags(ce: Any) -> None:
    assert ce.get_tags(TimePeriod=period())["Tags"] == ["stage", "team"]
    assert ce.get_tags(TimePeriod=period(), TagKey="team")["Tags"] == ["", "shop"]
    assert ce.get_tags(TimePeriod=period(), TagKey="team", SearchString="sh")["Tags"] == ["shop"]
    assert ce.get_tags(TimePeriod=period(), Filter=is_("SERVICE", "AWS Key Management Service"))["Tags"] == []


def test_what_is_wrong_is_said(ce: Any, refused: Refused) -> None:
    by_cost = [{"Key": "UnblendedCost"}]
    with refused("ValidationException", "Dimension not valid."):
        ce.get_dimension_values(TimePeriod=period(), Dimension="SERVICE_CODE")
    with refused("ValidationException", "not supported with SortBy"):
        ce.get_tags(TimePeriod=period(), SortBy=by_cost, SearchString="a")
    with refused("ValidationException", "SortBy is invalid"):
        ce.get_tags(TimePeriod=period(), SortBy=[{"Key": "Cost"}])
