"""ACLs let others in, where a bucket has them: objects belong to whoever wrote them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from hodei.testing import Cloud
from services.s3.callers import can, let, statement

pytestmark = [pytest.mark.feature("s3.policies"), pytest.mark.feature("iam.evaluation")]

OTHER, THIRD = "111111111111", "222222222222"
BUCKET = "shared"
OBJECT = {"Bucket": BUCKET, "Key": "k"}
Refused = Callable[..., dict[str, Any]]


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, with a bucket that has ACLs and lets them be public."""
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET, ObjectOwnership="ObjectWriter")
    client.delete_public_access_block(Bucket=BUCKET)
    return client


@pytest.fixture
def other(cloud: Cloud) -> Any:
    return cloud.client("s3", account=OTHER)


@pytest.fixture
def third(cloud: Cloud) -> Any:
    return cloud.client("s3", account=THIRD)


@pytest.fixture
def anonymous(cloud: Cloud) -> Any:
    return cloud.client("s3", config=Config(signature_version=UNSIGNED))


def canonical(client: Any) -> str:
    return str(client.list_buckets()["Owner"]["ID"])


def test_a_public_object_in_a_private_bucket(s3: Any, anonymous: Any, other: Any) -> None:
    s3.put_object(**OBJECT, Body=b"data", ACL="public-read")
    s3.put_object(Bucket=BUCKET, Key="private", Body=b"data")
    for client in (anonymous, other):
        assert client.get_object(**OBJECT)["Body"].read() == b"data"
        assert not can(client.get_object, Bucket=BUCKET, Key="private")
        assert not can(client.list_objects_v2, Bucket=BUCKET) and not can(client.get_object_acl, **OBJECT)
        assert not can(client.put_object, **OBJECT) and not can(client.get_object_tagging, **OBJECT)


def test_public_acls_can_be_ignored_and_blocked(s3: Any, anonymous: Any, other: Any, refused: Refused) -> None:
    s3.put_object(
        **OBJECT,
        Body=b"data",
        GrantRead=f'uri="http://acs.amazonaws.com/groups/global/AllUsers",id="{canonical(other)}"',
    )
    s3.put_bucket_acl(Bucket=BUCKET, ACL="public-read")
    assert can(anonymous.get_object, **OBJECT) and can(anonymous.list_objects_v2, Bucket=BUCKET)
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert not can(anonymous.get_object, **OBJECT) and not can(anonymous.list_objects_v2, Bucket=BUCKET)
    assert can(other.get_object, **OBJECT)
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert can(anonymous.get_object, **OBJECT)
    assert refused(s3.put_object, **OBJECT, ACL="public-read")["Code"] == "AccessDenied"
    assert refused(s3.put_object, **OBJECT, ACL="authenticated-read")["Code"] == "AccessDenied"
    assert can(s3.put_object, **OBJECT, GrantRead=f"id={canonical(other)}")


def test_any_account_is_not_anybody(s3: Any, anonymous: Any, other: Any) -> None:
    s3.put_object(**OBJECT, Body=b"data", ACL="authenticated-read")
    assert can(other.get_object, **OBJECT) and not can(anonymous.get_object, **OBJECT)


def test_grants_to_an_account(s3: Any, other: Any, third: Any) -> None:
    s3.put_object(**OBJECT, Body=b"data", GrantReadACP=f"id={canonical(other)}")
    assert can(other.get_object_acl, **OBJECT) and not can(other.get_object, **OBJECT)
    s3.put_object_acl(**OBJECT, GrantFullControl=f"id={canonical(other)}")
    for name in ("get_object", "head_object", "get_object_acl"):
        assert can(getattr(other, name), **OBJECT) and not can(getattr(third, name), **OBJECT), name
    assert can(other.put_object_acl, **OBJECT, ACL="public-read") and can(third.get_object, **OBJECT)
    s3.put_bucket_acl(Bucket=BUCKET, GrantRead=f"id={canonical(other)}", GrantWriteACP=f"id={canonical(third)}")
    assert can(other.list_object_versions, Bucket=BUCKET) and not can(third.list_object_versions, Bucket=BUCKET)
    assert can(third.put_bucket_acl, Bucket=BUCKET, ACL="private") and not can(
        other.put_bucket_acl, Bucket=BUCKET, ACL="private"
    )
    assert not can(other.list_objects_v2, Bucket=BUCKET)


def test_an_object_belongs_to_who_wrote_it(s3: Any, other: Any, third: Any) -> None:
    let(s3, BUCKET, statement(BUCKET, {"AWS": [OTHER, THIRD]}))
    other.put_object(**OBJECT, Body=b"data")
    assert other.get_object_acl(**OBJECT)["Owner"]["ID"] == canonical(other)
    assert can(other.get_object, **OBJECT)
    assert not can(s3.get_object, **OBJECT) and not can(s3.get_object_acl, **OBJECT)
    assert not can(third.get_object, **OBJECT)  # the bucket's owner cannot give what is not its own
    let(s3, BUCKET, statement(BUCKET, {"AWS": OTHER}), statement(BUCKET, {"AWS": OTHER}, "s3:GetObject", "Deny"))
    assert not can(other.get_object, **OBJECT)  # but it can deny
    other.put_object_acl(**OBJECT, ACL="bucket-owner-full-control")
    assert can(s3.get_object, **OBJECT) and can(s3.delete_object, **OBJECT)
    other.put_object(**OBJECT, Body=b"data")
    assert can(s3.delete_object, **OBJECT)


