"""Log groups and streams."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, STREAM, refusal

pytestmark = pytest.mark.feature("logs.groups-streams")
ARN = "arn:aws:logs:us-east-1:000000000000:log-group"


def names(found: list[Any]) -> list[str]:
    return [one.get("logGroupName") or one["logStreamName"] for one in found]


def test_a_group_is_described(cloud: Cloud, logs: Any, put: Any) -> None:
    logs.create_log_group(logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=7)
    put("0123456789")
    first, second = logs.describe_log_groups()["logGroups"]
    assert first["arn"] == f"{ARN}:app:*"
    assert first["logGroupArn"] == f"{ARN}:app"
    assert (first["retentionInDays"], first["storedBytes"]) == (7, 36)
    assert (second["logGroupClass"], "retentionInDays" in second) == ("INFREQUENT_ACCESS", False)
    elsewhere = cloud.client("logs", account="111111111111"), cloud.client("logs", region_name="eu-west-1")
    assert [client.describe_log_groups()["logGroups"] for client in elsewhere] == [[], []]


def test_lists_of_groups(logs: Any) -> None:
    for name in ("/aws/lambda/a", "/aws/lambda/b", "web/a"):
        logs.create_log_group(logGroupName=name, tags={"team": name[-1]})
    pages = logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 2})
    assert [names(page["logGroups"]) for page in pages] == [["/aws/lambda/a", "/aws/lambda/b"], ["app", "web/a"]]
    assert names(logs.describe_log_groups(logGroupNamePrefix="/aws/")["logGroups"]) == [
        "/aws/lambda/a",
        "/aws/lambda/b",
    ]
    assert names(logs.describe_log_groups(logGroupNamePattern="/a")["logGroups"])[-1] == "web/a"
    assert names(logs.describe_log_groups(logGroupIdentifiers=["web/a", "no"])["logGroups"]) == ["web/a"]
    assert names(logs.list_log_groups(logGroupNamePattern="lambda|^web")["logGroups"]) == [
        "/aws/lambda/a", "/aws/lambda/b", "web/a",
    ]  # fmt: skip
    tagged = logs.list_log_groups(logGroupTags=[{"key": "team", "values": ["!b"]}])
    assert names(tagged["logGroups"]) == ["/aws/lambda/a", "web/a"]
    assert refusal(logs.describe_log_groups, nextToken="no")[0] == "InvalidParameterException"


def test_groups_that_are_not_there_or_there_already(logs: Any) -> None:
    assert refusal(logs.create_log_group, logGroupName=GROUP) == (
        "ResourceAlreadyExistsException", "The specified log group already exists",
    )  # fmt: skip
    assert refusal(logs.delete_log_group, logGroupName="no") == (
        "ResourceNotFoundException", "The specified log group does not exist.",
    )  # fmt: skip
    assert refusal(logs.put_retention_policy, logGroupName=GROUP, retentionInDays=2)[0] == "InvalidParameterException"
    assert refusal(logs.create_log_group, logGroupName="a b")[0] == "InvalidParameterException"


def test_deletion_takes_events_with_it_unless_protected(cloud: Cloud, logs: Any, put: Any) -> None:
    put("x")
    logs.put_log_group_deletion_protection(logGroupIdentifier=GROUP, deletionProtectionEnabled=True)
    assert refusal(logs.delete_log_group, logGroupName=GROUP)[0] == "ValidationException"
    logs.put_log_group_deletion_protection(logGroupIdentifier=f"{ARN}:app", deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName=GROUP)
    logs.create_log_group(logGroupName=GROUP)
    assert refusal(logs.get_log_events, logGroupName=GROUP, logStreamName=STREAM)[0] == "ResourceNotFoundException"
    logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    put("y")
    logs.delete_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    assert not logs.filter_log_events(logGroupName=GROUP)["events"]


def test_lists_of_streams(logs: Any, put: Any) -> None:
    for at, name in ((-5, "web-2"), (-10, "web-1"), (-1, "db")):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=name)
        put("x", at=at, stream=name)

    def pages(**params: Any) -> list[str]:
        found = logs.get_paginator("describe_log_streams").paginate(
            logGroupName=GROUP, PaginationConfig={"PageSize": 1}, **params
        )
        return [name for page in found for name in names(page["logStreams"])]

    assert pages() == ["db", "one", "web-1", "web-2"]
    assert pages(descending=True) == ["web-2", "web-1", "one", "db"]
    assert pages(logStreamNamePrefix="web-") == ["web-1", "web-2"]
    assert pages(logStreamNamePrefix="web-", descending=True) == ["web-2", "web-1"]
    assert pages(orderBy="LastEventTime", descending=True) == ["db", "web-2", "web-1", "one"]
    assert pages(orderBy="LastEventTime") == ["one", "web-1", "web-2", "db"]
    refused = refusal(logs.describe_log_streams, logGroupName=GROUP, orderBy="LastEventTime", logStreamNamePrefix="w")
    assert refused[0] == "InvalidParameterException"


def test_infrequent_access_has_no_events_to_read(logs: Any) -> None:
    logs.create_log_group(logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_stream(logGroupName="rare", logStreamName="s")
    assert refusal(logs.get_log_events, logGroupName="rare", logStreamName="s")[0] == "InvalidOperationException"
    assert refusal(logs.filter_log_events, logGroupName="rare")[0] == "InvalidOperationException"


def test_tags(logs: Any) -> None:
    logs.tag_log_group(logGroupName=GROUP, tags={"a": "1", "b": "2"})
    logs.untag_log_group(logGroupName=GROUP, tags=["a"])
    logs.tag_resource(resourceArn=f"{ARN}:app", tags={"c": "3"})
    assert logs.list_tags_log_group(logGroupName=GROUP)["tags"] == {"b": "2", "c": "3"}
    logs.untag_resource(resourceArn=f"{ARN}:app", tagKeys=["b"])
    assert logs.list_tags_for_resource(resourceArn=f"{ARN}:app")["tags"] == {"c": "3"}
    assert refusal(logs.tag_resource, resourceArn=f"{ARN}:no", tags={"c": "3"})[0] == "ResourceNotFoundException"
    many = {f"k{n}": "v" for n in range(50)}
    assert refusal(logs.tag_resource, resourceArn=f"{ARN}:app", tags=many)[0] == "TooManyTagsException"


def test_the_quota_of_groups(cloud: Cloud, logs: Any) -> None:
    cloud.quota("logs", "groups", 1)
    assert refusal(logs.create_log_group, logGroupName="more") == ("LimitExceededException", "Resource limit exceeded.")
