"""What a server or an in-process transport serves: the pipeline of a world, with the local routes in front."""

from __future__ import annotations

from hodei.gateway.pipeline import Pipeline
from hodei.kernel.world import World


def make_app(world: World) -> Pipeline:
    return Pipeline(world)
