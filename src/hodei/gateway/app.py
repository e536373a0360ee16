"""What a server or an in-process transport serves: the pipeline of a world, with the local routes in front."""

from __future__ import annotations

from collections.abc import Callable

from hodei.gateway import admin, admin_bill, admin_faults, admin_iam, admin_tools, localstack  # noqa: F401  # their routes are admin's
from hodei.gateway.local import Local, LocalApp
from hodei.gateway.pipeline import Pipeline
from hodei.kernel.world import World


def make_app(world: World, *, stop: Callable[[], None] | None = None) -> Pipeline:
    """`stop` ends the process in which the world runs, where the admin API may ask for that."""
    local = LocalApp(Local(world, stop), {"_hodei": admin.routes, "_localstack": localstack.routes})
    return Pipeline(world, local=local)
