from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.kernel.manifest import all_manifests
from hodei.testing import Cloud

TABLES = {"ServiceCode": "dynamodb", "QuotaCode": "L-F98FE922"}
BUCKETS = {"ServiceCode": "s3", "QuotaCode": "L-DC2B2D3D"}
USERS_PER_ACCOUNT = {"ServiceCode": "iam", "QuotaCode": "L-F55AF5E4"}
ACCOUNT = "000000000000"
TABLES_ARN = f"arn:aws:servicequotas:us-east-1:{ACCOUNT}:dynamodb/L-F98FE922"


@pytest.fixture
def quotas(cloud: Cloud) -> Any:
    return cloud.client("service-quotas")


def refusal(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def make_table(cloud: Cloud, name: str) -> Any:
    return cloud.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


# what there is


@pytest.mark.feature("cloud.soft-limits")
def test_every_quota_with_a_code_is_listed_under_its_service(quotas: Any) -> None:
    services = {one["ServiceCode"]: one["ServiceName"] for one in quotas.list_services()["Services"]}
    assert services["dynamodb"] == "Amazon DynamoDB"
    assert "sqs" not in services, "AWS has no codes for its quotas"
    listed = {
        (service, quota["QuotaCode"])
        for service in services
        for quota in quotas.list_service_quotas(ServiceCode=service)["Quotas"]
    }
    codes = [quota.code for manifest in all_manifests().values() for quota in manifest.quotas.values() if quota.code]
    assert sorted(code for _, code in listed) == sorted(codes)


def test_a_quota(quotas: Any) -> None:
    told = {
        "ServiceCode": "dynamodb",
        "ServiceName": "Amazon DynamoDB",
        "QuotaArn": TABLES_ARN,
        "QuotaCode": "L-F98FE922",
        "QuotaName": "Maximum number of tables",
        "Value": 2500.0,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }
    assert quotas.get_service_quota(**TABLES)["Quota"] == told
    default = quotas.get_aws_default_service_quota(**TABLES)["Quota"]
    assert default["QuotaArn"] == "arn:aws:servicequotas:us-east-1::dynamodb/L-F98FE922"
    assert default["Value"] == 2500
    (one,) = quotas.list_service_quotas(**TABLES)["Quotas"]
    assert one == told
    assert quotas.list_service_quotas(**TABLES, QuotaAppliedAtLevel="RESOURCE")["Quotas"] == []


def test_a_request_rate_is_a_quota_by_the_second_and_differs_by_region(cloud: Cloud, quotas: Any) -> None:
    symmetric = {"ServiceCode": "kms", "QuotaCode": "L-6E3AF000"}
    told = quotas.get_service_quota(**symmetric)["Quota"]
    assert (told["Value"], told["Period"]) == (100_000, {"PeriodValue": 1, "PeriodUnit": "SECOND"})
    far = cloud.client("service-quotas", region_name="sa-east-1")
    assert far.get_aws_default_service_quota(**symmetric)["Quota"]["Value"] == 10_000


def test_global_quotas_are_in_us_east_1_only(cloud: Cloud, quotas: Any) -> None:
    assert quotas.get_service_quota(**USERS_PER_ACCOUNT)["Quota"]["GlobalQuota"] is True
    elsewhere = cloud.client("service-quotas", region_name="eu-west-1")
    assert refusal(elsewhere.get_service_quota, **USERS_PER_ACCOUNT)[0] == "NoSuchResourceException"
    assert elsewhere.list_service_quotas(ServiceCode="iam")["Quotas"] == []


def test_lists_come_in_pages(quotas: Any) -> None:
    for operation, params, key in (
        ("list_services", {}, "Services"),
        ("list_service_quotas", {"ServiceCode": "iam"}, "Quotas"),
        ("list_aws_default_service_quotas", {"ServiceCode": "iam"}, "Quotas"),
    ):
        whole = getattr(quotas, operation)(**params)[key]
        pages = quotas.get_paginator(operation).paginate(**params, PaginationConfig={"PageSize": 2})
        parts = [page[key] for page in pages]
        assert [item for part in parts for item in part] == whole
        assert [len(part) for part in parts[:-1]] == [2] * (len(parts) - 1)
        assert len(parts) > 1


def test_tokens_are_of_their_operation(quotas: Any) -> None:
    token = quotas.list_services(MaxResults=1)["NextToken"]
    for bad in ("AAAA", token):
        code, _ = refusal(quotas.list_service_quotas, ServiceCode="iam", NextToken=bad)
        assert code == "InvalidPaginationTokenException"


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        ("get_service_quota", {**TABLES, "ServiceCode": "DynamoDB"}, "NoSuchResourceException", "specified service"),
        ("get_service_quota", {**TABLES, "QuotaCode": "L-00000000"}, "NoSuchResourceException", "specified quota"),
        ("get_service_quota", {**TABLES, "ContextId": "arn:x"}, "NoSuchResourceException", "specified context Id"),
        ("get_aws_default_service_quota", {**TABLES, "QuotaCode": "L-0"}, "NoSuchResourceException", "quota"),
        ("list_service_quotas", {"ServiceCode": "nosuch"}, "NoSuchResourceException", "specified service"),
        ("list_aws_default_service_quotas", {"ServiceCode": "sqs"}, "NoSuchResourceException", "specified service"),
        ("get_requested_service_quota_change", {"RequestId": "nosuch"}, "NoSuchResourceException", "request"),
        (
            "request_service_quota_increase",
            {**TABLES, "DesiredValue": 2500},
            "IllegalArgumentException",
            "You must provide a quota value greater than the current quota value",
        ),
        (
            "request_service_quota_increase",
            {**USERS_PER_ACCOUNT, "DesiredValue": 6000},
            "IllegalArgumentException",
            "not adjustable",
        ),
        (
            "request_service_quota_increase",
            {**TABLES, "DesiredValue": 3000, "ContextId": "x"},
            "NoSuchResourceException",
            "context",
        ),
        ("list_requested_service_quota_change_history", {"ServiceCode": "nosuch"}, "NoSuchResourceException", ""),
        (
            "list_requested_service_quota_change_history_by_quota",
            {**TABLES, "QuotaCode": "L-0"},
            "NoSuchResourceException",
            "",
        ),
    ],
)
def test_what_is_not_there_is_refused(
    quotas: Any, operation: str, params: dict[str, Any], code: str, message: str
) -> None:
    told = refusal(getattr(quotas, operation), **params)
    assert told[0] == code
    assert message in told[1]


