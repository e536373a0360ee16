from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from hodei.services.cloudwatch.alarms import actions, definitions, messages, verdict
from hodei.services.cloudwatch.alarms.verdict import Point
from hodei.testing import Cloud

of_alarms = pytest.mark.feature("cloudwatch.alarms")
TOPIC = "arn:aws:sns:us-east-1:000000000000:topic"


class Alarms:
    def __init__(self, cloud: Cloud, client: Any) -> None:
        self.cloud = cloud
        self.client = client

    def put(self, name: str = "alarm", **given: Any) -> None:
        defaults: dict[str, Any] = {"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"}
        if "Metrics" not in given:
            defaults |= {"MetricName": "m", "Namespace": "Shop", "Period": 60, "Statistic": "Sum"}
        if "ThresholdMetricId" not in given:
            defaults["Threshold"] = 10
        if "ExtendedStatistic" in given:
            del defaults["Statistic"]
        self.client.put_metric_alarm(AlarmName=name, **defaults | given)

    def get(self, name: str = "alarm") -> dict[str, Any]:
        found = self.client.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        (alarm,) = found["MetricAlarms"] + found["CompositeAlarms"]
        return dict(alarm)

    def state(self, name: str = "alarm") -> str:
        return str(self.get(name)["StateValue"])

    def set(self, name: str, state: str, reason: str = "test") -> None:
        self.client.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)

    def history(self, name: str, type: str | None = None) -> list[str]:
        more = {"HistoryItemType": type} if type else {}
        items = self.client.describe_alarm_history(AlarmName=name, ScanBy="TimestampAscending", **more)
        return [item["HistorySummary"] for item in items["AlarmHistoryItems"]]


@pytest.fixture
def alarms(cloud: Cloud, cloudwatch: Any) -> Alarms:
    return Alarms(cloud, cloudwatch)


@pytest.fixture
def told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A queue that takes the part of a topic, until SNS is here; its ARN, and what it was told so far."""
    monkeypatch.setitem(actions.TOLD, "sqs", (messages.to_topic, "cloudwatch.amazonaws.com"))
    monkeypatch.setattr(definitions, "ACTIONS", (*definitions.ACTIONS, "sqs"))
    monkeypatch.setattr(definitions, "COMPOSITE_ACTIONS", (*definitions.COMPOSITE_ACTIONS, "sqs"))
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    let = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sqs:*", "Resource": arn}
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": let})}
    )

    class Told:
        def __init__(self) -> None:
            self.arn = arn

        def messages(self) -> list[dict[str, Any]]:
            cloud.settle()
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            for message in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return [json.loads(message["Body"]) for message in found]

    return Told()


def points(pattern: str) -> list[Point]:
    """Of AWS's tables: "0 - X", the oldest first."""
    marks = pattern.split()
    ages = range(len(marks), 0, -1)
    return [Point(age, -age, 0.0, mark == "X") for age, mark in zip(ages, marks) if mark != "-"][::-1]


@of_alarms
@pytest.mark.parametrize(
    ("pattern", "to_alarm", "states"),
    [
        ("0 - X - X", 3, "OK OK OK OK"),
        ("- - - - 0", 3, "OK OK OK OK"),
        ("- - - - -", 3, "INSUFFICIENT_DATA None ALARM OK"),
        ("0 X X - X", 3, "ALARM ALARM ALARM ALARM"),
        ("- - X - -", 3, "ALARM None ALARM OK"),
        ("X - - - -", 3, "ALARM None ALARM OK"),
        ("- - - - X", 3, "INSUFFICIENT_DATA None ALARM OK"),
        ("0 - X - X", 2, "ALARM ALARM ALARM ALARM"),
        ("0 0 X 0 X", 2, "ALARM ALARM ALARM ALARM"),
        ("0 - X - -", 2, "OK OK ALARM OK"),
        ("- - - - 0", 2, "OK OK ALARM OK"),
    ],
)
def test_missing_data(pattern: str, to_alarm: int, states: str) -> None:
    """The tables of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"""
    treatments = ("missing", "ignore", "breaching", "notBreaching")
    found = [
        verdict.judge(points(pattern), periods=3, to_alarm=to_alarm, missing=missing).state for missing in treatments
    ]
    assert " ".join(map(str, found)) == states


