"""What real AWS answered: our answers have the same members, values, codes and words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import Cloud
from recorded import Comparison, load, plain

RECORDED = load("logs")

pytestmark = [
    pytest.mark.skipif(not RECORDED, reason="no recorded answers here"),
    pytest.mark.feature("logs.groups-streams"),
]

# What the recording put in place of values that change from run to run, without angle brackets.
ANYTHING = frozenset({"timestamp", "last-updated-time", "create-time", "id", "too-old-log-event-end-index"})
AWS = Comparison(anything=ANYTHING, changing=frozenset({"destination", "from", "to"}))
ACCOUNT, REGION = "111111111111", "us-east-1"
Answers = dict[str, Any]


class Replay:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.logs = self.client("logs")

    def client(self, service: str) -> Any:
        config = Config(parameter_validation=False)
        return self.cloud.client(service, account=ACCOUNT, region_name=REGION, config=config)

    def error(self, call: Callable[..., Any], **params: Any) -> Answers:
        with pytest.raises(ClientError) as caught:
            call(**params)
        return dict(caught.value.response)

    def group(self, name: str = "group", **params: Any) -> str:
        self.logs.create_log_group(logGroupName=name, **params)
        return name

    def now(self) -> int:
        return int(self.cloud.clock.now().timestamp() * 1000)

    def destination(self, stream: str = "stream") -> Answers:
        target = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}"
        role = f"arn:aws:iam::{ACCOUNT}:role/role-name"
        return dict(self.logs.put_destination(destinationName="d", targetArn=target, roleArn=role))

    def metric_filter(self, number: int, pattern: str, *, default: bool = False, value: str = "1") -> None:
        given = {"metricName": f"m{number}", "metricNamespace": f"n{number}", "metricValue": value}
        self.logs.put_metric_filter(
            logGroupName=f"group{number}",
            filterName=f"filter{number}",
            filterPattern=pattern,
            metricTransformations=[given | ({"defaultValue": 0.0} if default else {})],
        )


Scenario = Callable[[Replay], Answers]
SCENARIOS: dict[str, Scenario] = {}


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[f"test_{function.__name__}"] = function
    return function


def recorded() -> Iterator[Any]:
    for id, test in RECORDED.items():
        name = id.rpartition("::")[2]
        if name in SCENARIOS:
            # AWS's own class has these members in another order than botocore's model.
            text = json.dumps(test["content"]).replace("unit=null, dimensions=null", "dimensions=null, unit=null")
            yield pytest.param(name, json.loads(text), id=name)


# Destinations.


@scenario
def delete_destination(r: Replay) -> Answers:
    r.destination()
    return {
        "delete-destination": r.logs.delete_destination(destinationName="d"),
        "no-destination-found": r.logs.describe_destinations(DestinationNamePrefix="d"),
    }


@scenario
def describe_destinations_empty(r: Replay) -> Answers:
    return {"describe-destinations-empty": r.logs.describe_destinations()}


@scenario
def put_destination(r: Replay) -> Answers:
    return {"put-destination": r.destination()}


@scenario
def put_destination_policy(r: Replay) -> Answers:
    r.destination()
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "logs.amazonaws.com"},
        "Action": "logs:PutSubscriptionFilter",
        "Resource": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/stream",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    put = r.logs.put_destination_policy(destinationName="d", accessPolicy=policy)
    return {"put-destination-policy": put, "destination-with-policy": r.logs.describe_destinations()}


@scenario
def update_destination(r: Replay) -> Answers:
    r.destination()
    original = r.logs.describe_destinations()
    r.destination("other")
    return {"original-description": original, "updated-description": r.logs.describe_destinations()}


@scenario
def destination_tags(r: Replay) -> Answers:
    arn = r.destination()["destination"]["arn"]
    r.logs.tag_resource(resourceArn=arn, tags={"key1": "val1", "key2": "val2"})
    added = r.logs.list_tags_for_resource(resourceArn=arn)
    r.logs.untag_resource(resourceArn=arn, tagKeys=["key2"])
    return {"list-tags-after-add": added, "list-tags-after-remove": r.logs.list_tags_for_resource(resourceArn=arn)}


# Events.


@scenario
def get_log_events_limit_validation(r: Replay) -> Answers:
    given = {"logGroupName": r.group(), "logStreamName": "s", "limit": 10001}
    return {"error-limit-exceeded": r.error(r.logs.get_log_events, **given)}


@scenario
def put_log_events_to_invalid_stream(r: Replay) -> Answers:
    events = [{"timestamp": r.now(), "message": "m"}]
    given = {"logGroupName": r.group(), "logStreamName": "invalid", "logEvents": events}
    return {"error-invalid-stream": r.error(r.logs.put_log_events, **given)}


@scenario
def put_log_events_too_old(r: Replay) -> Answers:
    r.logs.create_log_stream(logGroupName=r.group(), logStreamName="s")
    events = [{"timestamp": r.now() - 15 * 86_400_000, "message": "m"}]
    return {"response-too-old": r.logs.put_log_events(logGroupName="group", logStreamName="s", logEvents=events)}


@scenario
def filter_log_events_unknown_token(r: Replay) -> Answers:
    return {"invalid-token": r.error(r.logs.filter_log_events, logGroupName=r.group(), nextToken="invalid")}


# Exports.


def bucket_for_logs(r: Replay) -> str:
    s3 = r.client("s3")
    s3.create_bucket(Bucket="exports")
    who = {"Service": f"logs.{REGION}.amazonaws.com"}
    resources = ["arn:aws:s3:::exports", "arn:aws:s3:::exports/*"]
    statement = {"Effect": "Allow", "Principal": who, "Action": "s3:*", "Resource": resources}
    s3.put_bucket_policy(Bucket="exports", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return "exports"


@scenario
def cancel_export_task_not_found(r: Replay) -> Answers:
    return {"error-cancel-not-found": r.error(r.logs.cancel_export_task, taskId="no")}


@scenario
def create_export_task(r: Replay) -> Answers:
    given = {"logGroupName": r.group(), "from": r.now() - 1000, "to": r.now(), "destination": bucket_for_logs(r)}
    return {"create-export-task": r.logs.create_export_task(**given)}


@scenario
def create_export_task_log_group_not_found(r: Replay) -> Answers:
    given = {"logGroupName": "no", "from": r.now() - 1000, "to": r.now(), "destination": "any"}
    return {"error-log-group-not-found": r.error(r.logs.create_export_task, **given)}


# Groups and streams.


@scenario
def create_log_group_duplicate_error(r: Replay) -> Answers:
    return {"error-duplicate-log-group": r.error(r.logs.create_log_group, logGroupName=r.group())}


@scenario
def create_log_group_with_kms_key(r: Replay) -> Answers:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    key = r.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    r.group(kmsKeyId=key)
    return {"describe-log-groups-with-kms": r.logs.describe_log_groups()}


@scenario
def describe_log_groups_prefix_and_pattern_error(r: Replay) -> Answers:
    given = {"logGroupNamePattern": "a", "logGroupNamePrefix": "b"}
    return {"error-prefix-and-pattern": r.error(r.logs.describe_log_groups, **given)}


@scenario
def describe_log_groups_with_prefix(r: Replay) -> Answers:
    for number in range(3):
        r.group(f"group{number}")
    return {"describe-log-groups-prefix": r.logs.describe_log_groups(logGroupNamePrefix="group")}


@scenario
def tag_log_group(r: Replay) -> Answers:
    r.logs.tag_log_group(logGroupName=r.group(), tags={"tag_key_1": "tag_value_1"})
    return {"list-tags-after-tag": r.logs.list_tags_log_group(logGroupName="group")}


@scenario
def untag_log_group(r: Replay) -> Answers:
    r.group(tags={"tag_key_1": "tag_value_1", "tag_key_2": "tag_value_2"})
    r.logs.untag_log_group(logGroupName="group", tags=["tag_key_1"])
    return {"list-tags-after-untag": r.logs.list_tags_log_group(logGroupName="group")}


@scenario
def tag_resource_api(r: Replay) -> Answers:
    r.group(tags={"env": "testing1"})
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:group"
    answers: Answers = {"list-tags-after-create": r.logs.list_tags_for_resource(resourceArn=arn)}

    def listed(after: str) -> None:
        answers[f"list-tags-for-resource-after-{after}"] = r.logs.list_tags_for_resource(resourceArn=arn)
        answers[f"list-tags-log-group-after-{after}"] = r.logs.list_tags_log_group(logGroupName="group")

    r.logs.tag_resource(resourceArn=arn, tags={"test1": "val1", "test2": "val2"})
    listed("tag-resource")
    r.logs.tag_log_group(logGroupName="group", tags={"test3": "val3"})
    listed("tag-log-group")
    r.logs.untag_resource(resourceArn=arn, tagKeys=["env", "test1", "test3"])
    listed("untag")
    return answers


@scenario
def create_log_stream_duplicate_error(r: Replay) -> Answers:
    given = {"logGroupName": r.group(), "logStreamName": "s"}
    r.logs.create_log_stream(**given)
    return {"error-duplicate-log-stream": r.error(r.logs.create_log_stream, **given)}


@scenario
def describe_log_streams_with_prefix(r: Replay) -> Answers:
    r.group()
    for number in range(3):
        r.logs.create_log_stream(logGroupName="group", logStreamName=f"stream{number}")
    found = r.logs.describe_log_streams(logGroupName="group", logStreamNamePrefix="stream")
    return {"describe-streams-with-prefix": found}


# Metric filters.


@scenario
def describe_metric_filters_by_metric_name(r: Replay) -> Answers:
    r.group("group1")
    r.metric_filter(1, "pattern")
    return {"describe-by-metric-name": r.logs.describe_metric_filters(metricName="m1", metricNamespace="n1")}


@scenario
def describe_metric_filters_by_prefix(r: Replay) -> Answers:
    for number in range(2):
        r.group(f"group{number}")
        r.metric_filter(number, f"filterPattern{number}", value=str(number))
    return {"describe-by-prefix": r.logs.describe_metric_filters(filterNamePrefix="filter")}


@scenario
def put_metric_filter_basic(r: Replay) -> Answers:
    r.group("group1")
    r.metric_filter(1, " ", default=True)
    return {"describe-metric-filters": r.logs.describe_metric_filters(logGroupName="group1")}


@scenario
def put_metric_filter_json_pattern(r: Replay) -> Answers:
    r.group("group1")
    r.metric_filter(1, '{$.message = "test"}', default=True)
    return {"describe-metric-filters-json": r.logs.describe_metric_filters(logGroupName="group1")}


@scenario
def delete_metric_filter_invalid_filter_name(r: Replay) -> Answers:
    given = {"logGroupName": r.group(), "filterName": "X" * 513}
    return {"error-invalid-filter-name": r.error(r.logs.delete_metric_filter, **given)}


@scenario
def describe_metric_filters_invalid_parameters(r: Replay) -> Answers:
    by_name = {"metricName": "X" * 256, "metricNamespace": "n"}
    return {
        "error-invalid-filter-prefix": r.error(r.logs.describe_metric_filters, filterNamePrefix="X" * 513),
        "error-invalid-metric-name": r.error(r.logs.describe_metric_filters, **by_name),
    }


@scenario
def put_metric_filter_too_many_transformations(r: Replay) -> Answers:
    given = [{"metricName": f"metric{n}", "metricNamespace": f"namespace{n}", "metricValue": "1"} for n in (1, 2)]
    params = {"filterName": "f", "filterPattern": "p", "metricTransformations": given}
    return {"error-too-many-transformations": r.error(r.logs.put_metric_filter, logGroupName=r.group(), **params)}


# Queries, policies, subscriptions.


@scenario
def describe_queries_with_status_filter(r: Replay) -> Answers:
    at = r.now() // 1000
    r.logs.start_query(logGroupName=r.group(), startTime=at - 10, endTime=at, queryString="fields @message")
    r.cloud.clock.advance(seconds=1)
    return {
        "describe-queries-complete": r.logs.describe_queries(logGroupName="group", status="Complete"),
        "describe-queries-scheduled": r.logs.describe_queries(logGroupName="group", status="Scheduled"),
    }


@scenario
def start_query_basic(r: Replay) -> Answers:
    at = r.now() // 1000
    given = {"startTime": at - 10, "endTime": at, "queryString": "fields @message"}
    return {"start-query": r.logs.start_query(logGroupName=r.group(), **given)}


@scenario
def delete_resource_policy_not_found(r: Replay) -> Answers:
    return {"error-policy-not-found": r.error(r.logs.delete_resource_policy, policyName="non-existent")}


@scenario
def put_resource_policy(r: Replay) -> Answers:
    statement = {
        "Sid": "Route53LogsToCloudWatchLogs",
        "Effect": "Allow",
        "Principal": {"Service": ["route53.amazonaws.com"]},
        "Action": "logs:PutLogEvents",
        "Resource": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return {"put-resource-policy": r.logs.put_resource_policy(policyName="p", policyDocument=document)}


@scenario
def put_resource_policy_update(r: Replay) -> Answers:
    who = {"Service": "route53.amazonaws.com"}
    for version in ("2012-10-17", "2008-10-17"):
        statement = {"Effect": "Allow", "Principal": who, "Action": "logs:*", "Resource": "*"}
        document = json.dumps({"Version": version, "Statement": [statement]})
        r.logs.put_resource_policy(policyName="p", policyDocument=document)
    return {"updated-policy": r.logs.describe_resource_policies()["resourcePolicies"][0]}


@scenario
def delete_subscription_filter_errors(r: Replay) -> Answers:
    delete = r.logs.delete_subscription_filter
    return {
        "error-log-group-not-found": r.error(delete, logGroupName="no", filterName="f"),
        "error-filter-not-found": r.error(delete, logGroupName=r.group(), filterName="f"),
    }


@scenario
def put_subscription_filter_errors(r: Replay) -> Answers:
    def refused(group: str, arn: str) -> Answers:
        given = {"logGroupName": group, "filterName": "f", "filterPattern": "", "destinationArn": arn}
        return r.error(r.logs.put_subscription_filter, **given)

    function = f"arn:aws:lambda:{REGION}:000000000000:function:invalid"
    return {
        "error-log-group-not-found": refused("no", function),
        "error-lambda-not-found": refused(r.group(), function),
        "error-kinesis-not-found": refused("group", f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/invalid"),
    }


@pytest.mark.parametrize(("name", "expected"), list(recorded()))
def test_as_aws_answered(name: str, expected: Answers) -> None:
    with Cloud() as cloud:
        answers = {key: plain(answer) for key, answer in SCENARIOS[name](Replay(cloud)).items()}
    AWS.same(expected, answers)
