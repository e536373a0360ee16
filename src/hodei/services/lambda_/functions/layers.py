"""The layers of a function: which it may have, and how large all of it may be."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.kernel.iam.authorise import check as authorised
from hodei.kernel.iam.needs import Need
from hodei.services.lambda_ import rules
from hodei.services.lambda_.layers import content
from hodei.services.lambda_.packages.intake import UNPACKED
from hodei.services.lambda_.state import Version

MOST = 5


def check(ctx: Context, version: Version) -> None:
    """Raises: InvalidParameterValueException, AccessDeniedException for another account's layer that is not shared."""
    if len(version.layers) > MOST:
        raise rules.invalid(f"Cannot reference more than {MOST} layers.")
    seen: dict[str, str] = {}
    for arn in version.layers:
        layer = arn.rpartition(":")[0]
        if layer in seen:
            raise rules.invalid(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{seen[layer]} and {arn} are versions of the same layer."
            )
        seen[layer] = arn
        authorised(ctx, [Need("lambda:GetLayerVersion", arn)], {})
        found = content.find(ctx, arn)
        if found is None or found.version.deleted or found.ctx.region != ctx.region:
            raise rules.invalid(f"Layer version {arn} does not exist.")
    check_size(ctx, version)


def check_size(ctx: Context, version: Version) -> None:
    """Raises: InvalidParameterValueException."""
    size = version.code.unpacked + sum(code.unpacked for code in content.content(ctx, version))
    if size > UNPACKED:
        raise rules.invalid(
            f"Function code combined with layers exceeds the maximum allowed size of {UNPACKED} bytes. The actual size "
            f"is {size} bytes."
        )
