"""What requests name, or the errors that say that it is not there; ids and ARNs."""

from __future__ import annotations

import string

from hodei.kernel.context import Context
from hodei.services.fis import errors
from hodei.services.fis.state import (
    AccountConfiguration,
    Experiment,
    Template,
    configurations,
    experiments,
    templates,
)

LETTERS = string.ascii_letters + string.digits
LENGTH = 15


def new_id(ctx: Context, prefix: str) -> str:
    """EXT5ZByKtF4sgEL3a, EXPpH5gti5bgNFXv1Y"""
    return prefix + "".join(ctx.ids.choices(LETTERS, k=LENGTH))


def template_arn(ctx: Context, id: str) -> str:
    return ctx.arn(f"experiment-template/{id}")


def experiment_arn(ctx: Context, id: str) -> str:
    return ctx.arn(f"experiment/{id}")


def template(ctx: Context, id: str) -> Template:
    """Raises: ResourceNotFoundException."""
    if (found := templates.get(ctx, id)) is None:
        raise errors.ResourceNotFoundException(kind="Experiment template", id=id)
    return found


def experiment(ctx: Context, id: str) -> Experiment:
    """Raises: ResourceNotFoundException."""
    if (found := experiments.get(ctx, id)) is None:
        raise errors.ResourceNotFoundException(kind="Experiment", id=id)
    return found


def configuration(ctx: Context, owner: str, account: str) -> AccountConfiguration:
    """Of a template or an experiment. Raises: ResourceNotFoundException."""
    if (found := configurations.get(ctx, owner, account)) is None:
        raise errors.ResourceNotFoundException(kind="Target account configuration", id=account)
    return found
