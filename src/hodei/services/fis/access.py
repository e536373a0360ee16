"""Which resources requests are about, as permissions name them. What is yet to be made has no id: "*"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.services.fis.service import fis

Params = Mapping[str, Any]


@fis.finds("action")
def actions(ctx: Context, params: Params) -> Iterator[str]:
    yield from _tagged(params, "action")
    if ctx.operation == "GetAction":
        yield params["id"]
    for action in params.get("actions", {}).values():
        if "actionId" in action:
            yield action["actionId"]


@fis.finds("experiment-template")
def templates(ctx: Context, params: Params) -> Iterator[str]:
    yield from _tagged(params, "experiment-template")
    if ctx.operation == "CreateExperimentTemplate":
        yield "*"
    elif named := params.get("experimentTemplateId", params.get("id")):
        yield named


@fis.finds("experiment")
def experiments(ctx: Context, params: Params) -> Iterator[str]:
    yield from _tagged(params, "experiment")
    if ctx.operation == "StartExperiment":
        yield "*"
    elif named := params.get("experimentId", params.get("id")):
        yield named


@fis.finds("safety-lever")
def levers(ctx: Context, params: Params) -> Iterator[str]:
    yield params["id"]


def _tagged(params: Params, kind: str) -> Iterator[str]:
    if (arn := params.get("resourceArn", "")).split(":")[-1].startswith(f"{kind}/") or f":{kind}/" in arn:
        yield arn
