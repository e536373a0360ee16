"""What Secrets Manager bills by the hour: https://aws.amazon.com/secrets-manager/pricing/"""

from __future__ import annotations

from collections.abc import Iterator

from hodei.kernel.ledger.meter import Stock
from hodei.kernel.store import Store
from hodei.services.secretsmanager.service import secretsmanager
from hodei.services.secretsmanager.state import secrets


@secretsmanager.stocks
def kept(store: Store) -> Iterator[Stock]:
    for account, region, secret in secrets.all(store):
        if not secret.deletion:
            yield Stock(account, region, "secrets", 1, f"arn:aws:secretsmanager:{region}:{account}:secret:{secret.id}")
