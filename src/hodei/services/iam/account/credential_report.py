"""The credential report: the state of every user's credentials, as CSV. One that is not four hours old is given again.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hodei.kernel.context import Context
from hodei.services.iam import errors, uses
from hodei.services.iam.account.state import Report, reports
from hodei.services.iam.credentials.state import (
    LoginProfile,
    access_keys,
    login_profiles,
    mfa_devices,
    password_policies,
    signing_certificates,
)
from hodei.services.iam.service import iam
from hodei.services.iam.state import User, arn_of, users

FRESH = 4 * 3600.0
DAY = 86400.0
NONE, UNKNOWN, UNSUPPORTED = "N/A", "no_information", "not_supported"
COLUMNS = [
    "user", "arn", "user_creation_time",
    "password_enabled", "password_last_used", "password_last_changed", "password_next_rotation", "mfa_active",
    "access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date",
    "access_key_1_last_used_region", "access_key_1_last_used_service",
    "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date",
    "access_key_2_last_used_region", "access_key_2_last_used_service",
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
]  # fmt: skip


@iam.operation("GenerateCredentialReport")
def generate_credential_report(ctx: Context) -> dict[str, Any]:
    report = reports.get(ctx, ctx.account)
    if report and report.made + FRESH > ctx.now:
        return {"State": "COMPLETE"}
    made = Report(account=ctx.account, made=ctx.now, content=_content(ctx))
    reports.put(ctx, made)
    return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}


@iam.operation("GetCredentialReport")
def get_credential_report(ctx: Context) -> dict[str, Any]:
    if (report := reports.get(ctx, ctx.account)) is None:
        raise errors.CredentialReportNotPresent()
    if report.made + FRESH <= ctx.now:
        raise errors.CredentialReportExpired()
    return {"Content": report.content.encode(), "ReportFormat": "text/csv", "GeneratedTime": report.made}


def _content(ctx: Context) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerow(["<root_account>", arn_of(ctx, "root"), UNKNOWN, *_root_password(ctx), *_keys(ctx, ctx.account)])
    for user in users.by("names", ctx):
        rows.writerow([user.name, user.arn(ctx), _time(user.created), *_password(ctx, user), *_keys(ctx, user.id)])
    return out.getvalue().removesuffix("\n")


def _root_password(ctx: Context) -> list[str]:
    return [UNSUPPORTED, UNKNOWN, UNSUPPORTED, UNSUPPORTED, _mfa(ctx, ctx.account)]


def _password(ctx: Context, user: User) -> list[str]:
    mfa = _mfa(ctx, user.id)
    if (profile := login_profiles.get(ctx, user.id)) is None:
        return ["false", NONE, NONE, NONE, mfa]
    return ["true", UNKNOWN, _time(profile.changed), _rotation(ctx, profile), mfa]


def _mfa(ctx: Context, owner: str) -> str:
    return _boolean(mfa_devices.count(ctx, owner, index="owners") > 0)


def _rotation(ctx: Context, profile: LoginProfile) -> str:
    policy = password_policies.get(ctx, ctx.account)
    return _time(profile.changed + policy.age * DAY) if policy and policy.age else NONE


def _keys(ctx: Context, owner: str) -> Iterator[str]:
    """The columns of access keys and signing certificates, two of each."""
    keys = sorted(access_keys.scan(ctx, owner), key=lambda key: key.created)
    for place in range(2):
        if place >= len(keys):
            yield from ("false", NONE, NONE, NONE, NONE)
            continue
        use = uses.of_key(ctx, keys[place].id)
        yield from (_boolean(keys[place].active), _time(keys[place].created))
        yield from (_time(use.at), use.region, uses.namespace(use.service)) if use else (NONE, NONE, NONE)
    certificates = sorted(signing_certificates.scan(ctx, owner), key=lambda one: one.uploaded)
    for place in range(2):
        if place >= len(certificates):
            yield from ("false", NONE)
        else:
            yield from (_boolean(certificates[place].active), _time(certificates[place].uploaded))


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
