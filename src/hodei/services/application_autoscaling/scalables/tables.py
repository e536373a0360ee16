"""Provisioned capacity of DynamoDB's tables and global secondary indexes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.application_autoscaling.scalables.scalable import Capacity, Missing, TrackedMetric
from hodei.services.application_autoscaling.state import Dimension

TABLE = re.compile(r"table/([\w.-]{3,255})")
INDEX = re.compile(r"table/([\w.-]{3,255})/index/([\w.-]{3,255})")


@dataclass(frozen=True)
class Throughput:
    """`kind` is Read or Write; `index` is empty for the table itself."""

    resource: str
    table: str
    index: str
    kind: str
    least: int = 1

    @property
    def noun(self) -> str:
        return f"{self.kind.lower()} capacity units"

    @property
    def member(self) -> str:
        return f"{self.kind}CapacityUnits"

    def metric(self, predefined: str) -> TrackedMetric | None:
        if predefined != f"DynamoDB{self.kind}CapacityUtilization":
            return None
        index = {"GlobalSecondaryIndexName": self.index} if self.index else {}
        dimensions = {"TableName": self.table, **index}
        consumed, provisioned = f"Consumed{self.member}", f"Provisioned{self.member}"
        return TrackedMetric("AWS/DynamoDB", consumed, dimensions, "Sum", 2, units=True, provisioned=provisioned)

    async def capacity(self, ctx: Context) -> Capacity:
        table, found = await self._described(ctx)
        value = found["ProvisionedThroughput"][self.member]
        return Capacity(value or None, settled=table["TableStatus"] == "ACTIVE")

    async def put(self, ctx: Context, wanted: int) -> None:
        _, found = await self._described(ctx)
        now = found["ProvisionedThroughput"]
        throughput = {name: now[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")} | {self.member: wanted}
        if self.index:
            update = {"IndexName": self.index, "ProvisionedThroughput": throughput}
            given: dict[str, Any] = {"GlobalSecondaryIndexUpdates": [{"Update": update}]}
        else:
            given = {"ProvisionedThroughput": throughput}
        await ctx.call("dynamodb", "UpdateTable", TableName=self.table, **given)

    async def _described(self, ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
        """The table, and what has the capacity: itself or its index."""
        try:
            table = (await ctx.call("dynamodb", "DescribeTable", TableName=self.table))["Table"]
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            raise Missing(f"DynamoDB table does not exist: {self.resource}") from None
        if not self.index:
            return table, table
        for index in table.get("GlobalSecondaryIndexes", ()):
            if index["IndexName"] == self.index:
                return table, index
        raise Missing(f"DynamoDB index does not exist: {self.resource}")


def of_table(of: Dimension) -> Throughput | None:
    found = TABLE.fullmatch(of.resource)
    return Throughput(of.resource, found[1], "", _kind(of)) if found else None


def of_index(of: Dimension) -> Throughput | None:
    found = INDEX.fullmatch(of.resource)
    return Throughput(of.resource, found[1], found[2], _kind(of)) if found else None


def _kind(of: Dimension) -> str:
    return of.name.rpartition(":")[2].removesuffix("CapacityUnits")
