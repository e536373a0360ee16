"""Virtual MFA devices. Hardware tokens are not here: AWS alone knows their seeds."""

from __future__ import annotations

import base64
import io
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, find, pages, rules, tags, views
from hodei.services.iam.credentials import totp
from hodei.services.iam.credentials.state import MfaDevice, mfa_devices
from hodei.services.iam.service import iam
from hodei.services.iam.state import arn_of, users

SEED_BYTES = 40  # 64 characters in base 32
MOST = 8  # of a user
CLOCK_WINDOW = 20  # steps that the clock of a device may be off when it is enabled
DRIFT_WINDOW = 1  # further steps that it may be off afterwards


@iam.operation("CreateVirtualMFADevice")
def create_virtual_mfa_device(
    ctx: Context, *, VirtualMFADeviceName: str, Path: str = "/", Tags: tags.Tags = ()
) -> dict[str, Any]:
    """The only time that the seed is shown."""
    device = MfaDevice(
        serial=arn_of(ctx, f"mfa{Path}{VirtualMFADeviceName}"),
        name=VirtualMFADeviceName,
        path=Path,
        created=ctx.now,
        seed=ctx.ids.randbytes(SEED_BYTES),
        tags=tags.merged("MFADevice", {}, Tags),
    )
    if mfa_devices.get(ctx, device.serial):
        raise errors.EntityAlreadyExists(what="MFADevice entity at the same path and name")
    mfa_devices.put(ctx, device)
    seed = base64.b32encode(device.seed)
    view = {"SerialNumber": device.serial, "Base32StringSeed": seed} | tags.shown(device.tags)
    uri = f"otpauth://totp/Amazon%20Web%20Services:{device.name}@{ctx.account}?secret={seed.decode()}&issuer=Amazon%20Web%20Services"
    if (image := _qr_code(uri)) is not None:
        view["QRCodePNG"] = image
    return {"VirtualMFADevice": view}


@iam.operation("EnableMFADevice")
def enable_mfa_device(
    ctx: Context, *, UserName: str, SerialNumber: str, AuthenticationCode1: str, AuthenticationCode2: str
) -> None:
    """The root enables its own under the name "root": AWS has its console for that."""
    owner = _owner(ctx, UserName)
    device = lookup(ctx, SerialNumber)
    if device.owner:
        raise errors.EntityAlreadyExists("MFA Device is already in use.")
    rules.check_quota("MFADevicesPerUser", mfa_devices.count(ctx, owner.id, index="owners"), MOST)
    device = _synchronised(ctx, device, AuthenticationCode1, AuthenticationCode2)
    mfa_devices.put(ctx, replace(device, owner=owner.id, enabled=ctx.now))


@iam.operation("ResyncMFADevice")
def resync_mfa_device(
    ctx: Context, *, UserName: str, SerialNumber: str, AuthenticationCode1: str, AuthenticationCode2: str
) -> None:
    device = _owned(ctx, _owner(ctx, UserName), SerialNumber)
    mfa_devices.put(ctx, _synchronised(ctx, device, AuthenticationCode1, AuthenticationCode2))


@iam.operation("DeactivateMFADevice")
def deactivate_mfa_device(ctx: Context, *, SerialNumber: str, UserName: str = "") -> None:
    device = _owned(ctx, _owner(ctx, UserName), SerialNumber)
    mfa_devices.put(ctx, replace(device, owner=None, enabled=0.0))


@iam.operation("DeleteVirtualMFADevice")
def delete_virtual_mfa_device(ctx: Context, *, SerialNumber: str) -> None:
    device = lookup(ctx, SerialNumber)
    if device.owner:
        raise errors.DeleteConflict("MFA VirtualDevice in use. Must deactivate first.")
    mfa_devices.delete(ctx, device.serial)


@iam.operation("GetMFADevice")
def get_mfa_device(ctx: Context, *, SerialNumber: str, UserName: str = "") -> dict[str, Any]:
    owner = _owner(ctx, UserName)
    return _view(owner, _owned(ctx, owner, SerialNumber))


