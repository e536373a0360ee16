"""The tracing header: it goes with all that one request leads to, and so tells of functions that invoke themselves.

https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html

A function has it in a variable of its environment, from which SDKs send it with every call. In AWS's invocations it
reads `Root=1-69963f09-0d53825959fc8b6738f20936;Parent=60d5b6543333d209;Sampled=0;Lineage=1:e547cb94:0`. Of the lineage
AWS says nothing; here it is how many invokes there have been, and for each function (a digest of its ARN) how often it
was invoked again: 3:e547cb94:1|0c5d1f2a:0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors
from hodei.services.lambda_.invoking import measures
from hodei.services.lambda_.state import Version, functions

MOST = 16  # invokes of a function in one chain
LONGEST = 50  # functions of a chain that are kept account of
SHARE = 0.05  # of the requests that are sampled besides the first of each second


class Trace(NamedTuple):
    """`again` is how often functions were invoked again, by the digests of their ARNs, the latest last."""

    root: str
    parent: str
    sampled: str
    invokes: int
    again: Mapping[str, int]

    def __str__(self) -> str:
        again = "|".join(f"{function}:{count}" for function, count in self.again.items())
        return f"Root={self.root};Parent={self.parent};Sampled={self.sampled};Lineage={self.invokes}:{again}"


class Sampled:
    """When a request to a function was last sampled, by its ARN."""

    def __init__(self) -> None:
        self.seconds: dict[str, int] = {}

    def forget(self) -> None:
        self.seconds.clear()


def read(header: str) -> Trace:
    """What a header says, as far as it says anything that can be read."""
    parts = dict(part.strip().partition("=")[::2] for part in unquote(header).split(";"))
    invokes, _, again = parts.get("Lineage", "").partition(":")
    counts = {function: int(count) for function, _, count in _pairs(again) if count.isdecimal()}
    return Trace(
        root=parts.get("Root", ""),
        parent=parts.get("Parent", ""),
        sampled=parts.get("Sampled", ""),
        invokes=int(invokes) if invokes.isdecimal() else 0,
        again=counts,
    )


def deepest(headers: Iterable[str]) -> str:
    """Of the headers of a batch's events the one with the longest chain behind it."""
    return max(headers, key=lambda header: read(header).invokes, default="")


def _pairs(again: str) -> list[tuple[str, str, str]]:
    return [one.partition(":") for one in again.split("|")]


def entered(ctx: Context, version: Version, qualifier: str, header: str) -> Trace:
    """The trace of an invoke that has come with a header ("" if with none).

    Raises: RecursiveInvocationException for a function that has invoked itself too often, by whatever detours.
    """
    before, arn = read(header), ctx.arn(f"function:{version.function}")
    if runs_in_a_loop(ctx, version, before):
        measures.count(ctx, version, qualifier, "RecursiveInvocationsDropped")
        raise errors.RecursiveInvocationException()
    digest = _digest(arn)
    others = {function: count for function, count in before.again.items() if function != digest}
    kept = list(others.items())[1 - LONGEST :]
    active = version.tracing == "Active"
    return Trace(
        root=before.root or f"1-{int(ctx.now):08x}-{ctx.ids.hex(24)}",
        parent=ctx.ids.hex(16) if active or not before.parent else before.parent,
        sampled=before.sampled if before.sampled in ("0", "1") else _sampled(ctx, arn, active=active),
        invokes=before.invokes + 1,
        again=dict([*kept, (digest, before.again.get(digest, -1) + 1)]),
    )


def runs_in_a_loop(ctx: Context, version: Version, trace: Trace) -> bool:
    """Whether a function is not to be invoked once more in this chain."""
    if trace.again.get(_digest(ctx.arn(f"function:{version.function}")), -1) < MOST - 1:
        return False
    function = functions.get(ctx, version.function)
    return function is None or function.recursion != "Allow"


def _digest(arn: str) -> str:
    return hashlib.sha256(arn.encode()).hexdigest()[:8]


def _sampled(ctx: Context, arn: str, *, active: bool) -> str:
    """By X-Ray's default rule, of functions that trace actively."""
    seconds, now = ctx.world.memory(Sampled).seconds, int(ctx.now)
    if not active or (seconds.get(arn) == now and ctx.ids.random() >= SHARE):
        return "0"
    seconds[arn] = now
    return "1"
