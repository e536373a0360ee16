"""Alarms on several time series: each series ("contributor") has a state of its own, ALARM or OK, and one in ALARM is
enough for the alarm to be so.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/multi-time-series-alarm.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from hodei.engines.metricmath import insights
from hodei.engines.metricmath.expressions import Malformed
from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.cloudwatch import errors
from hodei.services.cloudwatch.alarms import actions, history, messages, transitions, verdict
from hodei.services.cloudwatch.alarms.verdict import Verdict
from hodei.services.cloudwatch.alarms.windows import muted
from hodei.services.cloudwatch.data.listing import page_after
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import ALARM, OK, Alarm, Contributor, Wire, alarms, contributors

MOST = 100  # "will limit the number of contributors in ALARM to 100"
PAGE = 50
Attributes = Mapping[str, str]


def several(given: Wire) -> bool:
    """Whether an alarm watches each of the groups of a Metrics Insights query."""
    return any(_grouped(query.get("Expression", "")) for query in given.get("Metrics", ()))


def _grouped(expression: str) -> bool:
    if not insights.is_query(expression):
        return False
    try:
        return bool(insights.parse(expression).group)
    except Malformed:
        return False


def settle(ctx: Context, alarm: Alarm, judged: Iterable[tuple[Attributes, Verdict]], silent: Verdict) -> None:
    """Give the time series that have data, and the alarm with them, their states. `silent` is the verdict on a series
    without data: it holds for those that had some while they went into ALARM, and for the alarm where there is none."""
    known = {one.id: one for one in contributors.scan(ctx, alarm.name)}
    found = {_id(ctx, alarm, attributes): (attributes, one) for attributes, one in judged}
    gone = {id: (one.attributes, silent) for id, one in known.items() if id not in found}
    alarming = [id for id, (_, one) in (found | gone).items() if one.state == ALARM or (not one.state and id in known)]
    kept = sorted(alarming, key=lambda id: id not in known)[:MOST]
    for id in sorted(known.keys() ^ set(kept)):
        attributes, one = (found | gone)[id]
        changed = Contributor(
            alarm=alarm.name,
            id=id,
            attributes=dict(attributes),
            reason=_reason(alarm, one),
            transitioned=ctx.now,
        )
        _change(ctx, alarm, changed, OK if id in known else ALARM)
    _settle_alarm(ctx, alarm, len(alarming), len(found.keys() | set(alarming)), silent)


def _settle_alarm(ctx: Context, alarm: Alarm, alarming: int, total: int, silent: Verdict) -> None:
    state, reason = ALARM if alarming else OK, f"{alarming} out of {total} time series evaluated to ALARM"
    if alarming > MOST:
        reason = f"{MOST}+ time series evaluated to ALARM"
    if not total:
        if silent.state is None:
            return
        state, reason = silent.state, _reason(alarm, silent)
    if (state, reason) != (alarm.state, alarm.reason):
        transitions.change(ctx, alarm, state, reason, None)


def _id(ctx: Context, alarm: Alarm, attributes: Attributes) -> str:
    """The same for as long as the alarm has its name."""
    named = json.dumps([messages.arn(ctx, alarm.name), sorted(attributes.items())])
    return hashlib.blake2b(named.encode(), digest_size=8).hexdigest()


def _reason(alarm: Alarm, judged: Verdict) -> str:
    given = alarm.given
    if judged.evaluated:
        return verdict.explain_briefly(judged, given["ComparisonOperator"], given.get("Threshold"))
    missing = str(given.get("TreatMissingData", verdict.MISSING))
    return verdict.explain(
        judged, given["ComparisonOperator"], None, periods=given["EvaluationPeriods"], to_alarm=1, missing=missing
    )


def _change(ctx: Context, alarm: Alarm, one: Contributor, state: str) -> None:
    """A time series has another state: history, event, actions."""
    if state == ALARM:
        contributors.put(ctx, one)
    else:
        contributors.delete(ctx, alarm.name, one.id)
    was = {"value": OK if state == ALARM else ALARM}
    seen = replace(
        alarm, state=state, reason=one.reason, reason_data=None, state_updated=ctx.now, previous=was, suppressed_by=None
    )
    data = {"newState": {"stateValue": state, "stateReason": one.reason}}
    history.add(ctx, seen, "AlarmContributorStateUpdate", f"Alarm contributor updated to {state}", data, one)
    ctx.emit(
        "CloudWatch Alarm Contributor State Change", messages.event(ctx, seen, one), (messages.arn(ctx, alarm.name),)
    )
    if not muted(ctx, alarm.name):
        actions.run(ctx, seen, one)


def forget(ctx: Context, name: str) -> None:
    """Those of an alarm that is deleted, or asks something else."""
    for one in list(contributors.scan(ctx, name)):
        contributors.delete(ctx, name, one.id)


@cloudwatch.operation("DescribeAlarmContributors")
def describe_alarm_contributors(ctx: Context, *, AlarmName: str, NextToken: str = "") -> dict[str, Any]:
    """Those that are in ALARM."""
    if alarms.get(ctx, AlarmName) is None:
        raise errors.ResourceNotFoundException(reason=f"The alarm {AlarmName} does not exist.")
    found = contributors.scan(ctx, AlarmName, after=page_after(ctx, NextToken))
    page, token = pages.cut(ctx, found, PAGE, lambda one: (one.id,))
    described = [
        {
            "ContributorId": one.id,
            "ContributorAttributes": one.attributes,
            "StateReason": one.reason,
            "StateTransitionedTimestamp": datetime.fromtimestamp(one.transitioned, UTC),
        }
        for one in page
    ]
    return {"AlarmContributors": described} | ({"NextToken": token} if token else {})
