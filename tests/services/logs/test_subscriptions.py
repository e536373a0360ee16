"""Subscription filters to Kinesis, of one account and across accounts; account policies; resource policies."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, STREAM, refusal

pytestmark = pytest.mark.feature("logs.subscriptions")
OTHER = "222222222222"


def a_stream(cloud: Cloud, account: str = "000000000000") -> tuple[str, str]:
    """A Kinesis stream and a role by which CloudWatch Logs may write to it."""
    kinesis, iam = cloud.client("kinesis", account=account), cloud.client("iam", account=account)
    kinesis.create_stream(StreamName="events", ShardCount=1)
    cloud.clock.advance(minutes=1)
    arn = kinesis.describe_stream_summary(StreamName="events")["StreamDescriptionSummary"]["StreamARN"]
    trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="to-kinesis", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    allow(cloud, account, arn)
    return arn, role


def allow(cloud: Cloud, account: str, arn: str) -> None:
    statement = {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.client("iam", account=account).put_role_policy(RoleName="to-kinesis", PolicyName="p", PolicyDocument=document)


def received(cloud: Cloud, account: str = "000000000000") -> list[Any]:
    cloud.settle()
    kinesis = cloud.client("kinesis", account=account)
    (shard,) = kinesis.list_shards(StreamName="events")["Shards"]
    start = kinesis.get_shard_iterator(StreamName="events", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    records = kinesis.get_records(ShardIterator=start)["Records"]
    return [json.loads(gzip.decompress(record["Data"])) for record in records]


def subscribe(logs: Any, arn: str, role: str, pattern: str = "", **more: Any) -> None:
    params = {"destinationArn": arn, "roleArn": role, **more} if role else {"destinationArn": arn, **more}
    logs.put_subscription_filter(logGroupName=GROUP, filterName="f", filterPattern=pattern, **params)


def test_matching_events_go_to_a_stream(cloud: Cloud, logs: Any, put: Any) -> None:
    arn, role = a_stream(cloud)
    subscribe(logs, arn, role, "[level = ERROR, what]")
    (found,) = logs.describe_subscription_filters(logGroupName=GROUP)["subscriptionFilters"]
    assert (found["distribution"], found["roleArn"]) == ("ByLogStream", role)
    put("ERROR a", "INFO b", "ERROR c")
    control, data = received(cloud)
    assert control["messageType"] == "CONTROL_MESSAGE"
    assert {name: data[name] for name in ("messageType", "owner", "logGroup", "logStream", "subscriptionFilters")} == {
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": GROUP,
        "logStream": STREAM,
        "subscriptionFilters": ["f"],
    }
    assert [event["message"] for event in data["logEvents"]] == ["ERROR a", "ERROR c"]
    assert data["logEvents"][0]["extractedFields"] == {"level": "ERROR", "what": "a"}
    stored = logs.filter_log_events(logGroupName=GROUP, filterPattern="ERROR")["events"]
    assert [event["id"] for event in data["logEvents"]] == [event["eventId"] for event in stored]
    logs.delete_subscription_filter(logGroupName=GROUP, filterName="f")
    put("ERROR d")
    assert len(received(cloud)) == 2


def test_what_cannot_be_delivered_is_tried_again(cloud: Cloud, logs: Any, put: Any) -> None:
    arn, role = a_stream(cloud)
    subscribe(logs, arn, role)
    cloud.client("iam").delete_role_policy(RoleName="to-kinesis", PolicyName="p")
    put("later")
    assert len(received(cloud)) == 1
    allow(cloud, "000000000000", arn)
    cloud.clock.advance(minutes=20)
    assert received(cloud)[1]["logEvents"][0]["message"] == "later"


def test_what_cannot_be_subscribed(cloud: Cloud, logs: Any) -> None:
    arn, role = a_stream(cloud)
    assert refusal(subscribe, logs=logs, arn=arn, role="")[1] == (
        "destinationArn for vendor kinesis cannot be used without roleArn"
    )
    assert "Could not deliver test message" in refusal(subscribe, logs=logs, arn=arn + "x", role=role)[1]
    assert refusal(subscribe, logs=logs, arn=arn, role="word")[0] == "InvalidParameterException"
    elsewhere = f"arn:aws:lambda:us-east-1:{OTHER}:function:f"
    assert refusal(subscribe, logs=logs, arn=elsewhere, role="")[0] == "AccessDeniedException"
    firehose = "arn:aws:firehose:us-east-1:000000000000:deliverystream/x"
    assert refusal(subscribe, logs=logs, arn=firehose, role=role)[0] == "NotImplemented"
    for name in ("a", "b"):
        logs.put_subscription_filter(
            logGroupName=GROUP, filterName=name, filterPattern="", destinationArn=arn, roleArn=role
        )
    assert refusal(subscribe, logs=logs, arn=arn, role=role)[0] == "LimitExceededException"
    gone = refusal(logs.delete_subscription_filter, logGroupName=GROUP, filterName="no")
    assert gone == ("ResourceNotFoundException", "The specified subscription filter does not exist.")


def test_a_destination_takes_events_of_another_account(cloud: Cloud, logs: Any, put: Any) -> None:
    arn, role = a_stream(cloud, OTHER)
    there = cloud.client("logs", account=OTHER)
    made = there.put_destination(destinationName="d", targetArn=arn, roleArn=role, tags={"a": "b"})["destination"]
    assert there.list_tags_for_resource(resourceArn=made["arn"])["tags"] == {"a": "b"}
    assert refusal(subscribe, logs=logs, arn=made["arn"], role="")[0] == "AccessDeniedException"
    statement = {
        "Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "logs:PutSubscriptionFilter",
        "Resource": made["arn"],
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    there.put_destination_policy(destinationName="d", accessPolicy=policy)
    subscribe(logs, made["arn"], "")
    put("across")
    (data,) = received(cloud, OTHER)
    assert (data["owner"], data["logEvents"][0]["message"]) == ("000000000000", "across")
    assert there.describe_destinations(DestinationNamePrefix="d")["destinations"][0]["accessPolicy"] == policy
    there.delete_destination(destinationName="d")
    assert there.describe_destinations()["destinations"] == []


def test_a_policy_of_the_account_subscribes_to_all_groups_but_some(cloud: Cloud, logs: Any, put: Any) -> None:
    arn, role = a_stream(cloud)
    logs.create_log_group(logGroupName="not")
    logs.create_log_stream(logGroupName="not", logStreamName=STREAM)
    document = json.dumps({"DestinationArn": arn, "RoleArn": role, "FilterPattern": "ERROR"})
    params = {"policyName": "p", "policyType": "SUBSCRIPTION_FILTER_POLICY", "policyDocument": document}
    logs.put_account_policy(**params, selectionCriteria='LogGroupName NOT IN ["not"]')
    put("ERROR")
    put("ERROR", group="not")
    assert [found["logGroup"] for found in received(cloud)[1:]] == [GROUP]
    (found,) = logs.describe_account_policies(policyType="SUBSCRIPTION_FILTER_POLICY")["accountPolicies"]
    assert found["selectionCriteria"] == 'LogGroupName NOT IN ["not"]'
    logs.delete_account_policy(policyName="p", policyType="SUBSCRIPTION_FILTER_POLICY")
    assert refusal(logs.put_account_policy, **params | {"policyType": "TRANSFORMER_POLICY"})[0] == "NotImplemented"


def test_resource_policies(logs: Any) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "route53.amazonaws.com"},
        "Action": "logs:*",
        "Resource": "*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    made = logs.put_resource_policy(policyName="p", policyDocument=document)["resourcePolicy"]
    assert (made["policyScope"], made["policyDocument"]) == ("ACCOUNT", document)
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}"
    of_group = logs.put_resource_policy(resourceArn=arn, policyDocument=document)
    assert of_group["revisionId"]
    assert [one["policyName"] for one in logs.describe_resource_policies()["resourcePolicies"]] == ["p"]
    listed = logs.describe_resource_policies(resourceArn=arn, policyScope="RESOURCE")["resourcePolicies"]
    assert [one["resourceArn"] for one in listed] == [arn]
    logs.delete_resource_policy(policyName="p")
    assert refusal(logs.delete_resource_policy, policyName="p") == (
        "ResourceNotFoundException", "Policy with name [p] does not exist.",
    )  # fmt: skip
    assert refusal(logs.put_resource_policy, policyName="p", policyDocument="no")[0] == "InvalidParameterException"


def test_nothing_is_lost_where_a_stream_is_in_trouble(cloud: Cloud, logs: Any, put: Any) -> None:
    arn, role = a_stream(cloud)
    subscribe(logs, arn, role)
    cloud.clock.freeze()
    cloud.fault(service="kinesis", operation="PutRecord", error="InternalFailure", rate=0.5)
    cloud.fault(service="kinesis", operation="PutRecord", error="ProvisionedThroughputExceededException", rate=0.2)
    for number in range(20):
        put(f"event {number}")
    cloud.clock.advance(hours=1)
    messages = [event["message"] for one in received(cloud)[1:] for event in one["logEvents"]]
    assert sorted(messages) == sorted(f"event {number}" for number in range(20))


def test_a_stream_in_trouble_is_not_taken_for_one_that_refuses(cloud: Cloud, logs: Any) -> None:
    arn, role = a_stream(cloud)
    cloud.fault(service="kinesis", operation="PutRecord", error="InternalFailure", count=1)
    subscribe(logs, arn, role)  # the SDK has tried again
    assert cloud.faults()[0].hits == 1
