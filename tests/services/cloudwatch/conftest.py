from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud


@pytest.fixture
def cloud() -> Any:
    """Its time stands still, a second after a full hour."""
    with Cloud() as cloud:
        cloud.clock.freeze()
        now = cloud.clock.now().timestamp()
        cloud.clock.advance(seconds=3601 - now % 3600)
        yield cloud


@pytest.fixture
def cloudwatch(cloud: Cloud) -> Any:
    return cloud.client("cloudwatch")


@pytest.fixture
def refused() -> Callable[..., dict[str, str]]:
    def refused(call: Callable[..., Any], **params: Any) -> dict[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        error: dict[str, str] = caught.value.response["Error"]
        return error

    return refused


class Data:
    """Puts values of one namespace and reads them."""

    def __init__(self, cloud: Cloud, client: Any) -> None:
        self.cloud = cloud
        self.client = client

    def put(self, name: str = "m", *values: float, ago: float = 0, dimensions: Any = None, **more: Any) -> None:
        """Each value is put at once."""
        for value in values or (None,):
            datum: dict[str, Any] = {"MetricName": name, "Timestamp": self.at(ago), **more}
            if value is not None:
                datum["Value"] = value
            datum["Dimensions"] = [{"Name": k, "Value": v} for k, v in (dimensions or {}).items()]
            self.client.put_metric_data(Namespace="Shop", MetricData=[datum])

    def at(self, ago: float) -> datetime:
        return self.cloud.clock.now() - timedelta(seconds=ago)

    def query(self, stat: str = "Sum", name: str = "m", period: int = 60, id: str = "q", **more: Any) -> dict[str, Any]:
        dimensions = [{"Name": k, "Value": v} for k, v in more.pop("dimensions", {}).items()]
        metric = {"Namespace": more.pop("namespace", "Shop"), "MetricName": name, "Dimensions": dimensions}
        unit = {"Unit": more.pop("unit")} if "unit" in more else {}
        return {"Id": id, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat, **unit}, **more}

    def get(
        self, *queries: dict[str, Any], since: float = 3600, until: float = -60, **more: Any
    ) -> list[dict[str, Any]]:
        """The results, oldest value first."""
        more = {"ScanBy": "TimestampAscending", **more}
        found: list[dict[str, Any]] = self.client.get_metric_data(
            MetricDataQueries=list(queries), StartTime=self.at(since), EndTime=self.at(until), **more
        )["MetricDataResults"]
        return found

    def values(self, stat: str = "Sum", name: str = "m", period: int = 60, **more: Any) -> list[float]:
        span = {key: more.pop(key) for key in ("since", "until") if key in more}
        return list(self.get(self.query(stat, name, period, **more), **span)[0]["Values"])

    def expression(self, text: str, *queries: dict[str, Any], **more: Any) -> list[list[float]]:
        """The values of the lines of an expression over metrics."""
        quiet = [query | {"ReturnData": False} for query in queries]
        span = {key: more.pop(key) for key in ("since", "until") if key in more}
        found = self.get(*quiet, {"Id": "expression", "Expression": text, **more}, **span)
        return [result["Values"] for result in found]


@pytest.fixture
def data(cloud: Cloud, cloudwatch: Any) -> Data:
    return Data(cloud, cloudwatch)
