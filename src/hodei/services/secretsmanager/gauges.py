"""How many secrets there are, those to be deleted among them, as CloudWatch shows it.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/monitoring-cloudwatch.html
"""

from __future__ import annotations

from collections.abc import Iterator

from hodei.kernel.context import Context
from hodei.kernel.metrics import Gauge
from hodei.services.secretsmanager.service import secretsmanager
from hodei.services.secretsmanager.state import secrets

OF_SECRETS = {"Class": "None", "Resource": "SecretCount", "Service": "Secrets Manager", "Type": "Resource"}


@secretsmanager.gauges
def counted(ctx: Context) -> Iterator[Gauge]:
    yield Gauge("ResourceCount", float(secrets.count(ctx)), "Count", OF_SECRETS)
