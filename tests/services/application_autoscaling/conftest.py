from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

READ, WRITE = "dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits"


@pytest.fixture
def cloud() -> Any:
    """Its time stands still, a second after a full hour."""
    with Cloud() as cloud:
        cloud.clock.freeze()
        now = cloud.clock.now().timestamp()
        cloud.clock.advance(seconds=3601 - now % 3600)
        yield cloud


@pytest.fixture
def scaling(cloud: Cloud) -> Any:
    return cloud.client("application-autoscaling")


class Tables:
    """Tables of provisioned capacity, and their scalable targets."""

    def __init__(self, cloud: Cloud, scaling: Any) -> None:
        self.cloud = cloud
        self.dynamodb = cloud.client("dynamodb")
        self.scaling = scaling

    def create(self, name: str = "orders", read: int = 5, write: int = 5) -> None:
        key = {"AttributeName": "id", "KeyType": "HASH"}
        units = {"ReadCapacityUnits": read, "WriteCapacityUnits": write}
        self.dynamodb.create_table(
            TableName=name,
            KeySchema=[key],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            ProvisionedThroughput=units,
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "again",
                    "KeySchema": [key],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                    "ProvisionedThroughput": units,
                }
            ],
        )
        self.cloud.settle()

    def of(self, name: str = "orders", dimension: str = WRITE) -> dict[str, str]:
        """What names a scalable target."""
        index = "/index/again" if ":index:" in dimension else ""
        return {"ServiceNamespace": "dynamodb", "ResourceId": f"table/{name}{index}", "ScalableDimension": dimension}

    def register(self, name: str = "orders", dimension: str = WRITE, low: int = 5, high: int = 100) -> str:
        of = self.of(name, dimension)
        return str(self.scaling.register_scalable_target(**of, MinCapacity=low, MaxCapacity=high)["ScalableTargetARN"])

    def track(self, name: str = "orders", dimension: str = WRITE, aim: float = 50, **more: Any) -> dict[str, Any]:
        kind = "Write" if "Write" in dimension else "Read"
        metric = {"PredefinedMetricType": f"DynamoDB{kind}CapacityUtilization"}
        answer: dict[str, Any] = self.scaling.put_scaling_policy(
            **self.of(name, dimension),
            PolicyName="track",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": aim,
                "PredefinedMetricSpecification": metric,
                **more,
            },
        )
        return answer

    def capacity(self, name: str = "orders", index: bool = False) -> tuple[int, int]:
        table = self.dynamodb.describe_table(TableName=name)["Table"]
        units = (table["GlobalSecondaryIndexes"][0] if index else table)["ProvisionedThroughput"]
        return units["ReadCapacityUnits"], units["WriteCapacityUnits"]

    def load(self, minutes: int, writes: int, name: str = "orders") -> None:
        """So many units are written in each minute; at the end the last one is over."""
        body = {"id": {"S": "x"}, "body": {"S": "x" * 99 * 1024}}  # 100 units
        for _ in range(minutes):
            for _ in range(writes // 100):
                self.dynamodb.put_item(TableName=name, Item=body)
            self.cloud.clock.advance(seconds=60)

    def activities(self, **more: Any) -> list[dict[str, Any]]:
        """The oldest first."""
        found = self.scaling.describe_scaling_activities(ServiceNamespace="dynamodb", **more)
        return list(reversed(found["ScalingActivities"]))


@pytest.fixture
def tables(cloud: Cloud, scaling: Any) -> Tables:
    return Tables(cloud, scaling)
