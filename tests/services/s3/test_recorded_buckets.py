"""Buckets and their configurations: our answers are those of AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.s3.recorded import Answers, Replay, Scenario, Scenarios, put, replayed, said, versioning

pytestmark = pytest.mark.feature("s3.objects")

scenario = Scenarios()
ARN = "arn:aws:s3:::bucket"


# buckets


@scenario()
def bucket_availability(r: Replay) -> Answers:
    return {
        "bucket-lifecycle": said(r.s3.get_bucket_lifecycle_configuration, Bucket="nowhere"),
        "bucket-replication": said(r.s3.get_bucket_replication, Bucket="nowhere"),
    }


def created(s3: Any, name: str, constraint: str = "", **params: Any) -> Any:
    if constraint:
        params["CreateBucketConfiguration"] = {"LocationConstraint": constraint}
    return said(s3.create_bucket, Bucket=name, **params)


@scenario()
def bucket_constraint_aws_global(r: Replay) -> Answers:
    return {"aws-global-constraint": created(r.s3, "new-bucket", "aws-global")}


@scenario()
def bucket_does_not_exist(r: Replay) -> Answers:
    virtual = r.client(style="virtual")
    return {
        "list_object": said(r.s3.list_objects, Bucket="nowhere"),
        "list_object_vhost": said(virtual.list_objects, Bucket="nowhere"),
    }


@scenario()
def bucket_exists(r: Replay) -> Answers:
    rule = {"AllowedMethods": ["GET", "POST", "PUT", "DELETE"], "AllowedOrigins": ["localhost"]}
    r.s3.put_bucket_cors(Bucket="bucket", CORSConfiguration={"CORSRules": [rule]})
    return {
        "get-bucket-cors": said(r.s3.get_bucket_cors, Bucket="bucket"),
        "get-bucket-acl": said(r.s3.get_bucket_acl, Bucket="bucket"),
        "get-bucket-not-exists": said(r.s3.get_bucket_acl, Bucket="bucket-not-exists"),
    }


@scenario()
def bucket_name_with_dots(r: Replay) -> Answers:
    r.s3.create_bucket(Bucket="my.bucket.name")
    r.s3.delete_bucket_ownership_controls(Bucket="my.bucket.name")
    r.s3.delete_public_access_block(Bucket="my.bucket.name")
    r.s3.put_bucket_acl(Bucket="my.bucket.name", ACL="public-read")
    r.s3.put_object(Bucket="my.bucket.name", Key="my-content", Body=b"something")
    return {
        "list-objects": said(r.s3.list_objects, Bucket="my.bucket.name"),
        "request-vhost-url-content": r.sent("GET", "http://my.bucket.name.s3.localhost:4566/")["Body"],
        "request-path-url-content": r.sent("GET", "/my.bucket.name")["Body"],
    }


@scenario()
def bucket_operation_between_regions(r: Replay) -> Answers:
    near, far = r.client(region="us-west-2"), r.client(region="eu-central-1")
    created(near, "far-bucket", "us-west-2")
    cors = {"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]}
    site = {"IndexDocument": {"Suffix": "index.html"}}
    return {
        "put-website-config-region-1": said(near.put_bucket_website, Bucket="far-bucket", WebsiteConfiguration=site),
        "put-cors-config-region-1": said(near.put_bucket_cors, Bucket="far-bucket", CORSConfiguration=cors),
        "get-website-config-region-2": said(far.get_bucket_website, Bucket="far-bucket"),
        "get-cors-config-region-2": said(far.get_bucket_cors, Bucket="far-bucket"),
    }


@scenario()
def create_bucket_aws_global(r: Replay) -> Answers:
    client = r.client(region="aws-global")
    xml = (
        '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        "<LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>"
    )
    credential = "Credential=000000000000/20260221/aws-global/s3/aws4_request, SignedHeaders=host, Signature=0"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 {credential}"}
    return {
        "create-bucket-global": created(client, "global-one"),
        "head-bucket-global": said(client.head_bucket, Bucket="global-one"),
        "get-location-1": said(client.get_bucket_location, Bucket="global-one"),
        "list-buckets": said(client.list_buckets, Prefix="global"),
        "xml-error-create-bucket": r.sent("PUT", "/global-two", headers=signed, content=xml)["Body"],
    }


@scenario()
def create_bucket_with_eu_location_constraint(r: Replay) -> Answers:
    created(r.s3, "eu-bucket", "EU")
    return {
        "get-bucket-location": said(r.s3.get_bucket_location, Bucket="eu-bucket"),
        "list-bucket-response": said(r.s3.list_buckets, Prefix="eu-bucket"),
    }


@scenario()
def create_bucket_with_eu_location_constraint_raises(r: Replay) -> Answers:
    return {"eu-location-constraint-error": created(r.client(region="us-west-2"), "eu-bucket", "EU")}


@scenario()
def create_bucket_with_existing_name(r: Replay) -> Answers:
    created(r.client(region="us-west-1"), "taken-bucket", "us-west-1")
    return {
        f"create-bucket-{region}": created(r.client(region=region), "taken-bucket", region)
        for region in ("us-west-1", "us-east-2")
    }


@scenario()
def delete_bucket_no_such_bucket(r: Replay) -> Answers:
    return {"expected_error": said(r.s3.delete_bucket, Bucket="does-not-exist-localstack-test")}


@scenario()
def delete_bucket_with_content(r: Replay) -> Answers:
    for number in range(10):
        put(r.s3, f"test-key-{number}", f"test-{number}".encode())
    listed = said(r.s3.list_objects, Bucket="bucket", MaxKeys=100)
    for number in range(10):
        r.s3.delete_object(Bucket="bucket", Key=f"test-key-{number}")
    r.s3.delete_bucket(Bucket="bucket")
    r.s3.create_bucket(Bucket="another")
    return {"list-objects": listed, "list-buckets": said(r.s3.list_buckets)}


@scenario()
def delete_bucket_with_objects(r: Replay) -> Answers:
    put(r.s3, "key")
    return {
        "delete-with-obj": said(r.s3.delete_bucket, Bucket="bucket"),
        "delete-obj": said(r.s3.delete_object, Bucket="bucket", Key="key"),
        "delete-bucket": said(r.s3.delete_bucket, Bucket="bucket"),
    }


@scenario()
def delete_versioned_bucket_with_objects(r: Replay) -> Answers:
    versioning(r.s3, "Enabled")
    version = put(r.s3, "key")["VersionId"]
    marker = r.s3.delete_object(Bucket="bucket", Key="key")["VersionId"]

    def gone(version: str) -> Any:
        return said(r.s3.delete_object, Bucket="bucket", Key="key", VersionId=version)

    return {
        "delete-with-obj-and-delete-marker": said(r.s3.delete_bucket, Bucket="bucket"),
        "delete-obj-by-version": gone(version),
        "delete-with-only-delete-marker": said(r.s3.delete_bucket, Bucket="bucket"),
        "delete-marker-by-version": gone(marker),
        "success-delete-bucket": said(r.s3.delete_bucket, Bucket="bucket"),
    }


@scenario()
def s3_uppercase_bucket_name(r: Replay) -> Answers:
    return {"uppercase-bucket": created(r.s3, "CamelCaseBucket")}


@scenario()
def list_buckets_by_prefix_with_case_sensitivity(r: Replay) -> Answers:
    return {
        "list-objects-by-prefix-empty": said(r.s3.list_buckets, Prefix="BUCKET"),
        "list-objects-by-prefix-not-empty": said(r.s3.list_buckets, Prefix="bucket"),
    }


@scenario()
def list_buckets_with_max_buckets(r: Replay) -> Answers:
    r.s3.create_bucket(Bucket="other-bucket")
    return {"list-objects-with-max-buckets": said(r.s3.list_buckets, MaxBuckets=1)}


@scenario()
def list_buckets_with_continuation_token(r: Replay) -> Answers:
    for number in range(3):
        r.s3.create_bucket(Bucket=f"other-bucket-{number}")
    token = r.s3.list_buckets(MaxBuckets=1)["ContinuationToken"]
    return {"list-objects-with-continuation": said(r.s3.list_buckets, MaxBuckets=1, ContinuationToken=token)}


@scenario()
def list_buckets_when_continuation_token_is_empty(r: Replay) -> Answers:
    r.s3.create_bucket(Bucket="other-bucket")
    answer = said(r.s3.list_buckets, MaxBuckets=1, ContinuationToken="")
    return {"list-objects-with-empty-continuation-token": answer}


# policies


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Action": "s3:GetObject", "Effect": "Allow", "Resource": f"{ARN}/*", "Principal": {"AWS": "*"}}
    ],
}  # fmt: skip


def with_policy(s3: Any) -> None:
    s3.delete_public_access_block(Bucket="bucket")
    s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps(POLICY))


@scenario()
def get_bucket_policy(r: Replay) -> Answers:
    before = said(r.s3.get_bucket_policy, Bucket="bucket")
    with_policy(r.s3)

    def got(**params: str) -> Any:
        return said(r.s3.get_bucket_policy, Bucket="bucket", **params)

    return {
        "get-bucket-policy-no-such-bucket-policy": before,
        "get-bucket-policy": got(),
        "get-bucket-policy-with-expected-bucket-owner": got(ExpectedBucketOwner="000000000000"),
        "get-bucket-policy-with-expected-bucket-owner-error": got(ExpectedBucketOwner="000000000002"),
    }


@scenario()
def delete_bucket_policy_expected_bucket_owner(r: Replay) -> Answers:
    with_policy(r.s3)

    def deleted(owner: str) -> Any:
        return said(r.s3.delete_bucket_policy, Bucket="bucket", ExpectedBucketOwner=owner)

    return {
        "delete-bucket-policy-with-expected-bucket-owner-error": deleted("000000000002"),
        "delete-bucket-policy-invalid-bucket-owner": deleted("invalid"),
        "delete-bucket-policy-with-expected-bucket-owner": deleted("000000000000"),
    }


@scenario()
def get_bucket_policy_invalid_account_id(r: Replay) -> Answers:
    answer = said(r.s3.get_bucket_policy, Bucket="bucket", ExpectedBucketOwner=r.variant)
    return {"get-bucket-policy-invalid-bucket-owner": answer}


@scenario()
def put_bucket_policy_invalid_account_id(r: Replay) -> Answers:
    call = {"Bucket": "bucket", "Policy": json.dumps(POLICY), "ExpectedBucketOwner": r.variant}
    return {"put-bucket-policy-invalid-bucket-owner": said(r.s3.put_bucket_policy, **call)}


# access


def open_to_acls(s3: Any) -> str:
    """Allow ACLs; returns the owner's id."""
    s3.put_bucket_ownership_controls(
        Bucket="bucket", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    s3.delete_public_access_block(Bucket="bucket")
    return str(s3.get_bucket_acl(Bucket="bucket")["Owner"]["ID"])


FAKE_GROUP = "http://acs.amazonaws.com/groups/s3/FakeGroup"


def bad_policies(owner: str) -> dict[str, Any]:
    """Access control policies that AWS does not take, by their number in the recordings."""
    grantee = {"ID": owner, "Type": "CanonicalUser"}
    good = {"Grantee": grantee, "Permission": "READ"}
    return {
        "1": {"Owner": {"ID": owner}},
        "2": {"Owner": {"ID": owner}, "Grants": [{"Grantee": grantee, "Permission": "WRONG-PERMISSION"}]},
        "3": {"Owner": {"ID": owner}, "Grants": [{"Grantee": grantee | {"ID": "wrong-id"}, "Permission": "READ"}]},
        "4": {"Owner": {"ID": owner}, "Grants": [good | {"Grantee": {"URI": FAKE_GROUP, "Type": "Group"}}]},
        "5": {"Owner": {"ID": "wrong-id"}, "Grants": [good]},
        "6": {"Grants": [good]},
    }


def refused_acls(call: Any, owner: str, prefix: str, acp: str) -> Answers:
    group = 'uri="http://acs.amazonaws.com/groups/s3/LogDelivery"'
    answers = {
        f"{prefix}-grant-acl-wrong-id": call(GrantWrite="id=wrong-id"),
        f"{prefix}-grant-acl-fake-uri": call(GrantWrite=f'uri="{FAKE_GROUP}"'),
        f"{prefix}-grant-acl-fake-key": call(GrantWrite='fakekey="1234"'),
        f"{prefix}-two-type-acl": call(ACL="public-read", GrantRead=group),
        f"{prefix}-two-type-acl-acp": call(ACL="public-read", AccessControlPolicy={"Owner": {"ID": owner}}),
        f"{prefix}-empty-acp": call(AccessControlPolicy={}),
    }
    return answers | {
        f"{acp}-{number}": call(AccessControlPolicy=policy) for number, policy in bad_policies(owner).items()
    }


@scenario()
def s3_bucket_acl_exceptions(r: Replay) -> Answers:
    owner = open_to_acls(r.s3)

    def acl(**params: Any) -> Any:
        return said(r.s3.put_bucket_acl, Bucket="bucket", **params)

    return {
        "put-bucket-canned-acl": acl(ACL="fake-acl"),
        "put-bucket-empty": acl(),
        **refused_acls(acl, owner, "put-bucket", "put-bucket-acp-acl"),
    }


@scenario()
def s3_object_acl(r: Replay) -> Answers:
    owner = open_to_acls(r.s3)
    group = "http://acs.amazonaws.com/groups/s3/LogDelivery"
    answers = {"put-object-default-acl": put(r.s3, "object", b"")}

    def got() -> Any:
        return said(r.s3.get_object_acl, Bucket="bucket", Key="object")

    def acl(**params: Any) -> Any:
        return said(r.s3.put_object_acl, Bucket="bucket", Key="object", **params)

    answers |= {"get-object-acl-default": got(), "put-object-acl": acl(ACL="public-read"), "get-object-acl": got()}
    acl(GrantRead=f'uri="{group}"')
    answers["get-object-grant-acl"] = got()
    grants = [
        {"Grantee": {"ID": owner, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"},
        {"Grantee": {"URI": group, "Type": "Group"}, "Permission": "WRITE"},
    ]
    acl(AccessControlPolicy={"Owner": {"ID": owner}, "Grants": grants})
    return answers | {"get-object-acp-acl": got()}


@scenario()
def s3_object_acl_exceptions(r: Replay) -> Answers:
    owner = open_to_acls(r.s3)
    refused = put(r.s3, "object", b"", ACL="fake-acl")
    put(r.s3, "object", b"")

    def acl(**params: Any) -> Any:
        return said(r.s3.put_object_acl, Bucket="bucket", Key="object", **params)

    return {
        "put-object-canned-acl": refused,
        "put-object-acl-canned-acl": acl(ACL="fake-acl"),
        "put-object-acl-empty": acl(),
        **refused_acls(acl, owner, "put-object", "put-object-acp-acl"),
    }


@scenario()
def put_object_acl_on_delete_marker(r: Replay) -> Answers:
    open_to_acls(r.s3)
    versioning(r.s3, "Enabled")
    key = "test-key-versioned"
    answers = {"put-obj-1": put(r.s3, key, b"something"), "put-obj-2": put(r.s3, key, b"something-v2")}
    answers["delete-object"] = said(r.s3.delete_object, Bucket="bucket", Key=key)
    marker = answers["delete-object"]["VersionId"]
    at = {"Bucket": "bucket", "Key": key}
    return answers | {
        "put-acl-delete-marker": said(r.s3.put_object_acl, **at, ACL="public-read"),
        "get-acl-delete-marker": said(r.s3.get_object_acl, **at),
        "put-acl-delete-marker-version-id": said(r.s3.put_object_acl, **at, VersionId=marker, ACL="public-read"),
        "get-acl-delete-marker-version-id": said(r.s3.get_object_acl, **at, VersionId=marker),
    }


@scenario()
def crud_public_access_block(r: Replay) -> Answers:
    def got() -> Any:
        return said(r.s3.get_public_access_block, Bucket="bucket")

    def gone() -> Any:
        return said(r.s3.delete_public_access_block, Bucket="bucket")

    block = {"BlockPublicAcls": False, "IgnorePublicAcls": False, "BlockPublicPolicy": False}
    return {
        "get-default-public-access-block": got(),
        "put-public-access-block": said(
            r.s3.put_public_access_block, Bucket="bucket", PublicAccessBlockConfiguration=block
        ),
        "get-public-access-block": got(),
        "delete-public-access-block": gone(),
        "get-public-access-block-after-delete": got(),
        "idempotent-delete-public-access-block": gone(),
    }


@scenario()
def crud_bucket_ownership_controls(r: Replay) -> Answers:
    def got(name: str = "bucket") -> Any:
        return said(r.s3.get_bucket_ownership_controls, Bucket=name)

    def gone() -> Any:
        return said(r.s3.delete_bucket_ownership_controls, Bucket="bucket")

    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    r.s3.create_bucket(Bucket="owned", ObjectOwnership="BucketOwnerPreferred")
    return {
        "default-ownership": got(),
        "put-ownership": said(r.s3.put_bucket_ownership_controls, Bucket="bucket", OwnershipControls=controls),
        "get-ownership": got(),
        "delete-ownership": gone(),
        "get-ownership-after-delete": got(),
        "delete-ownership-after-delete": gone(),
        "get-ownership-at-creation": got("owned"),
    }


@pytest.mark.parametrize(("play", "variant", "expected", "loose"), list(scenario.cases()))
def test_answers_are_those_of_aws(play: Scenario, variant: str, expected: Answers, loose: frozenset[str]) -> None:
    replayed(play, variant, expected, loose)
