"""Who may do what with groups: policies name them with `:*` behind, as those of AWS do; services by resource policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, STREAM, refusal

pytestmark = pytest.mark.feature("logs.groups-streams")
ARN = "arn:aws:logs:us-east-1:000000000000:log-group:"


def user(cloud: Cloud, action: str, resource: str) -> Any:
    iam = cloud.client("iam")
    iam.create_user(UserName="u")
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    return cloud.client("logs", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [(f"{ARN}{GROUP}:*", True), (f"{ARN}{GROUP}:log-stream:{STREAM}", True), (f"{ARN}other:*", False)],
)
def test_policies_name_groups_and_streams(cloud: Cloud, logs: Any, put: Any, resource: str, allowed: bool) -> None:
    now = int(cloud.clock.now().timestamp() * 1000)
    params = {
        "logGroupName": GROUP, "logStreamName": STREAM, "logEvents": [{"timestamp": now, "message": "m"}],
    }  # fmt: skip
    them = user(cloud, "logs:PutLogEvents", resource)
    if allowed:
        them.put_log_events(**params)
    else:
        code, message = refusal(them.put_log_events, **params)
        assert code == "AccessDeniedException"
        assert f"logs:PutLogEvents on resource: {ARN}{GROUP}:log-stream:{STREAM}" in message


def test_all_groups_are_described_or_none(cloud: Cloud, logs: Any) -> None:
    them = user(cloud, "logs:DescribeLogGroups", f"{ARN}{GROUP}:*")
    assert f"{ARN}:log-stream:" in refusal(them.describe_log_groups)[1]


def test_tags_decide(cloud: Cloud, logs: Any) -> None:
    them = user(cloud, "logs:TagResource", f"{ARN}{GROUP}")
    them.tag_resource(resourceArn=f"{ARN}{GROUP}", tags={"team": "a"})
    assert refusal(them.untag_resource, resourceArn=f"{ARN}{GROUP}", tagKeys=["team"])[0] == "AccessDeniedException"


def test_services_write_in_process(cloud: Cloud, logs: Any) -> None:
    """What Lambda does: groups and streams come to be as they are written to."""
    from hodei.services.logs import api

    def write() -> None:
        ctx = cloud.world.context("sqs", account="000000000000", region="us-east-1")
        at = int(ctx.now * 1000)
        with ctx.store.batch():
            api.write(ctx, "/aws/new", "s", [(at, "two"), (at - 1, "one"), (at, "")])
            api.create_group(ctx, "/aws/empty")
        assert [message for _, message in api.read(ctx, "/aws/new", "s")] == ["one", "two"]
        assert list(api.read(ctx, "/aws/none")) == []
        assert api.exists(ctx, f"{ARN}/aws/empty:*")

    cloud._runner.call(write)
    found = logs.describe_log_groups(logGroupNamePrefix="/aws/")["logGroups"]
    assert [one["logGroupName"] for one in found] == ["/aws/empty", "/aws/new"]


def test_an_account_is_forgotten(cloud: Cloud, logs: Any, put: Any) -> None:
    put("m")
    cloud.reset("000000000000")
    assert logs.describe_log_groups()["logGroups"] == []
    logs.create_log_group(logGroupName=GROUP)
    assert logs.describe_log_streams(logGroupName=GROUP)["logStreams"] == []


def test_snapshots_carry_events(cloud: Cloud, logs: Any, put: Any) -> None:
    put("before")
    cloud.save("s")
    put("after")
    cloud.load("s")
    found = logs.filter_log_events(logGroupName=GROUP)["events"]
    assert [event["message"] for event in found] == ["before"]
