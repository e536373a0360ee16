from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hodei.testing import Cloud

TODAY = datetime(2030, 6, 10, tzinfo=UTC)
MEMBER = "111111111111"
ALL_METRICS = [
    "AmortizedCost",
    "BlendedCost",
    "NetAmortizedCost",
    "NetUnblendedCost",
    "NormalizedUsageAmount",
    "UnblendedCost",
    "UsageQuantity",
]


@pytest.fixture
def june(cloud: Cloud) -> Cloud:
    """A cloud on the tenth of June, whose time stands still."""
    cloud.clock.freeze()
    cloud._runner.call(cloud.world.set_time, TODAY.timestamp())
    return cloud


@pytest.fixture
def ce(june: Cloud) -> Any:
    return june.client("ce")


def period(start: str = "2030-06-01", end: str = "2030-07-01") -> dict[str, str]:
    return {"Start": start, "End": end}


def by(*names: str, kind: str = "DIMENSION") -> list[dict[str, str]]:
    return [{"Type": kind, "Key": name} for name in names]


def is_(key: str, *values: str, **more: Any) -> dict[str, Any]:
    return {"Dimensions": {"Key": key, "Values": list(values), **more}}


def groups(answer: dict[str, Any], metric: str = "UsageQuantity") -> dict[tuple[str, ...], float]:
    """The groups of the only period."""
    (result,) = answer["ResultsByTime"]
    return {tuple(group["Keys"]): float(group["Metrics"][metric]["Amount"]) for group in result["Groups"]}


def join(cloud: Cloud, member: str = MEMBER) -> None:
    """An organization of the account of the tests, with a member."""
    owner = cloud.client("organizations")
    owner.create_organization(FeatureSet="ALL")
    made = owner.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": member})["Handshake"]
    cloud.client("organizations", account=member).accept_handshake(HandshakeId=made["Id"])
