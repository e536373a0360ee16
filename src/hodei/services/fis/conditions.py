"""Stop conditions: CloudWatch alarms that stop an experiment when they go off.

https://docs.aws.amazon.com/fis/latest/userguide/stop-conditions.html
"""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.cloudwatch.api import state_of
from hodei.services.fis.rules import ALARMS
from hodei.services.fis.state import Experiment

REASON = "Experiment halted by stop condition."


def met(ctx: Context, experiment: Experiment) -> bool:
    """Whether one of its alarms has gone off."""
    return any(state_of(ctx, arn) == "ALARM" for arn in alarms(experiment))


def alarms(experiment: Experiment) -> list[str]:
    """The ARNs of the alarms that stop it."""
    return [one["value"] for one in experiment.stop_conditions if one["source"] == ALARMS]
