"""When users, roles and keys were last used, as the ledger has noted it of every call, be it allowed or denied.

AWS tells of a key the first use in a quarter of an hour; here it is the last one.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from operator import attrgetter

from msgspec.structs import replace

from hodei.kernel.arns import GLOBAL_REGION
from hodei.kernel.context import Context
from hodei.kernel.iam.needs import reference
from hodei.kernel.ledger.audit import audited
from hodei.kernel.ledger.uses import Use
from hodei.kernel.manifest import manifest

TRACKED = 400 * 86400.0  # seconds for which uses are told of


def of(ctx: Context, identity: str = "") -> Iterator[Use]:
    """Those by a user or role (its ARN) of the account of the call, or by all of them."""
    ctx.world.ledger.flush()
    since = ctx.now - TRACKED
    return (_placed(use) for use in ctx.world.ledger.uses.of(ctx.account, identity) if use.at > since)


def _placed(use: Use) -> Use:
    """Services that have no regions live in one."""
    return replace(use, region=GLOBAL_REGION) if audited(use.service, use.operation).everywhere else use


def of_key(ctx: Context, id: str) -> Use | None:
    """The last use of an access key of the account, whatever the name of its user was then."""
    return last(use for use in of(ctx) if use.key == id)


def of_role(ctx: Context, arn: str, created: float) -> Use | None:
    """The last use of a role, and not of one that had its name before."""
    return last(use for use in of(ctx, arn) if use.at >= created)


def last(uses: Iterable[Use]) -> Use | None:
    return max(uses, key=attrgetter("at"), default=None)


@functools.cache
def namespace(service: str) -> str:
    """What policies call a service that botocore has a name for."""
    prefix: str = manifest(service).iam.get("prefix", service)
    return prefix


@functools.cache
def action(service: str, operation: str) -> str:
    """The action that an operation is to policies, if they have one of its own; else its name."""
    known = reference("actions", namespace(service)).get(operation.lower())
    return str(known["name"]) if known else operation
