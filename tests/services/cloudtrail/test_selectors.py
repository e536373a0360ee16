"""Event selectors: what they let through, and which of them AWS refuses."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import ACCOUNT, REGION, Cloud

from .conftest import names, trail_arn

pytestmark = pytest.mark.feature("cloudtrail.recording")

MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}
DATA = {"Field": "eventCategory", "Equals": ["Data"]}
OBJECTS = {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}


def basic(**given: Any) -> dict[str, Any]:
    return {"EventSelectors": [given]}


def advanced(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"AdvancedEventSelectors": [{"Name": "s", "FieldSelectors": list(fields)}]}


def bucket_values(*values: str) -> list[dict[str, Any]]:
    return [{"Type": "AWS::S3::Object", "Values": list(values)}]


def work(cloud: Cloud, user: Any, client_of: Any) -> None:
    """A bit of everything."""
    s3 = cloud.client("s3")
    for name in ("photos", "papers"):
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="in/a", Body=b"x")
        s3.get_object(Bucket=name, Key="in/a")
    s3.list_objects_v2(Bucket="papers")
    cloud.client("kms").list_keys()
    cloud.client("iam").list_users()
    client_of("sqs", user("ann", "sqs:*")).create_queue(QueueName="orders")


SELECTIONS = {
    "all management events": (basic(), {"ListKeys", "ListUsers", "CreateQueue"}, {"PutObject", "GetObject"}),
    "what only reads": (basic(ReadWriteType="ReadOnly"), {"ListKeys"}, {"CreateQueue", "CreateBucket"}),
    "what changes": (basic(ReadWriteType="WriteOnly"), {"CreateQueue"}, {"ListKeys", "ListUsers"}),
    "not KMS": (basic(ExcludeManagementEventSources=["kms.amazonaws.com"]), {"ListUsers"}, {"ListKeys"}),
    "all objects": (
        basic(IncludeManagementEvents=False, DataResources=bucket_values("arn:aws:s3")),
        {"PutObject", "GetObject", "ListObjects"},
        {"ListKeys", "CreateBucket"},
    ),
    "a bucket": (
        basic(DataResources=bucket_values("arn:aws:s3:::papers/")),
        {"PutObject", "ListObjects", "CreateQueue"},
        set(),
    ),
    "a prefix": (
        basic(IncludeManagementEvents=False, DataResources=bucket_values("arn:aws:s3:::papers/in/")),
        {"PutObject", "GetObject"},
        {"ListObjects"},
    ),
    "objects that are written": (
        advanced(DATA, OBJECTS, {"Field": "readOnly", "Equals": ["false"]}),
        {"PutObject"},
        {"GetObject", "ListObjects", "CreateQueue"},
    ),
    "objects by their ARN": (
        advanced(DATA, OBJECTS, {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::papers/"]}),
        {"PutObject", "GetObject", "ListObjects"},
        {"CreateQueue"},
    ),
    "objects by what is done": (
        advanced(DATA, OBJECTS, {"Field": "eventName", "EndsWith": ["Object"], "NotStartsWith": ["Put"]}),
        {"GetObject"},
        {"PutObject", "ListObjects"},
    ),
    "of no source of these": (
        advanced(MANAGEMENT, {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com", "s3.amazonaws.com"]}),
        {"ListUsers", "CreateQueue"},
        {"ListKeys", "CreateBucket"},
    ),
    "by a user": (
        advanced(MANAGEMENT, {"Field": "userIdentity.arn", "EndsWith": [":user/ann"]}),
        {"CreateQueue"},
        {"ListUsers", "CreateBucket"},
    ),
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_what_they_let_through(
    cloud: Cloud, cloudtrail: Any, logging: Any, files: Any, user: Any, client_of: Any, name: str
) -> None:
    selectors, taken, left = SELECTIONS[name]
    logging()
    cloudtrail.put_event_selectors(TrailName="main", **selectors)
    work(cloud, user, client_of)
    cloud.clock.advance(minutes=5)
    found = set(names(files()))
    assert taken <= found, taken - found
    assert not left & found


def test_of_one_bucket_and_not_the_other(cloud: Cloud, cloudtrail: Any, logging: Any, files: Any) -> None:
    logging()
    cloudtrail.put_event_selectors(
        TrailName="main", **basic(IncludeManagementEvents=False, DataResources=bucket_values("arn:aws:s3:::papers/"))
    )
    s3 = cloud.client("s3")
    for name in ("photos", "papers"):
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="k", Body=b"x")
    cloud.clock.advance(minutes=5)
    (record,) = [record for file in files().values() for record in file["Records"]]
    arn = "arn:aws:s3:::papers"
    assert record["resources"] == [
        {"type": "AWS::S3::Object", "ARN": f"{arn}/k"},
        {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": arn},
    ]
    assert (record["managementEvent"], record["eventCategory"]) == (False, "Data")


def test_they_are_told_and_take_each_others_place(cloudtrail: Any, bucket: str, refused: Any) -> None:
    cloudtrail.create_trail(Name="main", S3BucketName=bucket)
    arn = trail_arn("main")
    default = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
    told = cloudtrail.get_event_selectors(TrailName="main")
    assert (told["TrailARN"], told["EventSelectors"]) == (arn, [default])
    assert "AdvancedEventSelectors" not in told
    cloudtrail.put_event_selectors(TrailName="main", **advanced(MANAGEMENT))
    assert cloudtrail.get_trail(Name="main")["Trail"]["HasCustomEventSelectors"]
    told = cloudtrail.get_event_selectors(TrailName=arn)
    assert told["AdvancedEventSelectors"] == advanced(MANAGEMENT)["AdvancedEventSelectors"]
    assert "EventSelectors" not in told
    answer = cloudtrail.put_event_selectors(TrailName="main", **basic(ReadWriteType="ReadOnly"))
    assert answer["EventSelectors"] == [default | {"ReadWriteType": "ReadOnly"}]
    with refused("InsightNotEnabledException"):
        cloudtrail.get_insight_selectors(TrailName="main")


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {**basic(), **advanced(MANAGEMENT)},
        {"EventSelectors": [{}] * 6},
        basic(ExcludeManagementEventSources=["s3.amazonaws.com"]),
        basic(DataResources=[{"Type": "AWS::SQS::Queue", "Values": ["arn:aws:sqs"]}]),
        basic(DataResources=bucket_values("arn:aws:s3:::*")),
        basic(DataResources=bucket_values("arn:aws:s3:::papers")),
        basic(DataResources=bucket_values(*(f"arn:aws:s3:::b-{n:03}/" for n in range(251)))),
        basic(DataResources=[{"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda:*"]}]),
        {"AdvancedEventSelectors": []},
        advanced({"Field": "readOnly", "Equals": ["true"]}),
        advanced({"Field": "eventCategory", "Equals": ["Everything"]}),
        advanced({"Field": "eventCategory", "NotEquals": ["Data"]}),
        advanced(DATA),
        advanced(DATA, {"Field": "resources.type", "Equals": ["AWS::S3::Object", "AWS::SQS::Queue"]}),
        advanced(DATA, {"Field": "resources.type", "StartsWith": ["AWS::S3"]}),
        advanced(MANAGEMENT, {"Field": "resources.ARN", "Equals": ["arn:aws:s3:::b"]}),
        advanced(MANAGEMENT, {"Field": "colour", "Equals": ["red"]}),
        advanced(MANAGEMENT, {"Field": "readOnly", "Equals": ["yes"]}),
        advanced(MANAGEMENT, {"Field": "readOnly"}),
        advanced(MANAGEMENT, MANAGEMENT),
        advanced(MANAGEMENT, {"Field": "eventName", "Equals": [f"e{n}" for n in range(500)]}),
    ],
)
def test_which_are_refused(cloudtrail: Any, bucket: str, refused: Any, wrong: dict[str, Any]) -> None:
    cloudtrail.create_trail(Name="main", S3BucketName=bucket)
    with refused("InvalidEventSelectorsException"):
        cloudtrail.put_event_selectors(TrailName="main", **wrong)


def test_the_message_for_a_value(cloudtrail: Any, bucket: str, refused: Any) -> None:
    cloudtrail.create_trail(Name="main", S3BucketName=bucket)
    with refused("InvalidEventSelectorsException", "Value arn:aws:s3:::* for DataResources.Values is invalid."):
        cloudtrail.put_event_selectors(TrailName="main", **basic(DataResources=bucket_values("arn:aws:s3:::*")))


def test_events_are_kept_no_longer_than_trails_need_them(
    cloud: Cloud, cloudtrail: Any, logging: Any, files: Any
) -> None:
    from hodei.kernel.tables import Place

    logging()
    cloudtrail.put_event_selectors(TrailName="main", **basic(DataResources=bucket_values("arn:aws:s3")))
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="papers")
    s3.put_object(Bucket="papers", Key="k", Body=b"x")

    def kept() -> int:
        world = cloud.world
        world.ledger.flush()
        return sum(1 for _ in world.ledger.audit.data.scan(Place(world.store, ACCOUNT, REGION)))

    assert cloud._runner.call(kept) == 1
    cloud.clock.advance(minutes=10)
    assert "PutObject" in names(files())
    s3.put_object(Bucket="papers", Key="later", Body=b"x")
    cloud.clock.advance(minutes=10)
    assert cloud._runner.call(kept) == 1  # the last: what has come a minute before a delivery goes with the next
    cloudtrail.stop_logging(Name="main")
    s3.put_object(Bucket="papers", Key="unseen", Body=b"x")
    assert cloud._runner.call(kept) <= 1
