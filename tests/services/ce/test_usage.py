from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from hodei.testing import ACCOUNT, Cloud

from .conftest import ALL_METRICS, MEMBER, by, groups, is_, join, period

pytestmark = pytest.mark.feature("cloud.pay-per-use")
Refused = Callable[..., AbstractContextManager[None]]

DAILY = {"TimePeriod": period(), "Granularity": "DAILY", "Metrics": ["UsageQuantity"]}
MONTHLY = {**DAILY, "Granularity": "MONTHLY"}


def queue(cloud: Cloud, name: str = "orders", **options: Any) -> None:
    """Two requests."""
    tags = options.pop("tags", {})
    sqs = cloud.client("sqs", **options)
    sqs.send_message(QueueUrl=sqs.create_queue(QueueName=name, tags=tags)["QueueUrl"], MessageBody="x")


def test_a_month_in_total(june: Cloud, ce: Any) -> None:
    june.client("kms").create_key()
    june.clock.advance(days=15)
    answer = ce.get_cost_and_usage(
        **{**MONTHLY, "Metrics": ALL_METRICS}, Filter=is_("USAGE_TYPE", "us-east-1-KMS-Keys")
    )
    (result,) = answer["ResultsByTime"]
    assert result["TimePeriod"] == {"Start": "2030-06-01", "End": "2030-07-01"}
    assert result["Estimated"] is True
    assert result["Groups"] == []
    usd, keys = {"Amount": "0.5", "Unit": "USD"}, {"Amount": "0.5", "Unit": "Keys"}
    costs = dict.fromkeys([name for name in ALL_METRICS if name.endswith("Cost")], usd)
    assert result["Total"] == {**costs, "UsageQuantity": keys, "NormalizedUsageAmount": {"Amount": "0", "Unit": "N/A"}}
    assert "GroupDefinitions" not in answer and "NextPageToken" not in answer


def test_each_day(june: Cloud, ce: Any) -> None:
    june.client("sqs").list_queues()
    june.clock.advance(days=1)
    for _ in range(3):
        june.client("sqs").list_queues()
    asked = {**DAILY, "TimePeriod": period("2030-06-09", "2030-06-13")}
    results = ce.get_cost_and_usage(**asked, Filter=is_("SERVICE", "Amazon Simple Queue Service"))["ResultsByTime"]
    days = {result["TimePeriod"]["Start"]: float(result["Total"]["UsageQuantity"]["Amount"]) for result in results}
    assert days == {"2030-06-09": 0, "2030-06-10": 1, "2030-06-11": 3, "2030-06-12": 0}


def test_each_hour(june: Cloud, ce: Any) -> None:
    june.client("sqs").list_queues()
    june.clock.advance(hours=2)
    june.client("sqs").list_queues()
    span = period("2030-06-10T00:00:00Z", "2030-06-10T03:00:00Z")
    asked = {**DAILY, "TimePeriod": span, "Granularity": "HOURLY"}
    results = ce.get_cost_and_usage(**asked, Filter=is_("SERVICE", "Amazon Simple Queue Service"))["ResultsByTime"]
    assert [float(result["Total"]["UsageQuantity"]["Amount"]) for result in results] == [1, 0, 1]
    assert results[1]["TimePeriod"] == {"Start": "2030-06-10T01:00:00Z", "End": "2030-06-10T02:00:00Z"}


def test_past_months_are_final_and_the_ends_of_a_span_are_cut(ce: Any) -> None:
    asked = {**MONTHLY, "TimePeriod": period("2030-04-20", "2030-06-05")}
    results = ce.get_cost_and_usage(**asked)["ResultsByTime"]
    assert [(one["TimePeriod"]["Start"], one["TimePeriod"]["End"], one["Estimated"]) for one in results] == [
        ("2030-04-20", "2030-05-01", False),
        ("2030-05-01", "2030-06-01", False),
        ("2030-06-01", "2030-06-05", True),
    ]


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        ("SERVICE", {("Amazon Simple Queue Service",): 4}),
        ("REGION", {("eu-west-1",): 2, ("us-east-1",): 2}),
        ("USAGE_TYPE", {("EU-Requests-Tier1",): 2, ("Requests-RBP",): 2}),
        ("OPERATION", {("CreateQueue",): 2, ("SendMessage",): 2}),
        ("RECORD_TYPE", {("Usage",): 4}),
        ("LINKED_ACCOUNT", {(ACCOUNT,): 4}),
        ("INSTANCE_TYPE", {("NoInstanceType",): 4}),
        ("LEGAL_ENTITY_NAME", {("Amazon Web Services, Inc.",): 4}),
    ],
)
def test_groups_by_a_dimension(june: Cloud, ce: Any, dimension: str, expected: dict[tuple[str, ...], float]) -> None:
    queue(june)
    queue(june, region_name="eu-west-1")
    answer = ce.get_cost_and_usage(
        **MONTHLY, GroupBy=by(dimension), Filter=is_("SERVICE", "Amazon Simple Queue Service")
    )
    assert groups(answer) == expected
    assert answer["GroupDefinitions"] == by(dimension)
    assert answer["ResultsByTime"][0]["Total"] == {}


