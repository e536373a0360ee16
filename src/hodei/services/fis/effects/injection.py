"""aws:fis:inject-api-*: calls in sessions of roles fail. The faults are the kernel's, which `hodei fault` lists too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from hodei.kernel.context import Context
from hodei.kernel.faults import Fault
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.needs import Need
from hodei.kernel.limits import throttled
from hodei.kernel.manifest import all_manifests
from hodei.kernel.service import Service, load_service
from hodei.services.fis.catalogue import catalogue
from hodei.services.fis.effects.effect import Effect, Run

SERVICES = ("ec2", "kinesis")  # whose calls AWS's FIS makes fail
INTERNAL = ("InternalServerError", "InternalServerException", "InternalFailureException", "InternalFailure")
UNAVAILABLE = ("ServiceUnavailableException", "ServiceUnavailable")


class Answer(NamedTuple):
    """An error as a service has it; `status` 0: as its model says."""

    code: str
    message: str
    status: int = 0


class Injection(Effect):
    def answer(self, service: Service) -> Answer:
        raise NotImplementedError

    def problem(self, ctx: Context, parameters: Mapping[str, str]) -> str:
        name, percentage = parameters["service"], parameters["percentage"]
        if name not in SERVICES and not ctx.setting("any-service"):
            return f"service must be one of {', '.join(SERVICES)}; the setting fis.any-service of Hodei allows others."
        if name not in all_manifests():
            return f"service {name} is not implemented by Hodei."
        if not percentage.isdecimal() or not 1 <= int(percentage) <= 100:
            return "percentage must be a number from 1 to 100."
        known = load_service(name).model.operations
        unknown = [operation for operation in operations(parameters) if operation not in known]
        return f"{name} has no operation {unknown[0]!r}." if unknown else ""

    async def begin(self, run: Run) -> None:
        if run.undo:
            return  # it had begun when the process ended: the faults are there
        self._check(run)
        answer = self.answer(run.ctx.world.service(run.parameters["service"]))
        lasts = run.until - run.ctx.now
        run.note({"faults": [run.ctx.world.faults.add(fault, lasts=lasts).id for fault in _faults(run, answer)]})

    async def end(self, run: Run) -> None:
        for id in run.undo.get("faults", ()):
            with suppress(KeyError):  # it has ended by itself, or somebody has removed it
                run.ctx.world.faults.remove(id)

    def _check(self, run: Run) -> None:
        """The permission is one on the experiment, whichever account that is in."""
        permission = catalogue().actions[run.action].permission
        for account in {target.account for target in run.targets}:
            asked = {
                "Service": run.parameters["service"],
                "Operations": operations(run.parameters),
                "Percentage": run.parameters["percentage"],
                "Targets": [target.arn for target in run.targets if target.account == account],
            }
            check(run.acting(account), [Need(permission, run.arn, asked, ResourcePolicy(account))], asked)


class InternalError(Injection):
    def answer(self, service: Service) -> Answer:
        message = "The request processing has failed because of an unknown error, exception or failure."
        if service.model.metadata["protocol"] in ("ec2", "rest-xml"):
            return Answer("InternalError", message, 500)
        return _modelled(service, INTERNAL, message)


class ThrottleError(Injection):
    def answer(self, service: Service) -> Answer:
        error = throttled(service)
        return Answer(error.code, error.message, error.status or 0)


class UnavailableError(Injection):
    def answer(self, service: Service) -> Answer:
        message = "The request has failed due to a temporary failure of the server."
        if service.model.metadata["protocol"] == "ec2":
            return Answer("Unavailable", message, 503)
        return _modelled(service, UNAVAILABLE, message)


def operations(parameters: Mapping[str, str]) -> list[str]:
    return parameters["operations"].split(",")


def _modelled(service: Service, codes: tuple[str, ...], message: str) -> Answer:
    """The first that the service's model has, else the last, which is common to all services."""
    return Answer(next((code for code in codes if service.model.error_shape(code)), codes[-1]), message)


def _faults(run: Run, answer: Answer) -> Iterator[Fault]:
    for target in run.targets:
        for operation in operations(run.parameters):
            yield Fault(
                service=run.parameters["service"],
                operation=operation,
                region=run.ctx.region,
                account=target.account,
                role=target.arn,
                error=answer.code,
                message=answer.message,
                status=answer.status,
                rate=int(run.parameters["percentage"]) / 100,
            )
