"""The roles that experiments act as: the experiment's own, and in other accounts those that it becomes from there.

https://docs.aws.amazon.com/fis/latest/userguide/getting-started-iam-service-role.html
https://docs.aws.amazon.com/fis/latest/userguide/multi-account-prerequisites.html
"""

from __future__ import annotations

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context, Principal, service_principal
from hodei.kernel.errors import AwsError
from hodei.services.fis.effects.effect import Failure
from hodei.services.fis.find import experiment_arn
from hodei.services.fis.state import Experiment, configurations
from hodei.services.sts.api import become

SERVICE = "fis.amazonaws.com"


def own(ctx: Context, experiment: Experiment) -> Principal:
    """A session of the role of an experiment. Raises: Failure."""
    by = service_principal(SERVICE, ctx.account, experiment_arn(ctx, experiment.id))
    return _assumed(ctx, by, experiment.role, experiment.id)


def callers(ctx: Context, experiment: Experiment, own: Principal) -> dict[str, Principal]:
    """Who acts for an experiment, by the account that it acts in. Raises: Failure."""
    arn = experiment_arn(ctx, experiment.id)
    if experiment.accounts == "single-account":
        return {ctx.account: own}
    return {
        one.account: _assumed(ctx, own, one.role, experiment.id, external_id=arn)
        for one in configurations.scan(ctx, experiment.id)
    }


def _assumed(ctx: Context, by: Principal, arn: str, session: str, external_id: str = "") -> Principal:
    """The session of a role that lets `by` assume it."""
    try:
        return become(ctx, arn, session, by, external_id=external_id)
    except AwsError:
        raise Failure("AuthorizationFailure", f"Unable to assume role {arn}.", Arn.parse(arn).account) from None
