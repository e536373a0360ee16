"""ACLs of buckets and objects."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("s3.objects")

BUCKET = "listed-access"
ALL = "http://acs.amazonaws.com/groups/global/AllUsers"
LOGS = "http://acs.amazonaws.com/groups/s3/LogDelivery"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, with a bucket that has ACLs and lets them be public."""
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET, ObjectOwnership="ObjectWriter")
    client.delete_public_access_block(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="key")
    return client


@pytest.fixture
def owner(s3: Any) -> str:
    found: str = s3.list_buckets()["Owner"]["ID"]
    return found


def targets(s3: Any) -> list[tuple[Any, Any, dict[str, str]]]:
    return [
        (s3.put_bucket_acl, s3.get_bucket_acl, {"Bucket": BUCKET}),
        (s3.put_object_acl, s3.get_object_acl, {"Bucket": BUCKET, "Key": "key"}),
    ]


def user(id: str, permission: str) -> dict[str, Any]:
    return {"Grantee": {"ID": id, "Type": "CanonicalUser"}, "Permission": permission}


def group(uri: str, permission: str) -> dict[str, Any]:
    return {"Grantee": {"URI": uri, "Type": "Group"}, "Permission": permission}


def test_private_is_the_default(s3: Any, owner: str) -> None:
    for _, get, where in targets(s3):
        answer = get(**where)
        assert answer["Owner"] == {"ID": owner} and answer["Grants"] == [user(owner, "FULL_CONTROL")]


def test_canned_grants_and_documents(s3: Any, owner: str) -> None:
    for put, get, where in targets(s3):
        put(**where, ACL="public-read")
        assert get(**where)["Grants"] == [user(owner, "FULL_CONTROL"), group(ALL, "READ")]
        put(**where, GrantRead=f'uri="{LOGS}"')
        assert get(**where)["Grants"] == [group(LOGS, "READ")]
        policy = {"Owner": {"ID": owner}, "Grants": [user(owner, "FULL_CONTROL"), group(LOGS, "WRITE")]}
        put(**where, AccessControlPolicy=policy)
        answer = get(**where)
        assert {"Owner": answer["Owner"], "Grants": answer["Grants"]} == policy


def test_acl_given_with_the_object(s3: Any, owner: str) -> None:
    s3.put_object(Bucket=BUCKET, Key="public", ACL="public-read")
    assert group(ALL, "READ") in s3.get_object_acl(Bucket=BUCKET, Key="public")["Grants"]


def test_refused_acls(s3: Any, owner: str, refused: Any) -> None:
    fake = "http://acs.amazonaws.com/groups/s3/FakeGroup"
    good = user(owner, "READ")
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {"Code": "MissingSecurityHeader", "MissingHeaderName": "x-amz-acl"}),
        ({"ACL": "fake-acl"}, {"Code": "InvalidArgument", "ArgumentName": "x-amz-acl", "ArgumentValue": "fake-acl"}),
        (
            {"ACL": "public-read", "GrantRead": f'uri="{LOGS}"'},
            {"Code": "InvalidRequest", "Message": "Specifying both Canned ACLs and Header Grants is not allowed"},
        ),
        (
            {"GrantWrite": 'fakekey="1234"'},
            {
                "Code": "InvalidArgument",
                "Message": "Argument format not recognized",
                "ArgumentName": "x-amz-grant-write",
                "ArgumentValue": 'fakekey="1234"',
            },
        ),
        (
            {"GrantWrite": 'id="wrong-id"'},
            {"Message": "Invalid id", "ArgumentName": "id", "ArgumentValue": "wrong-id"},
        ),
        (
            {"GrantWrite": f'uri="{fake}"'},
            {"Message": "Invalid group uri", "ArgumentName": "uri", "ArgumentValue": fake},
        ),
        ({"AccessControlPolicy": {"Grants": [good]}}, {"Code": "MalformedACLError"}),
        ({"AccessControlPolicy": {"Owner": {"ID": owner}}}, {"Code": "MalformedACLError"}),
        (
            {"AccessControlPolicy": {"Owner": {"ID": "wrong-id"}, "Grants": [good]}},
            {"Message": "Invalid id", "ArgumentName": "CanonicalUser/ID", "ArgumentValue": "wrong-id"},
        ),
        (
            {"AccessControlPolicy": {"Owner": {"ID": owner}, "Grants": [group(fake, "READ")]}},
            {"Message": "Invalid group uri", "ArgumentName": "Group/URI", "ArgumentValue": fake},
        ),
        (
            {"AccessControlPolicy": {"Owner": {"ID": owner}, "Grants": [user(owner, "BAD")]}},
            {"Code": "MalformedACLError"},
        ),
        (
            {"ACL": "private", "AccessControlPolicy": {"Owner": {"ID": owner}, "Grants": [good]}},
            {"Code": "UnexpectedContent", "Message": "This request does not support content"},
        ),
    ]
    for put, _, where in targets(s3):
        for params, expected in cases:
            error = refused(put, **where, **params)
            assert error["Status"] == 400
            assert {name: error.get(name) for name in expected} == expected, params


def test_buckets_without_acls(s3: Any, cloud: Cloud, owner: str, refused: Any) -> None:
    s3.create_bucket(Bucket="owner-enforced")
    s3.put_object(Bucket="owner-enforced", Key="key", ACL="bucket-owner-full-control")
    for call, params in (
        (s3.put_bucket_acl, {"ACL": "private"}),
        (s3.put_object_acl, {"Key": "key", "ACL": "public-read"}),
        (s3.put_object, {"Key": "other", "ACL": "public-read"}),
    ):
        error = refused(call, Bucket="owner-enforced", **params)
        assert (error["Code"], error["Status"]) == ("AccessControlListNotSupported", 400)
        assert error["Message"] == "The bucket does not allow ACLs"
    assert s3.get_object_acl(Bucket="owner-enforced", Key="key")["Grants"] == [user(owner, "FULL_CONTROL")]
    error = refused(s3.create_bucket, Bucket="public-by-acl", ACL="public-read")
    assert error["Code"] == "InvalidBucketAclWithObjectOwnership"


def test_public_acls_are_blocked_by_default(s3: Any, refused: Any) -> None:
    s3.create_bucket(Bucket="blocked-acls", ObjectOwnership="ObjectWriter")
    error = refused(s3.put_bucket_acl, Bucket="blocked-acls", ACL="public-read")
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)


def test_delete_markers_have_no_acl(s3: Any, refused: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(Bucket=BUCKET, Key="key")["VersionId"]
    where = {"Bucket": BUCKET, "Key": "key"}
    assert refused(s3.get_object_acl, **where)["Code"] == "NoSuchKey"
    assert refused(s3.get_object_acl, **where, VersionId=marker)["Code"] == "MethodNotAllowed"
    assert refused(s3.put_object_acl, **where, ACL="private")["Code"] == "MethodNotAllowed"
