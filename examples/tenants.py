"""Tenants that share a table and cannot see each other's rows, and everything that an operator asks about it: why a
call was denied, which permissions a job needs, what becomes of old data when its key is rotated or disabled, who did
what, and what it costs.

    python examples/tenants.py

It starts a Hodei of its own; boto3, the aws CLI and `hodei` are the only clients, and everything is checked.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from server import REGION, Hodei

ACCOUNT = "000000000000"
TABLE, LOGS, TRAIL = "notes", "notes-audit-logs", "audit"
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"
TRAIL_ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{TRAIL}"
DATA_PLANE = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]

# what is there


def role(hodei: Hodei, name: str, trust: dict[str, Any], *statements: dict[str, Any]) -> None:
    """A role for the account's own principals."""
    iam = hodei.client("iam")
    trusting = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, **trust}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trusting))
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(actions: list[str], resource: str, **conditions: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return {**statement, "Condition": conditions} if conditions else statement


def of_tenant(tenant: str) -> dict[str, Any]:
    """Leave to use the table's rows whose partition key is that."""
    return {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [tenant]}}


def make_table(hodei: Hodei) -> str:
    """The table, under a key of its own that rotates by itself. Returns the key."""
    kms, dynamodb = hodei.client("kms"), hodei.client("dynamodb")
    key: str = kms.create_key(Description="of the tenants' notes")["KeyMetadata"]["Arn"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("tenant", "note")],
        KeySchema=[{"AttributeName": "tenant", "KeyType": "HASH"}, {"AttributeName": "note", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        Tags=[{"Key": "app", "Value": "notes"}],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=TABLE)
    return key


def make_roles(hodei: Hodei, key: str) -> None:
    """Tenants by a role each, tenants by a tag of one role's sessions, support that sees titles only, a nightly job."""
    assume = {"Action": "sts:AssumeRole"}
    through = {"StringEquals": {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}}
    decrypt = allow(["kms:Decrypt"], key, **through)  # whoever uses a table uses its key
    role(hodei, "acme", assume, decrypt, allow(DATA_PLANE, TABLE_ARN, **of_tenant("acme")))
    tagged = {"Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": {"Null": {"aws:RequestTag/tenant": "false"}}}
    role(hodei, "tenant", tagged, decrypt, allow(DATA_PLANE, TABLE_ARN, **of_tenant("${aws:PrincipalTag/tenant}")))
    titles = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["tenant", "note", "title"]},
        "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    }
    role(hodei, "support", assume, decrypt, allow(["dynamodb:Query"], TABLE_ARN, **titles))
    role(hodei, "nightly", assume, allow(["dynamodb:*", "kms:*", "s3:*"], "*"))


