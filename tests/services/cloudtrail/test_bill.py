"""Copies of events cost, but for the first of management events."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import trail_arn

pytestmark = pytest.mark.feature("cloud.pay-per-use")


def used(cloud: Cloud, trail: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in cloud.bill.lines(service="cloudtrail", resource=trail_arn(trail)):
        found[line.usage_type] = found.get(line.usage_type, 0.0) + line.quantity
    return found


def test_the_first_copy_of_management_events_is_free(cloud: Cloud, logging: Any, cloudtrail: Any) -> None:
    logging("main")
    cloud.clock.advance(minutes=10)
    logging("other")
    cloud.clock.advance(minutes=10)
    before = used(cloud, "main")
    for _ in range(3):
        cloud.client("sqs").list_queues()
    cloud.clock.advance(minutes=10)
    assert used(cloud, "main") == {"USE1-FreeEventsRecorded": before["USE1-FreeEventsRecorded"] + 3}
    assert used(cloud, "other")["USE1-PaidEventsRecorded"] >= 3
    paid = used(cloud, "other")["USE1-PaidEventsRecorded"]
    assert cloud.bill.total(service="cloudtrail") == pytest.approx(paid * 2 / 100_000)


def test_data_events_cost(cloud: Cloud, logging: Any, cloudtrail: Any) -> None:
    logging("main")
    data = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::photos/"]}
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": False, "DataResources": [data]}
    cloudtrail.put_event_selectors(TrailName="main", EventSelectors=[selector])
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="a", Body=b"x")
    cloud.clock.advance(minutes=10)
    assert used(cloud, "main")["USE1-DataEventsRecorded"] == 1
    assert cloud.bill.total(usage_type="USE1-DataEventsRecorded") == pytest.approx(1e-6)