@of_alarms
def test_an_alarm_goes_off_and_ends(alarms: Alarms, data: Any, cloud: Cloud) -> None:
    alarms.put()
    new = alarms.get()
    assert (new["StateValue"], new["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
    data.put("m", 6, 5)
    cloud.clock.advance(minutes=1)
    alarm = alarms.get()
    assert alarm["StateValue"] == "ALARM"
    minute = cloud.clock.now().replace(minute=0, second=0).strftime("%d/%m/%y %H:%M:%S")
    assert alarm["StateReason"] == (
        f"Threshold Crossed: 1 out of the last 1 datapoints [11.0 ({minute})] was greater than the threshold (10.0) "
        "(minimum 1 datapoint for OK -> ALARM transition)."
    )
    reason = json.loads(alarm["StateReasonData"])
    assert reason["recentDatapoints"] == [11]
    assert reason["evaluatedDatapoints"][0]["sampleCount"] == 2
    assert (reason["statistic"], reason["period"], reason["threshold"]) == ("Sum", 60, 10)
    data.put("m", 1)
    cloud.clock.advance(minutes=1)
    assert alarms.state() == "OK"
    assert "was not greater than the threshold (10.0)" in alarms.get()["StateReason"]
    cloud.clock.advance(minutes=4)
    assert alarms.state() == "INSUFFICIENT_DATA"
    assert alarms.get()["StateReason"] == "Insufficient Data: 1 datapoint was unknown."
    assert alarms.history("alarm", "StateUpdate") == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to INSUFFICIENT_DATA",
    ]


@of_alarms
def test_every_period_of_an_hour_is_evaluated(alarms: Alarms, data: Any, cloud: Cloud) -> None:
    alarms.put(TreatMissingData="notBreaching")
    for minute in (10, 11, 30):
        data.put("m", 20, ago=-60 * minute)
    cloud.clock.advance(hours=1)
    changes = alarms.history("alarm", "StateUpdate")
    assert changes == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
    ]


@of_alarms
def test_m_out_of_n(alarms: Alarms, data: Any, cloud: Cloud) -> None:
    alarms.put(EvaluationPeriods=3, DatapointsToAlarm=2)
    for value, state in ((20, "INSUFFICIENT_DATA"), (1, "OK"), (20, "ALARM"), (1, "OK")):
        data.put("m", value)
        cloud.clock.advance(minutes=1)
        assert alarms.state() == state, value


@of_alarms
def test_missing_data_that_breaches(alarms: Alarms, cloud: Cloud) -> None:
    alarms.put(EvaluationPeriods=2, Period=10, TreatMissingData="breaching", Unit="Seconds", Statistic="Average")
    cloud.clock.advance(seconds=20)
    alarm = alarms.get()
    assert alarm["StateReason"] == (
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching]."
    )
    reason = json.loads(alarm["StateReasonData"])
    assert reason.keys() == {
        "version", "queryDate", "statistic", "period", "recentDatapoints", "threshold", "unit", "evaluatedDatapoints"
    }  # fmt: skip
    assert [point.keys() for point in reason["evaluatedDatapoints"]] == [{"timestamp"}, {"timestamp"}]


@of_alarms
def test_percentiles_of_few_values(alarms: Alarms, data: Any, cloud: Cloud) -> None:
    alarms.put("always", ExtendedStatistic="p99")
    alarms.put("enough", ExtendedStatistic="p99", EvaluateLowSampleCountPercentile="ignore")
    data.put("m", Values=[20.0], Counts=[999.0])
    cloud.clock.advance(minutes=1)
    assert (alarms.state("always"), alarms.state("enough")) == ("ALARM", "INSUFFICIENT_DATA")
    data.put("m", Values=[20.0], Counts=[1000.0])
    cloud.clock.advance(minutes=1)
    assert alarms.state("enough") == "ALARM"


