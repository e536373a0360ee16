from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from hodei.services.iam.credentials import mfa_devices, totp
from hodei.testing import Cloud

from .conftest import ACCOUNT

pytestmark = pytest.mark.feature("iam.mfa")

Refused = Callable[..., Any]
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/phone"


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
     (2000000000, "69279037"), (20000000000, "65353130")],
)  # fmt: skip
def test_codes_are_those_of_rfc_6238(second: int, code: str) -> None:
    """Appendix B, of whose eight digits AWS shows the last six."""
    assert totp.code(b"12345678901234567890", totp.step_at(second)) == code[2:]


@pytest.fixture
def codes(cloud: Cloud, iam: Any) -> Callable[..., tuple[str, str]]:
    """`codes()`: what a new device shows now and next; `codes(steps)`: what one shows that is so far ahead."""
    cloud.clock.freeze()
    seed = base64.b32decode(
        iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]["Base32StringSeed"]
    )

    def codes(ahead: int = 0) -> tuple[str, str]:
        step = totp.step_at(cloud.clock.now().timestamp()) + ahead
        return totp.code(seed, step), totp.code(seed, step + 1)

    return codes


def enable(iam: Any, user: str, first: str, second: str) -> None:
    iam.enable_mfa_device(UserName=user, SerialNumber=SERIAL, AuthenticationCode1=first, AuthenticationCode2=second)


def test_a_device_is_enabled_by_two_codes_in_a_row(
    iam: Any, user: str, codes: Callable[..., tuple[str, str]], refused: Refused
) -> None:
    first, second = codes()
    for wrong in ((second, first), (first, first), ("000000", second), codes(100)):
        with refused("InvalidAuthenticationCode", "Authentication code for device is not valid.", 403):
            enable(iam, user, *wrong)
    enable(iam, user, first, second)
    (device,) = iam.list_mfa_devices(UserName=user)["MFADevices"]
    assert (device["UserName"], device["SerialNumber"]) == (user, SERIAL)
    assert iam.get_mfa_device(SerialNumber=SERIAL, UserName=user)["EnableDate"] == device["EnableDate"]
    with refused("EntityAlreadyExists", "in use", 409):
        enable(iam, user, *codes(2))
    with refused("DeleteConflict", "Must deactivate first.", 409):
        iam.delete_virtual_mfa_device(SerialNumber=SERIAL)
    with refused("DeleteConflict", "must delete MFA device first", 409):
        iam.delete_user(UserName=user)
    iam.deactivate_mfa_device(UserName=user, SerialNumber=SERIAL)
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []
    with refused("NoSuchEntity", status=404):
        iam.get_mfa_device(SerialNumber=SERIAL, UserName=user)
    iam.delete_virtual_mfa_device(SerialNumber=SERIAL)
    with refused("NoSuchEntity", f"VirtualMFADevice with serial number {SERIAL} does not exist.", 404):
        iam.delete_virtual_mfa_device(SerialNumber=SERIAL)


def test_virtual_devices(iam: Any, user: str, codes: Callable[..., tuple[str, str]], refused: Refused) -> None:
    with refused("EntityAlreadyExists", "MFADevice entity at the same path and name already exists.", 409):
        iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    other = iam.create_virtual_mfa_device(VirtualMFADeviceName="other", Path="/x/")["VirtualMFADevice"]
    assert other["SerialNumber"] == f"arn:aws:iam::{ACCOUNT}:mfa/x/other"
    assert len(other["Base32StringSeed"]) == 64
    assert other["QRCodePNG"].startswith(b"\x89PNG")
    enable(iam, user, *codes())
    (assigned,) = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert assigned["User"]["UserName"] == user
    assert iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"] == [
        {"SerialNumber": other["SerialNumber"]}
    ]
    assert len(iam.list_virtual_mfa_devices()["VirtualMFADevices"]) == 2


def test_a_clock_that_is_wrong_is_learned(
    cloud: Cloud, iam: Any, user: str, codes: Callable[..., tuple[str, str]], refused: Refused
) -> None:
    enable(iam, user, *codes(5))
    context = cloud.world.context("iam", account=ACCOUNT, region="us-east-1")
    id = iam.get_user(UserName=user)["User"]["UserId"]

    def shows(code: str) -> bool:
        with cloud.world.store.batch():
            return mfa_devices.verify(context, id, SERIAL, code)

    assert not shows(codes(6)[0])  # it was one of the two
    cloud.clock.advance(minutes=5)
    assert not shows(codes(0)[0])
    assert shows(codes(5)[0])
    assert not shows(codes(5)[0])  # a code counts once
    iam.resync_mfa_device(
        UserName=user, SerialNumber=SERIAL, AuthenticationCode1=codes(10)[0], AuthenticationCode2=codes(11)[0]
    )
    cloud.clock.advance(minutes=10)
    assert shows(codes(11)[0])
    with refused("InvalidAuthenticationCode", status=403):
        iam.resync_mfa_device(
            UserName=user, SerialNumber=SERIAL, AuthenticationCode1="123456", AuthenticationCode2="123456"
        )


def test_the_root_enables_its_own(iam: Any, user: str, codes: Callable[..., tuple[str, str]], refused: Refused) -> None:
    """The name that it has there is ours: AWS leaves this to its console."""
    assert iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 0
    enable(iam, "root", *codes())
    (device,) = iam.list_mfa_devices()["MFADevices"]
    assert (device["UserName"], device["SerialNumber"]) == ("root", SERIAL)
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []
    (assigned,) = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert (assigned["User"]["UserId"], assigned["User"]["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
    assert iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 1
    with refused("NoSuchEntity", status=404):
        iam.deactivate_mfa_device(UserName=user, SerialNumber=SERIAL)
    iam.deactivate_mfa_device(UserName="root", SerialNumber=SERIAL)
    iam.create_user(UserName="root")
    enable(iam, "root", *codes(2))
    assert iam.list_mfa_devices()["MFADevices"] == []


def test_tags_of_devices(iam: Any, codes: Callable[..., tuple[str, str]]) -> None:
    iam.tag_mfa_device(SerialNumber=SERIAL, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.untag_mfa_device(SerialNumber=SERIAL, TagKeys=["a"])
    assert iam.list_mfa_device_tags(SerialNumber=SERIAL)["Tags"] == [{"Key": "b", "Value": "2"}]
