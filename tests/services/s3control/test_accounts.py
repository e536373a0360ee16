"""Public access blocks of accounts: GetPublicAccessBlock, PutPublicAccessBlock, DeletePublicAccessBlock."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, OTHER, document, statement

pytestmark = pytest.mark.feature("s3.policies")

SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
EVERYBODY = document(statement("Allow", "*", "s3:GetObject", "arn:aws:s3:::bucket/*"))


def block(control: Any, *settings: str, account: str = ACCOUNT) -> None:
    control.put_public_access_block(
        AccountId=account,
        PublicAccessBlockConfiguration=dict.fromkeys(settings or ("BlockPublicAcls",), bool(settings)),
    )


def test_an_account_has_one_from_when_it_is_put(control: Any, refused: Any) -> None:
    message = "The public access block configuration was not found"
    with refused("NoSuchPublicAccessBlockConfiguration", message, 404):
        control.get_public_access_block(AccountId=ACCOUNT)
    block(control, "IgnorePublicAcls")
    found = control.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"]
    assert found == {name: name == "IgnorePublicAcls" for name in SETTINGS}
    control.delete_public_access_block(AccountId=ACCOUNT)
    control.delete_public_access_block(AccountId=ACCOUNT)
    with refused("NoSuchPublicAccessBlockConfiguration", status=404):
        control.get_public_access_block(AccountId=ACCOUNT)


def test_nobody_has_a_say_in_another_account(cloud: Cloud, control: Any, refused: Any) -> None:
    block(control, "BlockPublicAcls")
    with refused("AccessDenied", status=403):
        control.get_public_access_block(AccountId=OTHER)
    other = cloud.client("s3control", account=OTHER)
    with refused("AccessDenied", status=403):
        other.delete_public_access_block(AccountId=ACCOUNT)
    with refused("NoSuchPublicAccessBlockConfiguration", status=404):
        other.get_public_access_block(AccountId=OTHER)


def test_users_need_the_permission_on_the_account(hire: Any, refused: Any) -> None:
    ada = hire("ada", "s3:GetAccountPublicAccessBlock", "s3:PutBucketPublicAccessBlock", service="s3control")
    with refused("AccessDenied", "is not authorized to perform: s3:PutAccountPublicAccessBlock", 403):
        block(ada, "BlockPublicAcls")
    with refused("NoSuchPublicAccessBlockConfiguration", status=404):
        ada.get_public_access_block(AccountId=ACCOUNT)
    block(hire("bob", "s3:PutAccountPublicAccessBlock", service="s3control"), "BlockPublicAcls")
    assert ada.get_public_access_block(AccountId=ACCOUNT)


@pytest.fixture
def open_bucket(s3: Any) -> Any:
    """A client of a cloud whose bucket blocks nothing itself, and has ACLs."""
    s3.delete_public_access_block(Bucket="bucket")
    s3.put_bucket_ownership_controls(
        Bucket="bucket", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    return s3


def test_public_policies_are_refused(control: Any, open_bucket: Any, refused: Any) -> None:
    block(control, "BlockPublicPolicy")
    with refused("AccessDenied", "public policies are blocked", 403):
        open_bucket.put_bucket_policy(Bucket="bucket", Policy=EVERYBODY)
    block(control)
    open_bucket.put_bucket_policy(Bucket="bucket", Policy=EVERYBODY)


def test_public_policies_that_are_there_let_no_strangers_in(
    cloud: Cloud, control: Any, open_bucket: Any, refused: Any
) -> None:
    open_bucket.put_bucket_policy(Bucket="bucket", Policy=EVERYBODY)
    other = cloud.client("s3", account=OTHER)
    assert other.get_object(Bucket="bucket", Key="key")
    block(control, "RestrictPublicBuckets")
    with refused("AccessDenied", status=403):
        other.get_object(Bucket="bucket", Key="key")
    assert open_bucket.get_object(Bucket="bucket", Key="key")
    control.delete_public_access_block(AccountId=ACCOUNT)
    assert other.get_object(Bucket="bucket", Key="key")


def test_public_acls_are_refused_and_ignored(cloud: Cloud, control: Any, open_bucket: Any, refused: Any) -> None:
    open_bucket.put_object_acl(Bucket="bucket", Key="key", ACL="public-read")
    other = cloud.client("s3", account=OTHER)
    assert other.get_object(Bucket="bucket", Key="key")
    block(control, "BlockPublicAcls")
    assert other.get_object(Bucket="bucket", Key="key")
    for operation, named in (
        (open_bucket.put_object_acl, {"Key": "key"}),
        (open_bucket.put_object, {"Key": "new"}),
        (open_bucket.put_bucket_acl, {}),
    ):
        with refused("AccessDenied", status=403):
            operation(Bucket="bucket", ACL="public-read", **named)
    block(control, "IgnorePublicAcls")
    with refused("AccessDenied", status=403):
        other.get_object(Bucket="bucket", Key="key")