def make_trail(hodei: Hodei) -> None:
    """Who did what to the table, as files in S3 whose digests are signed."""
    s3, cloudtrail = hodei.client("s3"), hodei.client("cloudtrail")
    s3.create_bucket(Bucket=LOGS)
    service = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceArn": TRAIL_ARN}},
    }
    look = {**service, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{LOGS}"}
    write = {**service, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{LOGS}/AWSLogs/{ACCOUNT}/*"}
    s3.put_bucket_policy(Bucket=LOGS, Policy=document(look, write))
    cloudtrail.create_trail(Name=TRAIL, S3BucketName=LOGS, EnableLogFileValidation=True)
    of_tables = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]},
    ]
    management = [{"Field": "eventCategory", "Equals": ["Management"]}]
    cloudtrail.put_event_selectors(
        TrailName=TRAIL,
        AdvancedEventSelectors=[
            {"Name": "the notes", "FieldSelectors": of_tables},
            {"Name": "everything else", "FieldSelectors": management},
        ],
    )
    cloudtrail.start_logging(Name=TRAIL)


# who uses it


def session(hodei: Hodei, name: str, **tags: str) -> Any:
    """DynamoDB as an hour's session of a role sees it."""
    given = hodei.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}",
        RoleSessionName="-".join((name, *tags.values())),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    return hodei.client("dynamodb", given["Credentials"])


def write(dynamodb: Any, tenant: str, note: str) -> None:
    item = {"tenant": tenant, "note": note, "title": f"{note} of {tenant}", "text": "secret"}
    dynamodb.put_item(TableName=TABLE, Item={name: {"S": value} for name, value in item.items()})


def read(dynamodb: Any, tenant: str, **what: Any) -> list[str]:
    page = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="tenant = :tenant",
        ExpressionAttributeValues={":tenant": {"S": tenant}},
        **what,
    )
    return [item["note"]["S"] for item in page["Items"]]


def failed(call: Callable[[], Any], code: str) -> str:
    """The id of a request that fails with that code."""
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        request: str = error.response["ResponseMetadata"]["RequestId"]
        return request
    raise AssertionError(f"no {code}")


def denied(call: Callable[[], Any]) -> str:
    return failed(call, "AccessDeniedException")


# what is shown


def isolate(hodei: Hodei) -> int:
    """Tenants see their rows and no others. Returns how many calls were denied."""
    tenants = {"acme": session(hodei, "acme"), "globex": session(hodei, "tenant", tenant="globex")}
    for tenant, dynamodb in tenants.items():
        for note in ("april", "may", "june"):
            write(dynamodb, tenant, note)
        assert read(dynamodb, tenant) == ["april", "june", "may"]
    acme, globex = tenants["acme"], tenants["globex"]
    support = session(hodei, "support")
    titles = {"ProjectionExpression": "tenant, note, title", "Select": "SPECIFIC_ATTRIBUTES"}
    assert read(support, "acme", **titles) == ["april", "june", "may"]
    requests = [
        denied(lambda: read(acme, "globex")),
        denied(lambda: read(globex, "acme")),
        denied(lambda: write(globex, "acme", "forged")),
        denied(lambda: acme.scan(TableName=TABLE)),
        denied(lambda: read(support, "acme")),
        denied(lambda: read(support, "acme", **{**titles, "ProjectionExpression": "tenant, #t"}, **named("text"))),
    ]
    failed(lambda: session(hodei, "tenant"), "AccessDenied")  # without a tag nobody gets in
    print("each tenant reads and writes its own rows, support reads titles; the rest is denied, for example:")
    print(indented(hodei.hodei("iam", "explain", requests[0])))
    return len(requests)


def named(attribute: str) -> dict[str, Any]:
    return {"ExpressionAttributeNames": {"#t": attribute}}


def tighten(hodei: Hodei) -> int:
    """A job that may do everything gets what it needs. Returns how many calls were denied."""
    job = session(hodei, "nightly")

    def work() -> None:
        assert read(job, "acme") and read(job, "globex")
        job.update_item(
            TableName=TABLE,
            Key={"tenant": {"S": "acme"}, "note": {"S": "may"}},
            UpdateExpression="SET archived = :true",
            ExpressionAttributeValues={":true": {"BOOL": True}},
        )

    work()
    least = hodei.hodei("iam", "suggest", "--role", "nightly")
    print("the nightly job may do everything with tables, keys and buckets; what it needs is:")
    print(indented(least))
    hodei.client("iam").put_role_policy(RoleName="nightly", PolicyName="own", PolicyDocument=least)
    work()
    denied(lambda: job.delete_table(TableName=TABLE))
    print("with that it works, and cannot delete the table any more")
    return 1


def rotate(hodei: Hodei, key: str) -> None:
    """Old rows stay readable under a new key, no row is under a disabled one."""
    kms, root = hodei.client("kms"), hodei.client("dynamodb")
    kms.rotate_key_on_demand(KeyId=key)
    hodei.advance("1m")
    write(root, "initech", "after")
    assert read(root, "acme") == ["april", "june", "may"]
    kms.disable_key(KeyId=key)
    hodei.advance("10m")  # DynamoDB asks for its key every five minutes
    failed(lambda: read(root, "acme"), "ValidationException")  # "KMS key disabled error"
    kms.enable_key(KeyId=key)
    hodei.advance("10m")
    assert read(root, "acme") == ["april", "june", "may"]
    stale = session(hodei, "acme")
    hodei.advance("2h")
    failed(lambda: read(stale, "acme"), "ExpiredTokenException")
    hodei.advance("91d")
    kinds = Counter(one["RotationType"] for one in kms.list_key_rotations(KeyId=key)["Rotations"])
    assert kinds == {"ON_DEMAND": 1, "AUTOMATIC": 1}, kinds
    assert read(session(hodei, "acme"), "acme") == ["april", "june", "may"]
    print("the key was rotated on demand, disabled, enabled, and rotated by itself a quarter later: all rows are there")


def records(hodei: Hodei) -> Iterator[dict[str, Any]]:
    """What the trail has written to S3."""
    s3 = hodei.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=LOGS, Prefix=f"AWSLogs/{ACCOUNT}/CloudTrail/"):
        for found in page.get("Contents", ()):
            file = s3.get_object(Bucket=LOGS, Key=found["Key"])["Body"].read()
            yield from json.loads(gzip.decompress(file))["Records"]


def audit(hodei: Hodei, denials: int) -> None:
    """Who did what, as CloudTrail has it in its history and in files that nobody has touched."""
    hodei.advance("2h")
    asked = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "AssumeRole"}]}
    pages = hodei.client("cloudtrail").get_paginator("lookup_events").paginate(**asked)
    assumed = [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]
    roles = Counter(one["requestParameters"]["roleArn"].rpartition("/")[2] for one in assumed)
    assert roles == {"acme": 1, "tenant": 2, "support": 1, "nightly": 1}
    assert sum("errorCode" in one for one in assumed) == 1
    print(f"the event history knows who has become which role: {dict(roles)}, and that one was refused")

    calls = [one for one in records(hodei) if one["eventSource"] == "dynamodb.amazonaws.com"]
    refused = [one for one in calls if one.get("errorCode") == "AccessDenied"]
    assert len(refused) == denials and "secret" not in json.dumps(calls)
    who = Counter(one["userIdentity"]["arn"].rpartition("/")[2] for one in refused)
    print(f"the trail's files have {len(calls)} calls of DynamoDB, of which {denials} were denied, to {dict(who)}:")
    told = hodei.aws("cloudtrail", "validate-logs", "--trail-arn", TRAIL_ARN, "--start-time", "2020-01-01")
    assert "log files valid" in told and "INVALID" not in told
    print(indented(told))


def bill(hodei: Hodei) -> None:
    """A quarter of it, by Cost Explorer and by `hodei bill`."""
    now = hodei.now()
    found = hodei.client("ce").get_cost_and_usage(
        TimePeriod={"Start": f"{now - timedelta(days=100):%Y-%m-%d}", "End": f"{now + timedelta(days=1):%Y-%m-%d}"},
        Granularity="MONTHLY",
        Metrics=["UnblendedCost"],
        GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}],
    )
    costs: Counter[str] = Counter()
    for month in found["ResultsByTime"]:
        for group in month["Groups"]:
            costs[group["Keys"][0]] += Decimal(group["Metrics"]["UnblendedCost"]["Amount"])
    assert 3 < costs["AWS Key Management Service"] < 9  # a dollar a month for the key, and for each of two rotations
    print(f"Cost Explorer has {len(found['ResultsByTime'])} months, {costs.total():.2f} USD in all; by `hodei bill`:")
    print(indented(hodei.hodei("bill")))


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines())


def run(hodei: Hodei) -> None:
    key = make_table(hodei)
    make_roles(hodei, key)
    make_trail(hodei)
    denials = isolate(hodei) + tighten(hodei)
    audit(hodei, denials)
    rotate(hodei, key)
    bill(hodei)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Hodei(Path(folder) / "data") as hodei:
        run(hodei)
    print("done")


if __name__ == "__main__":
    main()
