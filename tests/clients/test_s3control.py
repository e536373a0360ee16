"""S3 Control, whose hosts begin with the account, and access points, whose hosts begin with their name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.socket

ACCOUNT = "111122223333"  # that of the clients


@pytest.mark.feature("s3.access-points")
def test_an_access_point_by_its_arn_and_its_alias(connect: Callable[..., Any], named: None) -> None:
    s3, control = connect("s3"), connect("s3control")
    s3.create_bucket(Bucket="pointed")
    made = control.create_access_point(AccountId=ACCOUNT, Name="entrance", Bucket="pointed")
    s3.put_object(Bucket=made["AccessPointArn"], Key="a/b c", Body=b"x" * 100_000)
    for address in ("pointed", made["AccessPointArn"], made["Alias"]):
        assert s3.get_object(Bucket=address, Key="a/b c")["ContentLength"] == 100_000
    (point,) = control.list_access_points(AccountId=ACCOUNT, Bucket="pointed")["AccessPointList"]
    assert point["Name"] == "entrance"
    virtual = connect("s3", s3={"addressing_style": "virtual"})
    assert virtual.list_objects_v2(Bucket=made["Alias"])["KeyCount"] == 1
