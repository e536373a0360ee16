"""The safety lever of an account and region: while it is engaged no experiment runs.

https://docs.aws.amazon.com/fis/latest/userguide/safety-lever.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.services.fis import errors, running
from hodei.services.fis.service import fis
from hodei.services.fis.state import Lever, experiments
from hodei.services.fis.state import levers as kept

ONLY = "default"
REASON = "Experiment halted by safety lever."


@fis.operation("GetSafetyLever")
def get_safety_lever(ctx: Context, *, id: str) -> dict[str, Any]:
    _check(id)
    return {"safetyLever": _view(ctx)}


@fis.operation("UpdateSafetyLeverState")
def update_safety_lever_state(ctx: Context, *, id: str, state: Mapping[str, str]) -> dict[str, Any]:
    """Engaging it stops what runs; until that has ended it is `engaging` and stays so."""
    _check(id)
    engage = state["status"] == "engaged"
    if not engage and _view(ctx)["state"]["status"] == "engaging":
        raise errors.ConflictException(reason="The safety lever is engaging.")
    kept.put(ctx, Lever(id=ONLY, engaged=engage, reason=state["reason"]))
    if engage:
        for experiment in list(experiments.by("active", ctx)):
            if experiment.status != "stopping":
                running.stop(ctx, experiment, REASON)
    return {"safetyLever": _view(ctx)}


def engaged(ctx: Context) -> bool:
    lever = kept.get(ctx, ONLY)
    return lever is not None and lever.engaged


def _view(ctx: Context) -> dict[str, Any]:
    lever = kept.get(ctx, ONLY) or Lever(id=ONLY, engaged=False, reason="")
    status = "disengaged"
    if lever.engaged:
        status = "engaging" if experiments.count(ctx, index="active") else "engaged"
    return {
        "id": ONLY,
        "arn": ctx.arn(f"safety-lever/{ONLY}"),
        "state": {"status": status, "reason": lever.reason},
    }


def _check(id: str) -> None:
    if id != ONLY:
        raise errors.ResourceNotFoundException(kind="Safety lever", id=id)
