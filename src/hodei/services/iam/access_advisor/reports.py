"""The access advisor: which services someone may use, and when that was last done.

A report is there at once. It knows of no action that policies do not, and of actions on data only their service.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam.record import identity_of
from hodei.kernel.ledger.audit import audited
from hodei.kernel.ledger.uses import Use
from hodei.services.iam import errors, pages, uses
from hodei.services.iam.access_advisor import namespaces, subjects
from hodei.services.iam.access_advisor.state import Access, Party, Report, reports
from hodei.services.iam.service import iam

SERVICES, ACTIONS = "SERVICE_LEVEL", "ACTION_LEVEL"


@iam.operation("GenerateServiceLastAccessedDetails")
def generate_service_last_accessed_details(ctx: Context, *, Arn: str, Granularity: str = SERVICES) -> dict[str, Any]:
    subject = subjects.read(ctx, Arn)
    granted = namespaces.granted(subject.documents)
    found = [use for party in subject.parties for use in uses.of(ctx, party.arn)]
    relevant = [use for use in found if uses.namespace(use.service) in granted]
    report = Report(
        id=ctx.ids.uuid(),
        caller=identity_of(ctx.principal),
        granularity=Granularity,
        made=ctx.now,
        granted=granted,
        parties=tuple(subject.parties),
        services=_latest(_access(use) for use in relevant),
        actions=_latest(_access(use, tracked=True) for use in relevant if _is_tracked(use))
        if Granularity == ACTIONS
        else (),
    )
    reports.put(ctx, report)
    return {"JobId": report.id}


@iam.operation("GetServiceLastAccessedDetails")
def get_service_last_accessed_details(
    ctx: Context, *, JobId: str, MaxItems: int = pages.MOST, Marker: str = ""
) -> dict[str, Any]:
    report = _find(ctx, JobId)
    last = pages.after(ctx, Marker)
    left = (one for one in report.granted if last is None or one > last[0])
    page, rest = pages.cut(ctx, left, MaxItems, lambda one: (one,))
    shown = [_service(report, one) for one in page]
    return {**_job(report), "JobType": report.granularity, "ServicesLastAccessed": shown, **rest}


@iam.operation("GetServiceLastAccessedDetailsWithEntities")
def get_service_last_accessed_details_with_entities(
    ctx: Context, *, JobId: str, ServiceNamespace: str, MaxItems: int = pages.MOST, Marker: str = ""
) -> dict[str, Any]:
    """The latest first; those that never used the service come last."""
    report = _find(ctx, JobId)
    when = {one.party: one.at for one in report.services if one.namespace == ServiceNamespace}
    ordered = sorted(report.parties, key=lambda one: (-when.get(one.arn, 0.0), one.arn))
    start = pages.after(ctx, Marker)
    places = range(start[0] + 1 if start else 0, len(ordered))
    page, rest = pages.cut(ctx, places, MaxItems, lambda place: (place,))
    shown = [_entity(ordered[place], when.get(ordered[place].arn)) for place in page]
    return {**_job(report), "EntityDetailsList": shown, **rest}


def _find(ctx: Context, id: str) -> Report:
    """A report that the caller has asked for, be it in another session."""
    report = reports.get(ctx, id)
    if report is None or report.caller != identity_of(ctx.principal):
        raise errors.NoSuchEntity(what=f"The report with job id {id}")
    return report


def _access(use: Use, *, tracked: bool = False) -> Access:
    action = uses.action(use.service, use.operation) if tracked else ""
    return Access(
        party=use.identity, namespace=uses.namespace(use.service), region=use.region, at=use.at, action=action
    )


def _is_tracked(use: Use) -> bool:
    return not audited(use.service, use.operation).data


def _latest(found: Iterable[Access]) -> tuple[Access, ...]:
    """Of each party, service and action one."""
    latest: dict[tuple[str, str, str], Access] = {}
    for one in found:
        key = (one.party, one.namespace, one.action)
        if key not in latest or latest[key].at < one.at:
            latest[key] = one
    return tuple(latest.values())


def _job(report: Report) -> dict[str, Any]:
    return {"JobStatus": "COMPLETED", "JobCreationDate": report.made, "JobCompletionDate": report.made}


def _service(report: Report, namespace: str) -> dict[str, Any]:
    found = [one for one in report.services if one.namespace == namespace]
    view: dict[str, Any] = {
        "ServiceName": namespaces.title(namespace),
        "ServiceNamespace": namespace,
        "TotalAuthenticatedEntities": len(found),
    }
    if found:
        last = max(found, key=lambda one: one.at)
        view |= {
            "LastAuthenticated": last.at,
            "LastAuthenticatedEntity": last.party,
            "LastAuthenticatedRegion": last.region,
        }
    if actions := [one for one in report.actions if one.namespace == namespace]:
        view["TrackedActionsLastAccessed"] = [_action(one) for one in _of_each(actions)]
    return view


def _of_each(actions: Sequence[Access]) -> list[Access]:
    """The last use of each action, by their names."""
    ordered = sorted(actions, key=lambda one: one.at)
    return sorted({one.action: one for one in ordered}.values(), key=lambda one: one.action)


def _action(one: Access) -> dict[str, Any]:
    return {
        "ActionName": one.action,
        "LastAccessedEntity": one.party,
        "LastAccessedTime": one.at,
        "LastAccessedRegion": one.region,
    }


def _entity(party: Party, at: float | None) -> dict[str, Any]:
    info = {"Arn": party.arn, "Name": party.name, "Type": party.kind, "Id": party.id, "Path": party.path}
    return {"EntityInfo": info} | ({"LastAuthenticated": at} if at else {})