@of_alarms
def test_actions_tell_topics(alarms: Alarms, told: Any, data: Any, cloud: Cloud) -> None:
    alarms.put(AlarmActions=[told.arn], OKActions=[told.arn], AlarmDescription="too much", TreatMissingData="ignore")
    data.put("m", 20)
    cloud.clock.advance(minutes=1)
    (message,) = told.messages()
    assert message["NewStateValue"] == "ALARM"
    assert message["OldStateValue"] == "INSUFFICIENT_DATA"
    assert message["Region"] == "US East (N. Virginia)"
    assert message["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:alarm"
    assert message["Trigger"] == {
        "MetricName": "m", "Namespace": "Shop", "StatisticType": "Statistic", "Statistic": "SUM", "Unit": None,
        "Dimensions": [], "Period": 60, "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 10.0, "TreatMissingData": "ignore", "EvaluateLowSampleCountPercentile": "",
    }  # fmt: skip
    cloud.clock.advance(minutes=10)
    assert told.messages() == [], "actions are for changes"
    alarms.client.disable_alarm_actions(AlarmNames=["alarm"])
    alarms.set("alarm", "OK")
    assert told.messages() == []
    alarms.client.enable_alarm_actions(AlarmNames=["alarm"])
    alarms.set("alarm", "ALARM")
    assert [one["NewStateReason"] for one in told.messages()] == ["test"]
    assert alarms.history("alarm", "Action") == [f"Successfully executed action {told.arn}"] * 2


@of_alarms
def test_actions_on_what_is_not_here_fail(alarms: Alarms) -> None:
    group = "arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:id:autoScalingGroupName/g:policyName/p"
    alarms.put(AlarmActions=[group])
    alarms.set("alarm", "ALARM")
    assert alarms.history("alarm", "Action") == [f"Failed to execute action {group}"]


@of_alarms
def test_functions_are_told_more(alarms: Alarms, cloud: Cloud) -> None:
    alarms.put()
    alarms.set("alarm", "ALARM", "testing alarm")
    from hodei.services.cloudwatch.state import alarms as table

    def payload() -> Any:
        ctx = cloud.world.context("cloudwatch", account="000000000000", region="us-east-1")
        alarm = table.get(ctx, "alarm")
        assert alarm
        return json.loads(messages.to_function(ctx, alarm))

    told = payload()
    assert told["source"] == "aws.cloudwatch"
    assert told["alarmData"]["state"]["value"] == "ALARM"
    assert told["alarmData"]["previousState"]["reason"] == "Unchecked: Initial alarm creation"
    (query,) = told["alarmData"]["configuration"]["metrics"]
    assert query["metricStat"] == {
        "metric": {"namespace": "Shop", "name": "m", "dimensions": {}}, "period": 60, "stat": "Sum"
    }  # fmt: skip


@of_alarms
def test_alarms_are_described(alarms: Alarms, cloudwatch: Any) -> None:
    for number in range(60):
        alarms.put(f"a{number:02}", Dimensions=[{"Name": "n", "Value": str(number)}])
    alarms.put("other", AlarmActions=[TOPIC])
    names = [one["AlarmName"] for one in cloudwatch.describe_alarms(AlarmNamePrefix="a")["MetricAlarms"]]
    assert names == [f"a{number:02}" for number in range(50)]
    pages = cloudwatch.get_paginator("describe_alarms").paginate()
    assert sum(len(page["MetricAlarms"]) for page in pages) == 61
    with_action = cloudwatch.describe_alarms(ActionPrefix="arn:aws:sns")["MetricAlarms"]
    assert [one["AlarmName"] for one in with_action] == ["other"]
    alarms.set("a07", "OK")
    assert [one["AlarmName"] for one in cloudwatch.describe_alarms(StateValue="OK")["MetricAlarms"]] == ["a07"]
    of_metric = cloudwatch.describe_alarms_for_metric(
        MetricName="m", Namespace="Shop", Dimensions=[{"Name": "n", "Value": "5"}]
    )
    assert [one["AlarmName"] for one in of_metric["MetricAlarms"]] == ["a05"]
    assert cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["MetricAlarms"] == []
    cloudwatch.delete_alarms(AlarmNames=["a07", "never-there"])
    assert cloudwatch.describe_alarms(AlarmNames=["a07"])["MetricAlarms"] == []
    assert alarms.history("a07")[-1] == 'Alarm "a07" deleted'


@of_alarms
def test_history_is_paged_and_kept_for_30_days(alarms: Alarms, cloudwatch: Any, cloud: Cloud) -> None:
    alarms.put(TreatMissingData="ignore", ActionsEnabled=False)
    for number in range(6):
        alarms.set("alarm", "OK" if number % 2 else "ALARM")
    first = cloudwatch.describe_alarm_history(MaxRecords=4)
    rest = cloudwatch.describe_alarm_history(NextToken=first["NextToken"])
    items = first["AlarmHistoryItems"] + rest["AlarmHistoryItems"]
    assert [item["HistoryItemType"] for item in items] == ["StateUpdate"] * 6 + ["ConfigurationUpdate"]
    assert json.loads(items[0]["HistoryData"])["newState"]["stateValue"] == "OK"
    assert items[0]["AlarmType"] == "MetricAlarm"
    cloudwatch.delete_alarms(AlarmNames=["alarm"])
    cloud.clock.advance(days=31)
    assert cloudwatch.describe_alarm_history()["AlarmHistoryItems"] == []


@of_alarms
def test_what_alarms_are_refused(alarms: Alarms, cloudwatch: Any, refused: Any, cloud: Cloud) -> None:
    def message(**given: Any) -> str:
        error = refused(alarms.put, **given)
        assert error["Code"] == "ValidationError"
        return str(error["Message"])

    assert message(Period=7) == "Period must be 10, 20, 30 or a multiple of 60"
    assert message(Period=300, EvaluationPeriods=300) == (
        "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."
    )
    assert message(AlarmActions=["topic"]) == "Invalid arn syntax: topic"
    assert message(AlarmActions=["arn:aws:sns:eu-west-1:000000000000:t"]) == (
        "Invalid region eu-west-1 specified. Only us-east-1 is supported."
    )
    assert "DatapointsToAlarm" in message(DatapointsToAlarm=2)
    assert "TreatMissingData" in message(TreatMissingData="nonsense")
    assert "mutually exclusive" in message(Metrics=[{"Id": "a", "Expression": "1"}], MetricName="m")
    assert "ExtendedStatistic" in message(ExtendedStatistic="p101")
    missing = refused(cloudwatch.set_alarm_state, AlarmName="none", StateValue="OK", StateReason="x")
    assert (missing["Code"], missing["Message"]) == ("ResourceNotFound", "")
    alarms.put()
    broken = refused(
        cloudwatch.set_alarm_state, AlarmName="alarm", StateValue="OK", StateReason="x", StateReasonData="{"
    )
    assert broken["Code"] == "InvalidFormat"
    assert refused(cloudwatch.set_alarm_state, AlarmName="alarm", StateValue="BAD", StateReason="x")["Code"] == (
        "ValidationError"
    )
    cloud.quota("cloudwatch", "alarms", 1)
    assert refused(alarms.put, name="second")["Code"] == "LimitExceeded"


@of_alarms
def test_tags(alarms: Alarms, cloudwatch: Any, refused: Any) -> None:
    alarms.put(Tags=[{"Key": "a", "Value": "1"}])
    arn = alarms.get()["AlarmArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    alarms.put(Tags=[{"Key": "c", "Value": "3"}])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert refused(cloudwatch.tag_resource, ResourceARN=arn, Tags=[{"Key": "aws:x", "Value": ""}])["Code"] == (
        "InvalidParameterValue"
    )
    cloudwatch.delete_alarms(AlarmNames=["alarm"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
    assert refused(cloudwatch.list_tags_for_resource, ResourceARN="x")["Code"] == "InvalidParameterValue"


@of_alarms
def test_windows_by_the_clock_on_the_wall(alarms: Alarms, data: Any, cloud: Cloud, refused: Any) -> None:
    """The hour is looked at when it is full; a sliding window sees the value at once."""
    alarms.put("wall", Period=3600, EvaluationWindow={"WallClockWindow": {"Timezone": "Europe/Berlin"}})
    alarms.put("sliding", Period=3600, EvaluationWindow={"SlidingWindow": {}})
    data.put("m", 20)
    cloud.clock.advance(minutes=2)
    assert (alarms.state("wall"), alarms.state("sliding")) == ("INSUFFICIENT_DATA", "ALARM")
    cloud.clock.advance(minutes=58)
    assert alarms.state("wall") == "ALARM"
    odd = refused(alarms.put, Period=120, EvaluationWindow={"WallClockWindow": {}})
    assert odd["Code"] == "ValidationError"
    nowhere = refused(alarms.put, EvaluationWindow={"WallClockWindow": {"Timezone": "Nowhere"}})
    assert nowhere["Message"] == "The time zone Nowhere is not known."


@of_alarms
def test_alarms_warm_up(alarms: Alarms, data: Any, cloud: Cloud) -> None:
    warm = {"WarmUpPeriodDurationInMinutes": 10}
    alarms.put("filled", EvaluationPeriods=2, DatapointsToAlarm=1, WarmUpConfiguration=warm)
    whole = warm | {"OnlyStartEvaluatingAfterWarmUpPeriodEnds": True}
    alarms.put("whole", EvaluationPeriods=2, DatapointsToAlarm=1, WarmUpConfiguration=whole)
    for state in ("INSUFFICIENT_DATA", "ALARM"):
        data.put("m", 20)
        cloud.clock.advance(minutes=1)
        assert alarms.state("filled") == state
    assert alarms.state("whole") == "INSUFFICIENT_DATA"
    for _ in range(9):
        data.put("m", 20)
        cloud.clock.advance(minutes=1)
    assert alarms.state("whole") == "ALARM"


@of_alarms
def test_alarms_that_nothing_feeds_sleep(alarms: Alarms, data: Any, cloud: Cloud) -> None:
    """No timer is set while months pass; data wakes them, at once or of the future."""
    alarms.put()
    alarms.put("sums", Metrics=[data.query(id="m1", ReturnData=False), {"Id": "e", "Expression": "m1 * 2"}])
    cloud.clock.advance(minutes=2)
    assert cloud.world.agenda.next_due() is None
    cloud.clock.advance(days=100)
    data.put("m", 20)
    cloud.clock.advance(minutes=1)
    assert (alarms.state(), alarms.state("sums")) == ("ALARM", "ALARM")
    cloud.clock.advance(days=1)
    assert (alarms.state(), alarms.state("sums")) == ("INSUFFICIENT_DATA", "INSUFFICIENT_DATA")
    assert cloud.world.agenda.next_due() is None
    data.put("m", 20, ago=-3600)
    cloud.clock.advance(minutes=5)
    assert alarms.state() == "INSUFFICIENT_DATA"
    cloud.clock.advance(minutes=57)
    assert alarms.state() == "ALARM"


@of_alarms
def test_what_services_record_wakes_alarms(alarms: Alarms, cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    group = {"MetricName": "ConsumedReadCapacityUnits", "Namespace": "AWS/DynamoDB", "Threshold": 0}
    alarms.put(**group, Dimensions=[{"Name": "TableName", "Value": "table"}])
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="table",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
    )
    cloud.clock.advance(hours=1)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    dynamodb.get_item(TableName="table", Key={"k": {"S": "1"}})
    cloud.clock.advance(minutes=1)
    assert alarms.state() == "ALARM"


@pytest.mark.feature("sqs.alarms")
def test_the_depth_of_a_queue_drives_an_alarm(alarms: Alarms, cloud: Cloud, cloudwatch: Any) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    alarms.put(
        MetricName="ApproximateNumberOfMessagesVisible",
        Namespace="AWS/SQS",
        Dimensions=[{"Name": "QueueName", "Value": "orders"}],
        Statistic="Maximum",
        Threshold=2,
    )
    cloud.clock.advance(minutes=1)
    assert alarms.state() == "OK"
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    cloud.clock.advance(minutes=1)
    assert alarms.state() == "ALARM"
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    cloud.clock.advance(hours=1)
    assert alarms.state() == "OK"
    assert alarms.history("alarm", "StateUpdate") == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
    ]
    points = cloudwatch.get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "orders"}],
        StartTime=cloud.clock.now() - timedelta(hours=1),
        EndTime=cloud.clock.now(),
        Period=60,
        Statistics=["Maximum", "SampleCount"],
    )["Datapoints"]
    assert len(points) > 50
    assert {point["SampleCount"] for point in points} == {1}, "one sample a minute"
