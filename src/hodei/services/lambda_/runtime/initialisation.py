"""The Init phase of an environment as its journal has it, and what follows a snapshot.

AWS takes a SnapStart function's snapshot when a version is published, and goes on from it in each environment. Here the
runtime goes on at once, in the environment in which it has begun: its hooks run, and its code sees the same.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from hodei.kernel.clock import ticks
from hodei.services.lambda_.runtime.apis.extensions import Extensions
from hodei.services.lambda_.runtime.deployment import SNAP_START, Deployment
from hodei.services.lambda_.runtime.journal import Journal, milliseconds

Status = Mapping[str, str]  # as records have it
SUCCESS: Status = {"status": "success"}


class Initialisation:
    """One that begins now; `phase` is "invoke" where the first one had failed. `label` names the runtime."""

    def __init__(self, deployment: Deployment, journal: Journal, phase: str, label: str) -> None:
        self._journal = journal
        self._how = {"initializationType": deployment.initialization, "phase": phase}
        self._version = {"runtimeVersion": label} if label else {}
        self._snapped = deployment.initialization == SNAP_START
        self._loop = asyncio.get_running_loop()
        self.began = ticks()
        self.seconds: float | None = None
        self.restore_seconds: float | None = None
        self.over = False
        journal.platform("initStart", {**self._how, **self._version})

    def snapshot(self, extensions: Extensions) -> bool:
        """The runtime is ready for its snapshot. False if there is none to be taken now."""
        if not self._snapped or self.seconds is not None:
            return False
        self._initialised(extensions, SUCCESS)
        self._journal.platform("restoreStart", self._version)
        return True

    def end(self, extensions: Extensions, status: Status) -> None:
        if self.seconds is None:
            self._initialised(extensions, status)
        else:
            self.restore_seconds = ticks() - self.began - self.seconds
            metrics = {"metrics": {"durationMs": milliseconds(self.restore_seconds)}}
            self._journal.platform("restoreRuntimeDone", status)
            self._journal.platform("restoreReport", {**status, **metrics})
        self.over = True

    def _initialised(self, extensions: Extensions, status: Status) -> None:
        self.seconds = ticks() - self.began
        metrics = {"metrics": {"durationMs": milliseconds(self.seconds)}}
        self._journal.platform("initRuntimeDone", {**self._how, **status})
        extensions.tell_of_initialisation()
        self._journal.platform("initReport", {**self._how, **metrics, **status})
