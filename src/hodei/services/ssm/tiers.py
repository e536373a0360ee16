"""The tiers of parameters: what fits into which, and which one a parameter gets.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.ssm import errors, settings
from hodei.services.ssm.state import ADVANCED, INTELLIGENT, STANDARD, Total, totals

SIZES = {STANDARD: 4096, ADVANCED: 8192}  # bytes
QUOTAS = {STANDARD: "standard", ADVANCED: "advanced"}
GUIDE = "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"


def tier_for(ctx: Context, wanted: str | None, before: str | None, size: int, *, policies: bool) -> str:
    """The tier of a new version: `wanted` in the request, `before` that of the parameter so far.

    Raises: ValidationException for what does not fit, ParameterLimitExceeded.
    """
    asked = wanted or settings.value(ctx, settings.DEFAULT_TIER)
    if asked == INTELLIGENT:
        full = before is None and total(ctx, STANDARD) >= ctx.quota("standard")
        tier = ADVANCED if policies or full or before == ADVANCED or size > SIZES[STANDARD] else STANDARD
    elif asked == STANDARD and before == ADVANCED:
        if wanted:
            raise errors.ValidationException(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
                "advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced "
                "parameter and recreate it as a standard parameter."
            )
        tier = ADVANCED
    else:
        tier = asked
    _check_fits(tier, size, policies=policies)
    if tier != before and total(ctx, tier) >= ctx.quota(QUOTAS[tier]):
        raise errors.ParameterLimitExceeded()
    return tier


def _check_fits(tier: str, size: int, *, policies: bool) -> None:
    if policies and tier == STANDARD:
        raise errors.ValidationException(
            f"Parameter policies are only supported for advanced-tier parameters. For more information, see {GUIDE}"
        )
    if size <= SIZES[tier]:
        return
    message = f"{tier} tier parameters support a maximum parameter value of {SIZES[tier]} characters."
    if tier == STANDARD:
        message += (
            " To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. "
            f"For more information, see {GUIDE}"
        )
    raise errors.ValidationException(message)


def total(ctx: Context, tier: str) -> int:
    found = totals.get(ctx, tier)
    return found.count if found else 0


def count(ctx: Context, tier: str, more: int) -> None:
    """Note that there are so many more parameters of a tier."""
    totals.put(ctx, Total(tier=tier, count=total(ctx, tier) + more))
