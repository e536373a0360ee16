"""Condition keys that a manifest declares are known to the first who asks, also before any call of that service."""

from __future__ import annotations

from hodei.kernel.iam.facts import Facts
from hodei.kernel.service import Service
from hodei.testing import Cloud


def test_the_keys_of_a_service_that_nobody_has_called(cloud: Cloud) -> None:
    ctx = cloud.world.context("sts", account="000000000000", region="us-east-1")
    ctx.service = Service("sts")
    facts = Facts(ctx, {"ExternalId": "x"}, "arn:aws:iam::000000000000:role/r", "000000000000", {})
    assert facts["sts:externalid"] == ["x"]
