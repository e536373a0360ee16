"""Dashboards. They are the account's, in all regions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hodei.kernel import pages
from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.services.cloudwatch import errors, tagging
from hodei.services.cloudwatch.dashboards import bodies
from hodei.services.cloudwatch.data.listing import page_after
from hodei.services.cloudwatch.rules import invalid
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import Dashboard, dashboards

PAGE = 1000
NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


@cloudwatch.operation("PutDashboard")
def put_dashboard(
    ctx: Context, *, DashboardName: str, DashboardBody: str, Tags: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    if not NAME.fullmatch(DashboardName):
        raise invalid(
            f"The value {DashboardName} for field DashboardName contains invalid characters. It can only contain "
            "alphanumerics, dash (-) and underscore (_).\n"
        )
    warnings = bodies.check(DashboardBody)
    if dashboards.get(ctx, DashboardName) is None:
        tagging.add(ctx, _arn(ctx, DashboardName), Tags)
    dashboards.put(ctx, Dashboard(name=DashboardName, body=DashboardBody, modified=ctx.now))
    return {"DashboardValidationMessages": warnings}


@cloudwatch.operation("GetDashboard")
def get_dashboard(ctx: Context, *, DashboardName: str) -> dict[str, Any]:
    dashboard = _find(ctx, DashboardName)
    return {
        "DashboardArn": _arn(ctx, DashboardName),
        "DashboardBody": dashboard.body,
        "DashboardName": DashboardName,
    }


@cloudwatch.operation("ListDashboards")
def list_dashboards(ctx: Context, *, DashboardNamePrefix: str = "", NextToken: str = "") -> dict[str, Any]:
    after = page_after(ctx, NextToken)
    found = (one for one in dashboards.scan(ctx, after=after) if one.name.startswith(DashboardNamePrefix))
    page, token = pages.cut(ctx, found, PAGE, lambda one: (one.name,))
    entries = [
        {
            "DashboardName": one.name,
            "DashboardArn": _arn(ctx, one.name),
            "LastModified": datetime.fromtimestamp(one.modified, UTC),
            "Size": len(one.body.encode()),
        }
        for one in page
    ]
    return {"DashboardEntries": entries} | ({"NextToken": token} if token else {})


@cloudwatch.operation("DeleteDashboards")
def delete_dashboards(ctx: Context, *, DashboardNames: Sequence[str]) -> dict[str, Any]:
    """All of them or, if one is not there, none."""
    for name in DashboardNames:
        _find(ctx, name)
    for name in DashboardNames:
        dashboards.delete(ctx, name)
        ctx.tags.set(ctx, _arn(ctx, name), {})
    return {}


def _find(ctx: Context, name: str) -> Dashboard:
    if (found := dashboards.get(ctx, name)) is None:
        raise errors.DashboardNotFound(name=name)
    return found


def _arn(ctx: Context, name: str) -> str:
    return f"arn:{partition_of(ctx.region)}:cloudwatch::{ctx.account}:dashboard/{name}"
