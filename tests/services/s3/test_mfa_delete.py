"""MFA delete: https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from hodei.services.iam.credentials import totp
from hodei.testing import Cloud

from .callers import may

pytestmark = pytest.mark.feature("s3.versioning")

ON = {"Status": "Enabled", "MFADelete": "Enabled"}
OFF = {"Status": "Enabled", "MFADelete": "Disabled"}


@pytest.fixture
def device(cloud: Cloud) -> Callable[[str], Callable[[], str]]:
    """`device("root")`: what shows that user's next code, behind the serial number of its device."""
    cloud.clock.freeze()
    iam = cloud.client("iam")

    def enable(user: str) -> Callable[[], str]:
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"phone-of-{user}")["VirtualMFADevice"]
        seed = base64.b32decode(made["Base32StringSeed"])

        def shown() -> str:
            cloud.clock.advance(seconds=30)
            return totp.code(seed, totp.step_at(cloud.clock.now().timestamp()))

        codes = {"AuthenticationCode1": shown(), "AuthenticationCode2": shown()}
        iam.enable_mfa_device(UserName=user, SerialNumber=made["SerialNumber"], **codes)
        return lambda: f"{made['SerialNumber']} {shown()}"

    return enable


def versioning(s3: Any, configuration: dict[str, str], **params: Any) -> Callable[..., Any]:
    return lambda **more: s3.put_bucket_versioning(
        Bucket="bucket", VersioningConfiguration=configuration, **params, **more
    )


def test_only_a_code_of_the_root_turns_it_on_and_off(s3: Any, device: Any, refused: Any) -> None:
    code = device("root")
    error = refused(versioning(s3, ON))
    assert (error["Code"], error["Message"]) == ("AccessDenied", "Mfa Authentication must be used for this request")
    shown = code()
    versioning(s3, ON)(MFA=shown)
    assert {"Status": "Enabled", "MFADelete": "Enabled"}.items() <= s3.get_bucket_versioning(Bucket="bucket").items()
    error = refused(versioning(s3, OFF), MFA=shown)  # a code counts once
    assert (error["Code"], error["Status"]) == ("TokenCodeInvalidError", 400)
    assert error["Message"] == "The serial number and/or token code you provided is not valid."
    for configuration in (OFF, {"Status": "Suspended"}):
        assert refused(versioning(s3, configuration))["Code"] == "AccessDenied"
    versioning(s3, OFF)(MFA=code())
    assert s3.get_bucket_versioning(Bucket="bucket")["MFADelete"] == "Disabled"
    versioning(s3, {"Status": "Suspended"})()


def test_what_was_never_configured_is_not_told(s3: Any) -> None:
    versioning(s3, {"Status": "Enabled"})()
    assert "MFADelete" not in s3.get_bucket_versioning(Bucket="bucket")


@pytest.mark.parametrize("mfa", ["123456", "phone 123456", "arn:aws:iam::000000000000:mfa/none 123456"])
def test_a_device_must_be_the_callers(s3: Any, mfa: str, refused: Any) -> None:
    serial, _, code = mfa.partition(" ")
    error = refused(versioning(s3, ON), MFA=mfa)
    assert (error["Code"], error["Status"]) == ("NotDeviceOwnerError", 400)
    assert error["Message"] == (
        f"The device with serial number {serial} that generated token {code} is not owned by the authenticated user"
    )


def test_versions_go_with_a_code_only_and_delete_markers_come_without(s3: Any, device: Any, refused: Any) -> None:
    code = device("root")
    versioning(s3, ON)(MFA=code())
    named = [{"Key": key, "VersionId": s3.put_object(Bucket="bucket", Key=key)["VersionId"]} for key in "abc"]
    assert s3.delete_object(Bucket="bucket", Key="a")["DeleteMarker"]
    one = {"Bucket": "bucket", **named[0]}
    assert refused(s3.delete_object, **one)["Message"] == "Mfa Authentication must be used for this request"
    assert refused(s3.delete_object, **one, MFA=code()[:-6] + "000000")["Code"] == "TokenCodeInvalidError"
    assert s3.delete_object(**one, MFA=code())["VersionId"] == one["VersionId"]
    several = {"Objects": [*named[1:], {"Key": "d"}]}
    assert refused(s3.delete_objects, Bucket="bucket", Delete=several)["Code"] == "AccessDenied"
    assert len(s3.list_object_versions(Bucket="bucket")["Versions"]) == 2
    assert len(s3.delete_objects(Bucket="bucket", Delete=several, MFA=code())["Deleted"]) == 3
    assert "Versions" not in s3.list_object_versions(Bucket="bucket")


def test_users_cannot_whatever_their_policies_and_devices(s3: Any, device: Any, hire: Any, refused: Any) -> None:
    ada = hire("ada", may("s3:*"))
    hers, roots = device("ada"), device("root")
    assert refused(versioning(ada, ON), MFA=roots())["Code"] == "NotDeviceOwnerError"
    error = refused(versioning(ada, ON), MFA=hers())
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    assert error["Message"] == "This operation may only be performed by the bucket owner"
    versioning(s3, ON)(MFA=roots())
    made = ada.put_object(Bucket="bucket", Key="key")["VersionId"]
    error = refused(ada.delete_object, Bucket="bucket", Key="key", VersionId=made, MFA=hers())
    assert error["Message"] == "This operation may only be performed by the bucket owner"
    assert ada.delete_object(Bucket="bucket", Key="key")["DeleteMarker"]


def test_sessions_cannot_show_codes(cloud: Cloud, device: Any, hire: Any, refused: Any, s3: Any) -> None:
    credentials = hire("ada", may("s3:*"), service="sts").get_session_token()["Credentials"]
    client = cloud.client(
        "s3",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    error = refused(versioning(client, ON), MFA=device("ada")())
    assert (error["Code"], error["Status"]) == ("InvalidRequest", 400)
    assert error["Message"] == "DevPay and Mfa are mutually exclusive authorization methods."


def test_lifecycle_rules_and_mfa_delete_exclude_each_other(s3: Any, device: Any, refused: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html"""
    code = device("root")
    rules = {"Rules": [{"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}
    s3.put_bucket_lifecycle_configuration(Bucket="bucket", LifecycleConfiguration=rules)
    assert refused(versioning(s3, ON), MFA=code())["Code"] == "InvalidBucketState"
    s3.delete_bucket_lifecycle(Bucket="bucket")
    versioning(s3, ON)(MFA=code())
    error = refused(s3.put_bucket_lifecycle_configuration, Bucket="bucket", LifecycleConfiguration=rules)
    assert (error["Code"], error["Status"]) == ("InvalidBucketState", 409)