def test_two_groups_and_tags(june: Cloud, ce: Any) -> None:
    queue(june, tags={"team": "shop"})
    queue(june, "bare")
    tagged = by("OPERATION") + by("team", kind="TAG")
    answer = ce.get_cost_and_usage(**MONTHLY, GroupBy=tagged, Filter=is_("OPERATION", "SendMessage"))
    assert groups(answer) == {("SendMessage", "team$"): 1, ("SendMessage", "team$shop"): 1}


def test_filters(june: Cloud, ce: Any) -> None:
    queue(june, tags={"team": "shop"})
    queue(june, "other", tags={"team": "data"})
    queue(june, "bare")
    sends = is_("OPERATION", "SendMessage", MatchOptions=["EQUALS", "CASE_SENSITIVE"])

    def tag(*values: str, **more: Any) -> dict[str, Any]:
        return {"Tags": {"Key": "team", "Values": list(values), **more}}

    def total(only: dict[str, Any]) -> float:
        (result,) = ce.get_cost_and_usage(**MONTHLY, Filter={"And": [sends, only]})["ResultsByTime"]
        return float(result["Total"]["UsageQuantity"]["Amount"])

    assert total(tag("shop")) == 1
    assert total(tag("shop", "data")) == 2
    assert total({"Tags": {"Key": "team", "MatchOptions": ["ABSENT"]}}) == 1
    assert total({"Not": tag("shop")}) == 2
    assert total({"Or": [tag("shop"), is_("REGION", "eu-west-1")]}) == 1
    assert total(tag("Shop")) == 0
    assert total(is_("LINKED_ACCOUNT", MEMBER)) == 0


def test_single_resources(june: Cloud, ce: Any) -> None:
    queue(june)
    queue(june, "other")
    asked = {**DAILY, "TimePeriod": period("2030-06-10", "2030-06-11")}
    answer = ce.get_cost_and_usage_with_resources(
        **asked, GroupBy=by("RESOURCE_ID"), Filter=is_("SERVICE", "Amazon Simple Queue Service")
    )
    orders, other = (f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}" for name in ("orders", "other"))
    assert groups(answer) == {(orders,): 1, (other,): 1, ("NoResourceId",): 2}
    only = ce.get_cost_and_usage_with_resources(**asked, Filter=is_("RESOURCE_ID", orders))
    assert only["ResultsByTime"][0]["Total"]["UsageQuantity"]["Amount"] == "1"


@pytest.mark.feature("organizations.accounts")
def test_one_bill_for_all_accounts(june: Cloud, ce: Any) -> None:
    """The management account sees what each member has used, and pays for it; a member sees its own."""
    join(june)
    queue(june)
    queue(june, account=MEMBER)
    queue(june, account="333333333333")
    asked = {**MONTHLY, "Filter": is_("OPERATION", "SendMessage"), "GroupBy": by("LINKED_ACCOUNT")}
    answer = ce.get_cost_and_usage(**asked)
    assert groups(answer) == {(ACCOUNT,): 1, (MEMBER,): 1}
    assert {one["Value"] for one in answer["DimensionValueAttributes"]} == {ACCOUNT, MEMBER}
    assert groups(june.client("ce", account=MEMBER).get_cost_and_usage(**asked)) == {(MEMBER,): 1}
    payers = june.client("ce", account=MEMBER).get_dimension_values(TimePeriod=period(), Dimension="PAYER_ACCOUNT")
    assert [one["Value"] for one in payers["DimensionValues"]] == [ACCOUNT]


@pytest.mark.feature("organizations.accounts")
def test_members_share_free_amounts_and_rates(june: Cloud, ce: Any) -> None:
    join(june)
    for account in (ACCOUNT, MEMBER):

        def count(account: str = account) -> None:
            ctx = june.world.context("sqs", account=account, region="us-east-1", operation="SendMessage")
            ctx.meter("requests", 1_000_000)

        june._runner.call(count)
        june.clock.advance(hours=1)
    metrics = ["UnblendedCost", "BlendedCost"]
    asked = {
        **MONTHLY,
        "Metrics": metrics,
        "Filter": is_("USAGE_TYPE", "Requests-RBP"),
        "GroupBy": by("LINKED_ACCOUNT"),
    }
    answer = ce.get_cost_and_usage(**asked)
    assert groups(answer, "UnblendedCost") == {(ACCOUNT,): 0, (MEMBER,): pytest.approx(0.4)}
    assert groups(answer, "BlendedCost") == {(ACCOUNT,): pytest.approx(0.2), (MEMBER,): pytest.approx(0.2)}


def test_asking_costs_a_cent(june: Cloud, ce: Any) -> None:
    ce.get_cost_and_usage(**MONTHLY)
    ce.get_tags(TimePeriod=period())
    assert june.bill.total(usage_type="USE1-APIRequest") == pytest.approx(0.02)


