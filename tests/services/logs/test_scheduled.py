"""Scheduled queries: on the clock, as a role."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, refusal

pytestmark = pytest.mark.feature("logs.insights")
ROLE = "arn:aws:iam::000000000000:role/ask"


@pytest.fixture
def role(cloud: Cloud) -> str:
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="ask", AssumeRolePolicyDocument=document)
    allowed = {"Effect": "Allow", "Action": "logs:StartQuery", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="ask", PolicyName="p", PolicyDocument=document)
    return ROLE


def create(logs: Any, **given: Any) -> Any:
    params = {
        "name": "hourly",
        "queryLanguage": "CWLI",
        "queryString": "filter @message like 'ERROR' | stats count(*) as n",
        "logGroupIdentifiers": [GROUP],
        "scheduleExpression": "cron(0 * * * ? *)",
        "startTimeOffset": 3600,
        "executionRoleArn": ROLE,
    }
    params |= given
    return logs.create_scheduled_query(**{name: value for name, value in params.items() if value is not None})


def history(cloud: Cloud, logs: Any, **given: Any) -> list[Any]:
    now = int(cloud.clock.now().timestamp())
    found = logs.get_scheduled_query_history(identifier="hourly", startTime=now - 8 * 86400, endTime=now, **given)
    return list(found["triggerHistory"])


def test_a_query_runs_each_hour(cloud: Cloud, logs: Any, put: Any, role: str) -> None:
    arn = create(logs, tags={"a": "b"})["scheduledQueryArn"]
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}
    put("ERROR 1", "fine")
    cloud.clock.advance(hours=3)
    runs = history(cloud, logs)
    assert [one["executionStatus"] for one in runs] == ["Complete"] * 3
    times = [datetime.fromtimestamp(one["triggeredTimestamp"], UTC) for one in runs]
    assert times == sorted(times, reverse=True)
    assert {(time.minute, time.second) for time in times} == {(0, 0)}
    results = [logs.get_query_results(queryId=one["queryId"])["results"] for one in runs]
    assert results == [[], [], [[{"field": "n", "value": "1"}]]]
    assert len(history(cloud, logs, executionStatuses=["Failed"])) == 0
    assert logs.get_scheduled_query(identifier=arn)["lastExecutionStatus"] == "Complete"
    cloud.clock.advance(days=8)
    assert len(history(cloud, logs)) in (7 * 24, 7 * 24 + 1)  # that of seven days ago may be there until the next run


def test_changed_stopped_and_deleted(cloud: Cloud, logs: Any, role: str) -> None:
    arn = create(logs)["scheduledQueryArn"]
    assert refusal(create, logs=logs)[0] == "ConflictException"
    given = {name: value for name, value in logs.get_scheduled_query(identifier="hourly").items() if name in CHANGED}
    changed = logs.update_scheduled_query(**given, identifier=arn, state="DISABLED", timezone="Asia/Kolkata")
    assert (changed["state"], changed["timezone"], changed["queryString"]) == (
        "DISABLED", "Asia/Kolkata", given["queryString"],
    )  # fmt: skip
    cloud.clock.advance(hours=2)
    assert history(cloud, logs) == []
    (listed,) = logs.list_scheduled_queries(state="DISABLED")["scheduledQueries"]
    assert (listed["scheduledQueryArn"], listed["scheduleType"]) == (arn, "CUSTOMER_MANAGED")
    assert logs.list_scheduled_queries(state="ENABLED")["scheduledQueries"] == []
    logs.update_scheduled_query(**given, identifier="hourly", timezone="Asia/Kolkata")
    cloud.clock.advance(hours=1)
    assert datetime.fromtimestamp(history(cloud, logs)[0]["triggeredTimestamp"], UTC).minute == 30  # India is 5:30 off
    logs.delete_scheduled_query(identifier=arn)
    assert refusal(logs.get_scheduled_query, identifier="hourly")[0] == "ResourceNotFoundException"


CHANGED = {
    "queryLanguage", "queryString", "logGroupIdentifiers", "scheduleExpression", "executionRoleArn", "startTimeOffset",
}  # fmt: skip


def test_between_its_beginning_and_its_end(cloud: Cloud, logs: Any, role: str) -> None:
    now = int(cloud.clock.now().timestamp())
    begin = now - now % 3600 + 3 * 3600
    create(logs, scheduleStartTime=begin, scheduleEndTime=begin + 3600)
    cloud.clock.advance(hours=8)
    assert [one["triggeredTimestamp"] for one in history(cloud, logs)] == [begin + 3600, begin]


def test_without_the_permission_it_fails(cloud: Cloud, logs: Any, role: str) -> None:
    create(logs)
    cloud.client("iam").delete_role_policy(RoleName="ask", PolicyName="p")
    cloud.clock.advance(hours=1)
    (failed,) = history(cloud, logs)
    assert failed["executionStatus"] == "Failed"
    assert "logs:StartQuery" in failed["errorMessage"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"scheduleExpression": "rate(1 hour)"}, "ValidationException"),
        ({"scheduleExpression": "cron(61 * * * ? *)"}, "ValidationException"),
        ({"timezone": "Mars/Olympus"}, "ValidationException"),
        ({"queryString": "select"}, "ValidationException"),
        ({"executionRoleArn": "me"}, "ValidationException"),
        ({"logGroupIdentifiers": ["none"]}, "ResourceNotFoundException"),
        ({"queryLanguage": "SQL"}, "NotImplemented"),
        (
            {"destinationConfiguration": {"s3Configuration": {"destinationIdentifier": "s3://bkt/x", "roleArn": "x"}}},
            "ValidationException",
        ),
        ({"logGroupIdentifiers": None}, "ValidationException"),
    ],
)
def test_what_is_no_scheduled_query(logs: Any, given: Any, code: str) -> None:
    assert refusal(create, logs=logs, **given)[0] == code
    assert logs.list_scheduled_queries()["scheduledQueries"] == []


def destinations(cloud: Cloud, logs: Any) -> list[dict[str, str]]:
    """What has come of those of the last run."""
    return list(history(cloud, logs)[0]["destinations"])


def test_results_go_to_a_bucket(cloud: Cloud, logs: Any, put: Any, role: str) -> None:
    s3, iam = cloud.client("s3"), cloud.client("iam")
    s3.create_bucket(Bucket="results")
    target = {"destinationIdentifier": "s3://results/hourly/", "roleArn": ROLE, "ownerAccountId": "000000000000"}
    create(
        logs,
        destinationConfiguration={"s3Configuration": target},
        queryString=f"SOURCE {GROUP} | stats count(*) as n",
        logGroupIdentifiers=None,
    )
    put("one", "two")
    cloud.clock.advance(hours=1)
    (refused,) = destinations(cloud, logs)
    assert (refused["destinationType"], refused["status"]) == ("S3", "CLIENT_ERROR")
    assert "s3:PutObject" in refused["errorMessage"]
    allowed = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::results/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="ask", PolicyName="s3", PolicyDocument=document)
    put("three")
    cloud.clock.advance(hours=1)
    run = history(cloud, logs)[0]
    (done,) = run["destinations"]
    assert (done["destinationIdentifier"], done["status"]) == ("s3://results/hourly/", "COMPLETE")
    assert done["processedIdentifier"] == f"s3://results/hourly/{run['queryId']}.json"
    body = json.loads(s3.get_object(Bucket="results", Key=f"hourly/{run['queryId']}.json")["Body"].read())
    assert body["results"] == [[{"field": "n", "value": "1"}]]
    assert body["status"] == "Complete"


def test_results_fill_a_lookup_table(cloud: Cloud, logs: Any, put: Any, role: str) -> None:
    allowed = {"Effect": "Allow", "Action": ["logs:CreateLookupTable", "logs:UpdateLookupTable"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    cloud.client("iam").put_role_policy(RoleName="ask", PolicyName="t", PolicyDocument=document)
    target = {"tableName": "levels", "roleArn": ROLE, "tags": {"a": "b"}}
    query = "stats count(*) as n by level"
    create(logs, destinationConfiguration={"lookupTableConfiguration": target}, queryString=query)
    arn = "arn:aws:logs:us-east-1:000000000000:lookup-table:levels"
    for body in ("level,n\r\ninfo,2\r\n", "level,n\r\nwarn,1\r\n"):
        put(*['{"level": "info"}'] * 2 if "info" in body else ['{"level": "warn"}'])
        cloud.clock.advance(hours=1)
        (done,) = destinations(cloud, logs)
        assert (done["status"], done["processedIdentifier"]) == ("COMPLETE", arn)
        assert logs.get_lookup_table(lookupTableArn=arn)["tableBody"] == body
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}
