"""How experiments go on: a durable timer drives each of them from one change to the next.

Who drives does so in the background, because what an action does may have to wait. With every step the experiment is
leased to the driver for some more seconds; at their end the timer takes over with a new `turn`, so an experiment goes
on after a restart. Where nothing is to be done the timer is for when the next action ends by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress

from msgspec.structs import replace

from hodei.kernel.bus import Event
from hodei.kernel.context import Context, Principal
from hodei.kernel.errors import AwsError
from hodei.services.fis import conditions, durations, effects, logs, roles, targets
from hodei.services.fis.catalogue import catalogue
from hodei.services.fis.effects.effect import Failure, Run
from hodei.services.fis.find import experiment_arn
from hodei.services.fis.service import fis
from hodei.services.fis.state import Action, Experiment, Wire, configurations, experiments, log_records

TIMER, FORGET = "drive", "forget"
LEASE = 10.0  # seconds
DAY = 86400.0
MINUTE = 60.0
LONGEST_REASON = 512

Callers = Mapping[str, Principal]


class Superseded(Exception):
    """Another drives."""


@fis.timer(TIMER)
def drive(ctx: Context, id: str) -> None:
    experiment = experiments.get(ctx, id)
    if experiment is None or experiment.over:
        return
    ctx.timers.spawn(_go_on(ctx, _leased(ctx, replace(experiment, turn=experiment.turn + 1))))


@fis.timer(FORGET)
def forget(ctx: Context, id: str) -> None:
    experiments.delete(ctx, id)
    configurations.delete_all(ctx, id)
    log_records.delete_all(ctx, id)
    ctx.tags.set(ctx, experiment_arn(ctx, id), {})


def turned(ctx: Context, experiment: Experiment, status: str, reason: str) -> Experiment:
    """The experiment in another state, of which events tell."""
    reason = reason[:LONGEST_REASON]
    detail = {
        "experiment-id": experiment.id,
        "experiment-template-id": experiment.template,
        "new-state": {"status": status, "reason": reason},
        "old-state": {"status": experiment.status, "reason": experiment.reason},
    }
    ctx.emit("FIS Experiment State Change", detail, (experiment_arn(ctx, experiment.id),))
    return replace(experiment, status=status, reason=reason)


def stop(ctx: Context, experiment: Experiment, reason: str) -> Experiment:
    """Have it stopped, at once but not here: by who drives it, if somebody does."""
    stopping = turned(ctx, experiment, "stopping", reason)
    experiments.put(ctx, stopping, old=experiment)
    if experiment.lease <= ctx.now:
        ctx.timers.set(ctx, TIMER, ctx.now, experiment.id)
    return stopping


@fis.listens("aws.cloudwatch")
def alarmed(ctx: Context, event: Event) -> None:
    """An alarm has gone off: stop the experiments that it is a stop condition of."""
    if event.detail.get("state", {}).get("value") != "ALARM":
        return
    for experiment in list(experiments.by("active", ctx)):
        if experiment.status != "stopping" and not {*event.resources}.isdisjoint(conditions.alarms(experiment)):
            stop(ctx, experiment, conditions.REASON)


def ended(ctx: Context, experiment: Experiment, status: str, reason: str) -> Experiment:
    """The experiment at its end; it is forgotten some months later."""
    over = replace(turned(ctx, experiment, status, reason), active=None, ended=ctx.now)
    ctx.timers.cancel(ctx, TIMER, experiment.id)
    ctx.timers.set(ctx, FORGET, ctx.now + ctx.quota("retention-days") * DAY, experiment.id)
    logs.finish(ctx, over)
    _bill(ctx, over)
    return over


def _bill(ctx: Context, experiment: Experiment) -> None:
    """Minutes that actions have run, in each account."""
    accounts = configurations.count(ctx, experiment.id) if experiment.accounts == "multi-account" else 1
    for action in experiment.actions.values():
        if minutes := math.ceil(((action.ended or ctx.now) - action.started) / MINUTE) if action.started else 0:
            ctx.meter("action-minutes", minutes * accounts, experiment_arn(ctx, experiment.id))


def _leased(ctx: Context, experiment: Experiment) -> Experiment:
    leased = replace(experiment, lease=ctx.now + LEASE)
    experiments.put(ctx, leased)
    ctx.timers.set(ctx, TIMER, leased.lease, experiment.id)
    return leased


async def _go_on(ctx: Context, experiment: Experiment) -> None:
    try:
        await _Driver(ctx, experiment).drive()
    except Superseded:
        return


class _Driver:
    """One turn of an experiment."""

    def __init__(self, ctx: Context, experiment: Experiment) -> None:
        self.ctx = ctx
        self.experiment = experiment
        self.callers: Callers = {}
        self.failure: Wire = {}

    async def drive(self) -> None:
        try:
            own = roles.own(self.ctx, self.experiment)
            if self.experiment.status == "initiating":
                await logs.begin(self.ctx, self.experiment, own)
            self.callers = roles.callers(self.ctx, self.experiment, own)
            if self.experiment.status == "initiating":
                await self._begin()
        except Failure as failure:
            self._failed(failure, "")
        while not self.failure and self.experiment.status == "running" and await self._step():
            pass
        if self.failure or self.experiment.status == "stopping":
            await self._halt()
        elif not self.experiment.over:
            self._wait()

    def _keep(self, experiment: Experiment) -> None:
        """One that is to be stopped since stays so. Raises: Superseded."""
        stored = experiments.get(self.ctx, experiment.id)
        if stored is None or stored.turn != experiment.turn:
            raise Superseded
        if stored.status == "stopping":
            experiment = replace(experiment, status=stored.status, reason=stored.reason)
        self.experiment = _leased(self.ctx, experiment)

    def _over(self, experiment: Experiment) -> None:
        experiments.put(self.ctx, experiment)
        self.experiment = experiment

    def _set(self, name: str, **changes: object) -> None:
        """Change an action."""
        actions = self.experiment.actions
        self._keep(replace(self.experiment, actions={**actions, name: replace(actions[name], **changes)}))

    async def _begin(self) -> None:
        resolved = await targets.resolve(self.ctx, self.experiment, self.callers)
        for name, found in resolved.items():
            logs.note_resolved(self.ctx, self.experiment, name, found, list(self.callers))
        self._keep(replace(self.experiment, resolved=resolved))
        if self.experiment.status == "initiating":
            if conditions.met(self.ctx, self.experiment):
                self._keep(turned(self.ctx, self.experiment, "stopping", conditions.REASON))
            else:
                self._keep(turned(self.ctx, self.experiment, "running", "Experiment is running."))

    async def _step(self) -> bool:
        """End the actions whose time is over, begin those whose turn it is; whether anything was done."""
        actions = self.experiment.actions
        for name, action in actions.items():
            if action.status == "running" and action.until <= self.ctx.now:
                await self._end(name, "completed", "Action was completed.")
                return True
        for name, action in actions.items():
            before = [actions[other] for other in action.given.get("startAfter", ())]
            if action.status in ("pending", "initiating") and all(one.over for one in before):
                await self._start(name)
                return True
        if all(action.over for action in actions.values()):
            self._over(ended(self.ctx, self.experiment, "completed", "Experiment completed."))
        return False

    async def _start(self, name: str) -> None:
        action = self.experiment.actions[name]
        if skipped := self._skipped(action):
            self._set(name, status="skipped", reason=skipped)
            return
        if action.status == "pending":
            length = durations.seconds(action.given["parameters"]["duration"]) or 0.0
            now = self.ctx.now
            self._set(name, status="initiating", reason="Action is initiating.", started=now, until=now + length)
            logs.note_start(self.ctx, self.experiment, name)
        run = self._run(name)
        effect = effects.of(run.action)
        try:
            self._check_quota(run)
            await effect.begin(run)
            self._set(name, status="running", reason="Action is running.")
        except (Failure, AwsError) as error:
            with suppress(Failure, AwsError):
                await effect.end(run)  # of what it has done by half
            self._failed(error, name)

    def _check_quota(self, run: Run) -> None:
        """Raises: Failure where an action has more targets than it may have."""
        quota = catalogue().actions[run.action].quota
        if quota and len(run.targets) > self.ctx.quota(quota):
            name = self.ctx.service.manifest.quotas[quota].name
            raise Failure("QuotaExceededFailure", f"The quota of {self.ctx.quota(quota):.0f} for {name} is exceeded.")

    def _skipped(self, action: Action) -> str:
        """Why an action is not to be done; "": it is."""
        if self.experiment.mode == "skip-all":
            return "Action was skipped because the actions mode of the experiment is skip-all."
        given = action.given.get("targets", {}).values()
        if any(not self.experiment.resolved[target] for target in given):
            return "Action was skipped because its target resolved to no resources."
        return ""

    async def _end(self, name: str, status: str, reason: str) -> None:
        action = self.experiment.actions[name]
        try:
            await effects.of(action.given["actionId"]).end(self._run(name))
            self._set(name, status=status, reason=reason, ended=self.ctx.now)
            logs.note_end(self.ctx, self.experiment, name)
        except (Failure, AwsError) as error:
            self._failed(error, name)

    def _run(self, name: str) -> Run:
        action = self.experiment.actions[name]
        given = action.given.get("targets", {}).values()
        return Run(
            ctx=self.ctx,
            experiment=self.experiment.id,
            name=name,
            action=action.given["actionId"],
            parameters=action.given.get("parameters", {}),
            targets=[one for target in given for one in self.experiment.resolved[target]],
            until=action.until,
            callers=self.callers,
            keep=lambda undo: self._set(name, undo=undo),
            undo=action.undo,
        )

    def _failed(self, error: Failure | AwsError, name: str) -> None:
        """The first failure is the experiment's; the action has failed in any case."""
        failure = error if isinstance(error, Failure) else _of_service(error)
        account = failure.account or self.ctx.account
        if name:
            self._set(name, status="failed", reason=failure.reason[:LONGEST_REASON], ended=self.ctx.now)
            logs.note_error(self.ctx, self.experiment, name, account)
            logs.note_end(self.ctx, self.experiment, name)
        self.failure = self.failure or {
            "accountId": account,
            "code": failure.code,
            "location": failure.location or (f"actions/{name}" if name else "experiment"),
            "reason": failure.reason,
        }

    async def _halt(self) -> None:
        """Take back what is going on, drop what has not begun."""
        for name, action in self.experiment.actions.items():
            if action.status in ("initiating", "running"):
                await self._end(name, "stopped", "Action was stopped.")
            elif action.status == "pending":
                self._set(name, status="cancelled", reason="Action was cancelled.")
        if self.failure:
            reason = self.failure.pop("reason")
            self._over(replace(ended(self.ctx, self.experiment, "failed", reason), error=self.failure))
        else:
            self._over(ended(self.ctx, self.experiment, "stopped", self.experiment.reason))

    def _wait(self) -> None:
        """Until the next action ends."""
        experiments.put(self.ctx, replace(self.experiment, lease=0.0))
        due = min(action.until for action in self.experiment.actions.values() if action.status == "running")
        self.ctx.timers.set(self.ctx, TIMER, due, self.experiment.id)


def _of_service(error: AwsError) -> Failure:
    """Of what a service has refused."""
    if error.code.startswith("AccessDenied"):
        return Failure("AuthorizationFailure", error.message)
    if error.code in ("ResourceNotFoundException", "NoSuchBucket", "NoSuchEntity"):
        return Failure("InvalidTarget", error.message)
    return Failure("DependentServiceFailure", error.message)