@iam.operation("ListMFADevices")
def list_mfa_devices(
    ctx: Context, *, UserName: str = "", Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    owner = _owner(ctx, UserName)
    found = mfa_devices.by("owners", ctx, owner.id, after=pages.after(ctx, Marker))
    page, rest = pages.cut(ctx, found, MaxItems, lambda device: (device.enabled, device.serial))
    return {"MFADevices": [_view(owner, device) for device in page], **rest}


@iam.operation("ListVirtualMFADevices")
def list_virtual_mfa_devices(
    ctx: Context, *, AssignmentStatus: str = "Any", Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    found = mfa_devices.scan(ctx, after=pages.after(ctx, Marker))
    wanted = (one for one in found if AssignmentStatus == "Any" or (AssignmentStatus == "Assigned") == bool(one.owner))
    page, rest = pages.cut(ctx, wanted, MaxItems, lambda device: (device.serial,))
    return {"VirtualMFADevices": [_virtual(ctx, device) for device in page], **rest}


def lookup(ctx: Context, serial: str) -> MfaDevice:
    if (device := mfa_devices.get(ctx, serial)) is None:
        raise errors.NoSuchEntity(f"VirtualMFADevice with serial number {serial} does not exist.")
    return device


def verify(ctx: Context, user: str, serial: str, code: str) -> bool:
    """Whether a device of the user (by id) shows this code now. A code counts once."""
    device = mfa_devices.get(ctx, serial)
    if device is None or device.owner != user:
        return False
    step = totp.find(device.seed, (code,), totp.step_at(ctx.now) + device.drift, DRIFT_WINDOW)
    if step is None or step <= device.used:
        return False
    mfa_devices.put(ctx, replace(device, used=step))
    return True


def _synchronised(ctx: Context, device: MfaDevice, first: str, second: str) -> MfaDevice:
    """Raises: InvalidAuthenticationCode if they are not two codes in a row, of about now."""
    now = totp.step_at(ctx.now)
    step = totp.find(device.seed, (first, second), now, CLOCK_WINDOW)
    if step is None or step <= device.used:
        raise errors.InvalidAuthenticationCode()
    # A person types both codes right after the second has come up, or asks for both at once.
    return replace(device, drift=0 if now - 1 <= step <= now + 1 else step - now, used=step)


def _owner(ctx: Context, name: str) -> find.Owner:
    """The user of that name; of no name the caller. "root" is the root that calls, unless a user is called so."""
    if name == find.ROOT and ctx.principal.kind == "root" and not next(users.by("names", ctx, find.ROOT), None):
        name = ""
    return find.owner(ctx, name)


def _owned(ctx: Context, owner: find.Owner, serial: str) -> MfaDevice:
    device = mfa_devices.get(ctx, serial)
    if device is None or device.owner != owner.id:
        raise errors.NoSuchEntity(f"MFA Device {serial} does not exist for user {owner.name or find.ROOT}.")
    return device


def _view(owner: find.Owner, device: MfaDevice) -> dict[str, Any]:
    return {"UserName": owner.name or find.ROOT, "SerialNumber": device.serial, "EnableDate": device.enabled}


def _virtual(ctx: Context, device: MfaDevice) -> dict[str, Any]:
    if not device.owner:
        return {"SerialNumber": device.serial}
    user = users.get(ctx, device.owner)
    shown = views.user(ctx, user) if user else views.root(ctx)
    return {"SerialNumber": device.serial, "EnableDate": device.enabled, "User": shown}


def _qr_code(text: str) -> bytes | None:
    """A picture for authenticator apps; None if there is no library to draw it."""
    try:
        import segno
    except ImportError:
        return None
    picture = io.BytesIO()
    segno.make(text, error="m").save(picture, kind="png", scale=4)
    return picture.getvalue()
