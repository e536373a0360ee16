"""Tags, resource policies, recovery, Contributor Insights, Kinesis destinations, limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import index

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

NONE = "arn:aws:dynamodb:us-east-1:000000000000:table/none"
STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/stream"
BAD_TABLE = "Requested resource not found: Table: bad-table not found"


def tags(dynamodb: Any, arn: str) -> dict[str, str]:
    pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


@pytest.mark.feature("dynamodb.items")
def test_tags_are_added_changed_and_removed(dynamodb: Any, make: Make) -> None:
    arn = make()["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
    assert tags(dynamodb, arn) == {"a": "2", "b": ""}
    dynamodb.untag_resource(ResourceArn=arn, TagKeys=["a", "unknown"])
    assert tags(dynamodb, arn) == {"b": ""}
    dynamodb.delete_table(TableName="table")
    make()
    assert tags(dynamodb, arn) == {}


@pytest.mark.feature("dynamodb.items")
def test_tags_come_in_pages(dynamodb: Any, make: Make, refused: Refused) -> None:
    given = {f"key{number:02}": str(number) for number in range(50)}
    arn = make(Tags=[{"Key": key, "Value": value} for key, value in given.items()])["TableArn"]
    assert len(dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]) == 10
    assert tags(dynamodb, arn) == given
    with pytest.raises(ClientError, match="50"):
        dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "more", "Value": ""}])
    with refused("ValidationException", "Invalid NextToken"):
        dynamodb.list_tags_of_resource(ResourceArn=arn, NextToken="forged")


@pytest.mark.feature("dynamodb.items")
def test_tags_of_what_is_not_there(dynamodb: Any, make: Make, refused: Refused) -> None:
    arn = make()["TableArn"]
    with refused("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {NONE} not found"):
        dynamodb.list_tags_of_resource(ResourceArn=NONE)
    with refused("ValidationException", "Invalid TableArn: Invalid ResourceArn provided as input abc"):
        dynamodb.list_tags_of_resource(ResourceArn="abc")
    with refused("ValidationException", "Atleast one Tag needs to be provided as Input."):
        dynamodb.tag_resource(ResourceArn=arn, Tags=[])
    with refused("ValidationException", "Atleast one Tag Key needs to be provided as Input."):
        dynamodb.untag_resource(ResourceArn=arn, TagKeys=[])


@pytest.mark.feature("dynamodb.items")
def test_resource_policies_have_revisions(dynamodb: Any, make: Make, refused: Refused) -> None:
    arn = make()["TableArn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    missing = f"Resource-based policy not found for the provided ResourceArn: {arn}"
    with refused("PolicyNotFoundException", missing):
        dynamodb.get_resource_policy(ResourceArn=arn)
    assert "RevisionId" not in dynamodb.delete_resource_policy(ResourceArn=arn)
    first = dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy, ExpectedRevisionId="NO_POLICY")["RevisionId"]
    assert dynamodb.put_resource_policy(ResourceArn=arn, Policy=f" {policy}")["RevisionId"] == first
    found = dynamodb.get_resource_policy(ResourceArn=arn)
    assert (found["Policy"], found["RevisionId"]) == (policy, first)
    other = json.dumps({"Version": "2012-10-17", "Id": "other", "Statement": []})
    with refused("PolicyNotFoundException", missing):
        dynamodb.put_resource_policy(ResourceArn=arn, Policy=other, ExpectedRevisionId="NO_POLICY")
    second = dynamodb.put_resource_policy(ResourceArn=arn, Policy=other, ExpectedRevisionId=first)["RevisionId"]
    assert second != first
    with refused("PolicyNotFoundException", missing):
        dynamodb.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=first)
    assert dynamodb.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=second)["RevisionId"] == second
    with refused("PolicyNotFoundException", missing):
        dynamodb.get_resource_policy(ResourceArn=arn)


@pytest.mark.feature("dynamodb.pitr")
def test_recovery_is_switched_on_and_off(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    make()

    def described() -> dict[str, Any]:
        found = dynamodb.describe_continuous_backups(TableName="table")["ContinuousBackupsDescription"]
        assert found["ContinuousBackupsStatus"] == "ENABLED"
        return dict(found["PointInTimeRecoveryDescription"])

    def switch(**specification: Any) -> None:
        dynamodb.update_continuous_backups(TableName="table", PointInTimeRecoverySpecification=specification)

    assert described() == {"PointInTimeRecoveryStatus": "DISABLED"}
    enabled = cloud.clock.now()
    switch(PointInTimeRecoveryEnabled=True)
    first = described()
    assert (first["PointInTimeRecoveryStatus"], first["RecoveryPeriodInDays"]) == ("ENABLED", 35)
    assert abs((first["EarliestRestorableDateTime"] - enabled).total_seconds()) < 5
    cloud.clock.advance(days=40)
    later = described()
    window = later["LatestRestorableDateTime"] - later["EarliestRestorableDateTime"]
    assert abs(window.total_seconds() - (35 * 86400 - 300)) < 5
    switch(PointInTimeRecoveryEnabled=True, RecoveryPeriodInDays=7)
    assert described()["RecoveryPeriodInDays"] == 7
    switch(PointInTimeRecoveryEnabled=False)
    assert described() == {"PointInTimeRecoveryStatus": "DISABLED"}
    with refused("TableNotFoundException", "Table not found: none"):
        dynamodb.describe_continuous_backups(TableName="none")


@pytest.mark.feature("dynamodb.items")
def test_contributor_insights(dynamodb: Any, make: Make, refused: Refused) -> None:
    make(GlobalSecondaryIndexes=[index("gsi", "pk")])
    found = dynamodb.describe_contributor_insights(TableName="table")
    found.pop("ResponseMetadata")
    assert found == {"TableName": "table", "ContributorInsightsStatus": "DISABLED"}
    answer = dynamodb.update_contributor_insights(TableName="table", ContributorInsightsAction="ENABLE")
    assert answer["ContributorInsightsStatus"] == "ENABLING"
    found = dynamodb.describe_contributor_insights(TableName="table")
    assert found["ContributorInsightsStatus"] == "ENABLED"
    assert [rule.rpartition("-")[0] for rule in found["ContributorInsightsRuleList"]] == [
        "DynamoDBContributorInsights-PKC-table",
        "DynamoDBContributorInsights-PKT-table",
    ]
    dynamodb.update_contributor_insights(
        TableName="table",
        IndexName="gsi",
        ContributorInsightsAction="ENABLE",
        ContributorInsightsMode="THROTTLED_KEYS",
    )
    first = dynamodb.list_contributor_insights(MaxResults=1)
    rest = dynamodb.list_contributor_insights(MaxResults=1, NextToken=first["NextToken"], TableName="table")
    assert first["ContributorInsightsSummaries"] + rest["ContributorInsightsSummaries"] == [
        {
            "TableName": "table",
            "ContributorInsightsStatus": "ENABLED",
            "ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS",
        },
        {
            "TableName": "table",
            "IndexName": "gsi",
            "ContributorInsightsStatus": "ENABLED",
            "ContributorInsightsMode": "THROTTLED_KEYS",
        },
    ]
    assert "NextToken" not in rest
    message = "1 validation error detected: Value '-1' at 'maxResults' failed to satisfy constraint: "
    with refused("ValidationException", message + "Member must have value greater than or equal to 1"):
        dynamodb.list_contributor_insights(MaxResults=-1)
    dynamodb.update_contributor_insights(TableName="table", ContributorInsightsAction="DISABLE")
    assert dynamodb.describe_contributor_insights(TableName="table")["ContributorInsightsStatus"] == "DISABLED"


@pytest.mark.feature("dynamodb.kinesis")
def test_kinesis_destinations_as_recorded(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    cloud.client("kinesis").create_stream(StreamName="stream", ShardCount=1)
    table = make()
    with refused("ResourceNotFoundException", BAD_TABLE):
        dynamodb.enable_kinesis_streaming_destination(TableName="bad-table", StreamArn=STREAM)
    with refused("ResourceNotFoundException", BAD_TABLE):
        dynamodb.disable_kinesis_streaming_destination(TableName="bad-table", StreamArn=STREAM)
    one = {"TableName": "table", "StreamArn": STREAM}
    enabled = dynamodb.enable_kinesis_streaming_destination(**one)
    enabled.pop("ResponseMetadata")
    assert enabled == {**one, "DestinationStatus": "ENABLING", "EnableKinesisStreamingConfiguration": {}}

    def described() -> list[dict[str, str]]:
        found = dynamodb.describe_kinesis_streaming_destination(TableName="table")
        return list(found["KinesisDataStreamDestinations"])

    assert described() == [{"StreamArn": STREAM, "DestinationStatus": "ACTIVE"}]
    state = "Table is not in a valid state to enable Kinesis Streaming Destination: "
    again = "KinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
    with refused("ValidationException", state + again):
        dynamodb.enable_kinesis_streaming_destination(**one)
    bad = f"{STREAM}-bad"
    unknown = f"No streaming destination with streamArn: {bad} found for table with tableName: table"
    micro = {"ApproximateCreationDateTimePrecision": "MICROSECOND"}
    with refused("ValidationException", state + unknown):
        dynamodb.update_kinesis_streaming_destination(
            TableName="table", StreamArn=bad, UpdateKinesisStreamingConfiguration=micro
        )
    nothing = (
        "Streaming destination cannot be updated with given parameters: "
        "UpdateKinesisStreamingConfiguration cannot be null or contain only null values"
    )
    with refused("ValidationException", nothing):
        dynamodb.update_kinesis_streaming_destination(**one)
    updated = dynamodb.update_kinesis_streaming_destination(**one, UpdateKinesisStreamingConfiguration=micro)
    updated.pop("ResponseMetadata")
    assert updated == {**one, "DestinationStatus": "UPDATING", "UpdateKinesisStreamingConfiguration": micro}
    same = (
        "Invalid Request: Precision is already set to the desired value of MICROSECOND "
        f"for tableId: {table['TableId']}, kdsArn: {STREAM}"
    )
    with refused("ValidationException", same):
        dynamodb.update_kinesis_streaming_destination(**one, UpdateKinesisStreamingConfiguration=micro)
    assert dynamodb.disable_kinesis_streaming_destination(**one)["DestinationStatus"] == "DISABLING"
    assert described()[0]["DestinationStatus"] == "DISABLED"
    with refused(
        "ValidationException", f"{state}KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."
    ):
        dynamodb.disable_kinesis_streaming_destination(**one)


@pytest.mark.feature("dynamodb.kinesis")
def test_an_unknown_precision_is_refused_as_recorded(dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    message = (
        "1 validation error detected: Value 'SECOND' at "
        "'updateKinesisStreamingConfiguration.approximateCreationDateTimePrecision' failed to satisfy constraint: "
        "Member must satisfy enum value set: [MILLISECOND, MICROSECOND]"
    )
    with refused("ValidationException", message):
        dynamodb.update_kinesis_streaming_destination(
            TableName="table",
            StreamArn=STREAM,
            UpdateKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "SECOND"},
        )


@pytest.mark.feature("dynamodb.capacity")
def test_limits_are_the_quotas(cloud: Cloud, dynamodb: Any) -> None:
    cloud.quota("dynamodb", "table-read", 50000)
    found = dynamodb.describe_limits()
    found.pop("ResponseMetadata")
    assert found == {
        "AccountMaxReadCapacityUnits": 80000,
        "AccountMaxWriteCapacityUnits": 80000,
        "TableMaxReadCapacityUnits": 50000,
        "TableMaxWriteCapacityUnits": 40000,
    }


@pytest.mark.feature("dynamodb.items")
def test_the_number_of_tables_is_limited(cloud: Cloud, make: Make, refused: Refused) -> None:
    cloud.quota("dynamodb", "tables", 1)
    make()
    with refused("LimitExceededException", "Subscriber limit exceeded: There is a limit of 1 tables per subscriber"):
        make("another")


@pytest.mark.feature("dynamodb.items")
def test_clients_that_discover_their_endpoint_find_this_cloud(dynamodb: Any) -> None:
    assert dynamodb.describe_endpoints()["Endpoints"] == [{"Address": "localhost:4566", "CachePeriodInMinutes": 1440}]