def test_pages(june: Cloud, ce: Any, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hodei.services.ce.usage.PAGE", 10)
    june.client("sqs").list_queues()
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = ce.get_cost_and_usage(**DAILY, **token)
        seen += [result["TimePeriod"]["Start"] for result in answer["ResultsByTime"]]
        if "NextPageToken" not in answer:
            break
        token = {"NextPageToken": answer["NextPageToken"]}
    assert seen == [f"2030-06-{day:02}" for day in range(1, 31)]
    with refused("RequestChangedException", "Your request parameters changed between pages"):
        ce.get_cost_and_usage(**MONTHLY, **token)
    with refused("InvalidNextTokenException", "The pagination token is invalid"):
        ce.get_cost_and_usage(**DAILY, NextPageToken="nonsense")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"TimePeriod": period("2030-06-02", "2030-06-02")},
            "Start date (and hour) should be before end date (and hour)",
        ),
        ({"TimePeriod": period("2030-06-02", "2030-07-02")}, "end date past the beginning of next month"),
        ({"TimePeriod": period("2029-03-31", "2030-06-02")}, "You haven't enabled historical data beyond 14 months."),
        ({"TimePeriod": period("2030-02-30", "2030-06-02")}, "Dates have to be given as"),
        ({"TimePeriod": period("2030-06-01T00:00:00Z", "2030-06-02T00:00:00Z")}, "Hourly timePeriod is not supported"),
        (
            {"Granularity": "HOURLY", "TimePeriod": period("2030-05-26T00:00:00Z", "2030-06-02T00:00:00Z")},
            "Start date is more than 14 days ago for hourly granularity.",
        ),
        ({"GroupBy": by("")}, "Group Definition is invalid. Both type an key need to be set to a non-empty value."),
        (
            {"GroupBy": by("TAGS")},
            "Group Definition dimension is invalid. Valid values are AZ, INSTANCE_TYPE, LINKED_ACCOUNT",
        ),
        ({"GroupBy": by("RESOURCE_ID")}, "Group Definition dimension is invalid."),
        ({"GroupBy": by("AZ", "REGION", "SERVICE")}, "two groups"),
        ({"Metrics": ["Costs"]}, "Valid values are AmortizedCost"),
        ({"Filter": {}}, "Expression has zero or more than one roots. Only one root operator is allowed"),
        ({"Filter": {**is_("AZ", "a"), "Not": is_("AZ", "b")}}, "Expression has zero or more than one roots."),
        ({"Filter": {"And": [is_("AZ", "a")]}}, "And expression must have at least 2 operands"),
        ({"Filter": {"Or": []}}, "Or expression must have at least 2 operands"),
        ({"Filter": is_("RESOURCE_ID", "a")}, "Dimension not valid. Valid values are"),
        ({"Filter": is_("AZ", "a", MatchOptions=["CONTAINS"])}, "Valid values are EQUALS, CASE_SENSITIVE"),
        ({"Filter": is_("AZ")}, "at least one value"),
    ],
)
def test_what_is_wrong_is_said(ce: Any, refused: Refused, wrong: dict[str, Any], message: str) -> None:
    with refused("ValidationException", message):
        ce.get_cost_and_usage(**{**DAILY, **wrong})


def test_resources_need_their_dimension_and_are_kept_for_14_days(ce: Any, refused: Refused) -> None:
    asked = {**DAILY, "TimePeriod": period("2030-06-01", "2030-06-10"), "Filter": is_("REGION", "eu-west-1")}
    with refused("ValidationException", "RESOURCE_ID"):
        ce.get_cost_and_usage_with_resources(**asked)
    old = {**asked, "TimePeriod": period("2030-05-20", "2030-06-10")}
    with refused("ValidationException", "Start date is more than 14 days ago"):
        ce.get_cost_and_usage_with_resources(**old, GroupBy=by("RESOURCE_ID"))


@pytest.mark.parametrize("kind", ["COST_CATEGORY", "PRODUCT_ATTRIBUTE"])
def test_what_is_not_here_is_said(ce: Any, refused: Refused, kind: str) -> None:
    with refused("NotImplemented", status=501):
        ce.get_cost_and_usage(**DAILY, GroupBy=by("team", kind=kind))
    with refused("NotImplemented", "CostCategories", status=501):
        ce.get_cost_and_usage(**DAILY, Filter={"CostCategories": {"Key": "team", "Values": ["shop"]}})


def test_each_operation_needs_its_permission(june: Cloud, refused: Refused) -> None:
    iam = june.client("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    ce = june.client("ce", **keys)
    resource = f"arn:aws:ce:us-east-1:{ACCOUNT}:/GetCostAndUsage"
    with refused("AccessDeniedException", f"to perform: ce:GetCostAndUsage on resource: {resource} because"):
        ce.get_cost_and_usage(**MONTHLY)
    allow = {"Effect": "Allow", "Action": "ce:GetCostAndUsage", "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": allow})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
    ce.get_cost_and_usage(**MONTHLY)
    with refused("AccessDeniedException", "ce:GetTags"):
        ce.get_tags(TimePeriod=period())