# more


@pytest.mark.feature("cloud.soft-limits")
def test_an_increase_is_granted_by_the_clock_and_then_holds(cloud: Cloud, quotas: Any) -> None:
    cloud.clock.freeze()
    cloud.quota("dynamodb", "tables", 1)
    make_table(cloud, "one")
    assert refusal(make_table, cloud=cloud, name="two")[0] == "LimitExceededException"
    asked = quotas.request_service_quota_increase(**TABLES, DesiredValue=2)["RequestedQuota"]
    assert (asked["Status"], asked["DesiredValue"], asked["QuotaArn"]) == ("PENDING", 2, TABLES_ARN)
    assert json.loads(asked["Requester"]) == {"accountId": ACCOUNT, "callerArn": f"arn:aws:iam::{ACCOUNT}:root"}
    cloud.clock.advance(seconds=299)
    assert refusal(make_table, cloud=cloud, name="two")[0] == "LimitExceededException"
    cloud.clock.advance(seconds=1)
    got = quotas.get_requested_service_quota_change(RequestId=asked["Id"])["RequestedQuota"]
    assert got["Status"] == "APPROVED"
    assert (got["LastUpdated"] - got["Created"]).total_seconds() == 300
    assert quotas.get_service_quota(**TABLES)["Quota"]["Value"] == 2
    assert quotas.get_aws_default_service_quota(**TABLES)["Quota"]["Value"] == 2500
    make_table(cloud, "two")
    assert refusal(make_table, cloud=cloud, name="three")[0] == "LimitExceededException"


@pytest.mark.feature("cloud.soft-limits")
def test_an_increase_holds_in_its_account_and_region_a_global_one_everywhere(cloud: Cloud, quotas: Any) -> None:
    cloud.set("service-quotas", "approval-seconds", 0.0)
    quotas.request_service_quota_increase(**TABLES, DesiredValue=3000)
    cloud.clock.advance(seconds=1)
    values = [
        cloud.client("service-quotas", **place).get_service_quota(**TABLES)["Quota"]["Value"]
        for place in ({}, {"region_name": "eu-west-1"}, {"account": "111122223333"})
    ]
    assert values == [3000, 2500, 2500]
    cloud.quota("s3", "buckets", 1)
    far = cloud.client("s3", region_name="eu-west-1")
    place = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    far.create_bucket(Bucket="bucket-one", **place)
    assert refusal(far.create_bucket, Bucket="bucket-two", **place)[0] == "TooManyBuckets"
    quotas.request_service_quota_increase(**BUCKETS, DesiredValue=2)
    cloud.clock.advance(seconds=1)
    far.create_bucket(Bucket="bucket-two", **place)


