"""The part of the admin API that hands to services what they offer beyond AWS's APIs."""

from __future__ import annotations

from typing import Any

from hodei.gateway.admin import Body, check_account, routes
from hodei.gateway.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION
from hodei.gateway.local import Local, Refused
from hodei.kernel.errors import AwsError
from hodei.kernel.manifest import all_manifests


class Use(Body):
    """`given` is the tool's own."""

    given: dict[str, Any]
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION


@routes.post("/_hodei/services/{service}/{tool}")
def use_tool(local: Local, body: Use, *, service: str, tool: str) -> dict[str, Any]:
    """Use a tool of a service: `debug` of lambda lets a function be debugged."""
    check_account(body.account)
    tools = local.world.service(service).tools if service in all_manifests() else {}
    if tool not in tools:
        raise Refused(404, f"no tool {tool!r} of {service!r}")
    try:
        return tools[tool](local.world.context(service, account=body.account, region=body.region), body.given)
    except ValueError as error:
        raise Refused(400, str(error)) from None
    except AwsError as error:
        raise Refused(400, error.message) from None
