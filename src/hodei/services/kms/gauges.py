"""How long imported key material is still there, as CloudWatch shows it.

https://docs.aws.amazon.com/kms/latest/developerguide/monitoring-cloudwatch.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from hodei.kernel.context import Context
from hodei.kernel.metrics import Gauge
from hodei.services.kms.service import kms
from hodei.services.kms.state import materials


@kms.gauges
def expirations(ctx: Context) -> Iterator[Gauge]:
    """The next one of each key."""
    left: dict[str, float] = {}
    for material in materials.scan(ctx):
        if material.expires > ctx.now and material.sealed:
            left[material.key] = min(material.expires - ctx.now, left.get(material.key, math.inf))
    for key, seconds in left.items():
        yield Gauge("SecondsUntilKeyMaterialExpiration", seconds, "Seconds", {"KeyId": key})
