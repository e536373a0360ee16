"""Provisioned concurrency of Lambda's versions and aliases."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.application_autoscaling.scalables.scalable import Capacity, Missing, TrackedMetric
from hodei.services.application_autoscaling.state import Dimension

FUNCTION = re.compile(r"function:([\w-]{1,64}):([\w-]{1,128})")


@dataclass(frozen=True)
class Concurrency:
    resource: str
    function: str
    qualifier: str
    least: int = 0
    noun: str = "desired concurrency"

    def metric(self, predefined: str) -> TrackedMetric | None:
        if predefined != "LambdaProvisionedConcurrencyUtilization":
            return None
        dimensions = {"FunctionName": self.function, "Resource": f"{self.function}:{self.qualifier}"}
        return TrackedMetric("AWS/Lambda", "ProvisionedConcurrencyUtilization", dimensions, "Average", 3)

    async def capacity(self, ctx: Context) -> Capacity:
        named = {"FunctionName": self.function, "Qualifier": self.qualifier}
        try:
            found = await ctx.call("lambda", "GetProvisionedConcurrencyConfig", **named)
        except AwsError as error:
            if error.code == "ProvisionedConcurrencyConfigNotFoundException":
                return Capacity(0)
            if error.code != "ResourceNotFoundException":
                raise
            raise Missing(f"Lambda function does not exist: {self.resource}") from None
        return Capacity(found["RequestedProvisionedConcurrentExecutions"], settled=found["Status"] != "IN_PROGRESS")

    async def put(self, ctx: Context, wanted: int) -> None:
        named = {"FunctionName": self.function, "Qualifier": self.qualifier}
        if wanted:
            given = named | {"ProvisionedConcurrentExecutions": wanted}
            await ctx.call("lambda", "PutProvisionedConcurrencyConfig", **given)
        else:
            await ctx.call("lambda", "DeleteProvisionedConcurrencyConfig", **named)


def of_function(of: Dimension) -> Concurrency | None:
    found = FUNCTION.fullmatch(of.resource)
    return Concurrency(of.resource, found[1], found[2]) if found else None