@pytest.mark.feature("cloud.soft-limits", "cloud.throttling")
def test_a_request_rate_is_raised_so(cloud: Cloud, quotas: Any) -> None:
    cloud.clock.freeze()
    cloud.limits("aws")
    quotas.request_service_quota_increase(ServiceCode="kms", QuotaCode="L-32B67F4A", DesiredValue=6)
    cloud.clock.advance(minutes=5)
    kms = cloud.client("kms", config=Config(retries={"mode": "standard", "total_max_attempts": 1}))
    for _ in range(6):
        kms.create_key()
    assert refusal(kms.create_key)[0] == "ThrottlingException"


def test_one_open_request_a_quota(cloud: Cloud, quotas: Any) -> None:
    cloud.clock.freeze()
    quotas.request_service_quota_increase(**TABLES, DesiredValue=3000)
    assert refusal(quotas.request_service_quota_increase, **TABLES, DesiredValue=4000) == (
        "ResourceAlreadyExistsException",
        "Only one open service quota increase request is allowed per quota.",
    )
    quotas.request_service_quota_increase(**BUCKETS, DesiredValue=20000)
    cloud.clock.advance(minutes=5)
    quotas.request_service_quota_increase(**TABLES, DesiredValue=4000)


def test_the_history_of_requests(cloud: Cloud, quotas: Any) -> None:
    cloud.clock.freeze()
    first = quotas.request_service_quota_increase(**TABLES, DesiredValue=3000)["RequestedQuota"]["Id"]
    cloud.clock.advance(minutes=5)
    second = quotas.request_service_quota_increase(**TABLES, DesiredValue=4000)["RequestedQuota"]["Id"]
    cloud.clock.advance(seconds=1)
    third = quotas.request_service_quota_increase(**BUCKETS, DesiredValue=20000)["RequestedQuota"]["Id"]

    def ids(operation: str, **params: Any) -> list[str]:
        return [one["Id"] for one in getattr(quotas, operation)(**params)["RequestedQuotas"]]

    history, by_quota = (
        "list_requested_service_quota_change_history",
        "list_requested_service_quota_change_history_by_quota",
    )
    assert ids(history) == [third, second, first]
    assert ids(history, ServiceCode="dynamodb") == ids(by_quota, **TABLES) == [second, first]
    assert ids(history, Status="APPROVED") == ids(by_quota, **TABLES, Status="APPROVED") == [first]
    assert ids(history, QuotaRequestedAtLevel="RESOURCE") == []
    page = quotas.list_requested_service_quota_change_history(MaxResults=2)
    assert ids(history, NextToken=page["NextToken"]) == [first]
    cloud.clock.advance(days=91)
    assert ids(history) == []


# tags


def test_a_quota_is_tagged(quotas: Any) -> None:
    quotas.tag_resource(ResourceARN=TABLES_ARN, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    quotas.untag_resource(ResourceARN=TABLES_ARN, TagKeys=["a"])
    assert quotas.list_tags_for_resource(ResourceARN=TABLES_ARN)["Tags"] == [{"Key": "b", "Value": "2"}]
    many = [{"Key": f"k{n}", "Value": ""} for n in range(50)]
    assert refusal(quotas.tag_resource, ResourceARN=TABLES_ARN, Tags=many)[0] == "TooManyTagsException"
    reserved = [{"Key": "aws:x", "Value": ""}]
    assert refusal(quotas.tag_resource, ResourceARN=TABLES_ARN, Tags=reserved)[0] == "IllegalArgumentException"


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:servicequotas:eu-west-1:{ACCOUNT}:dynamodb/L-F98FE922",
        "arn:aws:servicequotas:us-east-1:111122223333:dynamodb/L-F98FE922",
        f"arn:aws:servicequotas:us-east-1:{ACCOUNT}:dynamodb/L-00000000",
        f"arn:aws:sqs:us-east-1:{ACCOUNT}:q",
    ],
)
def test_what_is_no_quota_here_has_no_tags(quotas: Any, arn: str) -> None:
    assert refusal(quotas.list_tags_for_resource, ResourceARN=arn)[0] == "NoSuchResourceException"