def test_ownership_can_go_to_the_bucket(s3: Any, other: Any) -> None:
    let(s3, BUCKET, statement(BUCKET, {"AWS": OTHER}))
    preferred = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=preferred)
    other.put_object(**OBJECT, Body=b"data")
    assert not can(s3.get_object, **OBJECT)
    other.put_object(**OBJECT, Body=b"data", ACL="bucket-owner-full-control")
    assert s3.get_object_acl(**OBJECT)["Owner"]["ID"] == canonical(s3)
    assert can(s3.get_object, **OBJECT)
    other.put_object(**OBJECT, Body=b"data")
    assert not can(s3.get_object, **OBJECT)
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=enforced)
    assert can(s3.get_object, **OBJECT) and s3.get_object_acl(**OBJECT)["Owner"]["ID"] == canonical(s3)


def test_enforced_ownership_makes_acls_count_for_nothing(s3: Any, anonymous: Any) -> None:
    s3.put_object(**OBJECT, Body=b"data", ACL="public-read")
    assert can(anonymous.get_object, **OBJECT)
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=enforced)
    assert not can(anonymous.get_object, **OBJECT)


def test_the_right_to_write_is_not_one_to_others_objects(s3: Any, other: Any, anonymous: Any) -> None:
    s3.put_object(**OBJECT, Body=b"data")
    s3.put_bucket_acl(Bucket=BUCKET, ACL="public-read-write")
    for client, key in ((other, "theirs"), (anonymous, "nobodys")):
        assert not can(client.put_object, **OBJECT) and not can(client.delete_object, **OBJECT)
        assert can(client.put_object, Bucket=BUCKET, Key=key, Body=b"1") and can(
            client.put_object, Bucket=BUCKET, Key=key
        )
        assert can(client.get_object, Bucket=BUCKET, Key=key)
        assert can(client.delete_object, Bucket=BUCKET, Key=key)
    assert anonymous.put_object(Bucket=BUCKET, Key="nobodys", Body=b"1", ACL="bucket-owner-full-control")
    assert can(s3.get_object, Bucket=BUCKET, Key="nobodys")


def test_forms(s3: Any, other: Any, cloud: Cloud) -> None:
    """A form is judged as what its signer puts; one that nobody signed as what everybody may."""
    web = httpx.Client(transport=cloud.transport(), base_url=cloud.url)

    def post(fields: dict[str, str]) -> int:
        return web.post(f"/{BUCKET}", data=fields, files={"file": ("f", b"data")}).status_code

    assert post(s3.generate_presigned_post(BUCKET, "mine")["fields"]) == 204
    assert post(other.generate_presigned_post(BUCKET, "theirs")["fields"]) == 403
    assert post({"key": "nobodys"}) == 403
    let(s3, BUCKET, statement(BUCKET, {"AWS": OTHER}, "s3:PutObject"))
    assert post(other.generate_presigned_post(BUCKET, "theirs")["fields"]) == 204
    acl = other.generate_presigned_post(BUCKET, "theirs", {"acl": "public-read"}, [{"acl": "public-read"}])
    assert post(acl["fields"]) == 403  # s3:PutObjectAcl
    s3.put_bucket_acl(Bucket=BUCKET, ACL="public-read-write")
    assert post({"key": "nobodys"}) == 204
    assert can(other.get_object, Bucket=BUCKET, Key="theirs") and not can(s3.get_object, Bucket=BUCKET, Key="theirs")


def test_forms_of_issued_keys_are_verified(s3: Any, cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    web = httpx.Client(transport=cloud.transport(), base_url=cloud.url)

    def post(secret: str, version: str) -> httpx.Response:
        ann = cloud.client(
            "s3",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=secret,
            config=Config(signature_version=version),
        )
        return web.post(
            f"/{BUCKET}", data=ann.generate_presigned_post(BUCKET, "k")["fields"], files={"file": ("f", b"data")}
        )

    for version in ("s3v4", "s3"):
        assert "<Code>AccessDenied</Code>" in post(key["SecretAccessKey"], version).text
        assert "<Code>SignatureDoesNotMatch</Code>" in post("wrong", version).text
    let(s3, BUCKET, statement(BUCKET, {"AWS": "arn:aws:iam::000000000000:user/ann"}, "s3:PutObject"))
    for version in ("s3v4", "s3"):
        assert post(key["SecretAccessKey"], version).status_code == 204


def test_presigned_urls_do_what_their_signer_may(s3: Any, other: Any, cloud: Cloud) -> None:
    s3.put_object(**OBJECT, Body=b"data")
    web = httpx.Client(transport=cloud.transport())
    assert web.get(s3.generate_presigned_url("get_object", OBJECT)).text == "data"
    assert web.get(other.generate_presigned_url("get_object", OBJECT)).status_code == 403


def test_websites_show_what_is_public(s3: Any, cloud: Cloud) -> None:
    s3.put_bucket_website(Bucket=BUCKET, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    s3.put_object(Bucket=BUCKET, Key="index.html", Body=b"home")
    web = httpx.Client(transport=cloud.transport(), base_url=f"http://{BUCKET}.s3-website.localhost:4566")
    page = web.get("/")
    assert page.status_code == 403 and "<li>Code: AccessDenied</li>\n<li>Message: Access Denied</li>" in page.text
    s3.put_object_acl(Bucket=BUCKET, Key="index.html", ACL="public-read")
    assert web.get("/").text == "home" and web.get("/none").status_code == 403
    s3.put_bucket_acl(Bucket=BUCKET, ACL="public-read")
    assert web.get("/none").status_code == 404
