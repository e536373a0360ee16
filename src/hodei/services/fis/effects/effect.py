"""What an action does to its targets, and takes back when it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hodei.kernel.context import Context, Principal
from hodei.kernel.deliver import insist
from hodei.services.fis.find import experiment_arn
from hodei.services.fis.state import Resource, Wire


class Failure(Exception):
    """Why an experiment fails: `code` is of AWS's list of error codes.

    https://docs.aws.amazon.com/fis/latest/userguide/troubleshooting.html
    """

    def __init__(self, code: str, reason: str, account: str = "", location: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.account = account
        self.location = location  # in the template


@dataclass
class Run:
    """An action of an experiment with all that its effect needs.

    `callers` are the roles to act as, by account. `undo` is what `note` has kept of what has to be taken back.
    """

    ctx: Context
    experiment: str
    name: str
    action: str  # its id
    parameters: Mapping[str, str]
    targets: list[Resource]
    until: float
    callers: Mapping[str, Principal]
    keep: Callable[[Wire], None]
    undo: Wire = field(default_factory=dict)

    @property
    def by(self) -> str:
        """What the action goes by, where two of an experiment are about one resource."""
        return f"{self.arn}/{self.name}"

    @property
    def arn(self) -> str:
        return experiment_arn(self.ctx, self.experiment)

    def note(self, undo: Wire) -> None:
        """Keep what has to be taken back; before it is done, where doing it may be broken off."""
        self.undo = undo
        self.keep(undo)

    def acting(self, account: str) -> Context:
        """This place in an account as the experiment's role there sees it. Raises: Failure, where it has none."""
        if account not in self.callers:
            raise Failure("AuthorizationFailure", "The role of the experiment cannot be assumed any more.", account)
        return self.ctx.at(account=account).by(self.callers[account])

    async def call(self, account: str, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """Raises: Failure, AwsError."""
        return await insist(self.acting(account), service, operation, **params)


class Effect:
    """That of waiting: none."""

    def problem(self, ctx: Context, parameters: Mapping[str, str]) -> str:
        """What is wrong with the parameters of an action of a template; "": nothing."""
        return ""

    async def begin(self, run: Run) -> None:
        """May come twice. Raises: Failure, AwsError."""

    async def end(self, run: Run) -> None:
        """Also of what has begun by half. Raises: Failure, AwsError."""
