"""Tags of MFA devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import pages, tags
from hodei.services.iam.credentials.mfa_devices import lookup
from hodei.services.iam.credentials.state import mfa_devices
from hodei.services.iam.service import iam


@iam.operation("TagMFADevice")
def tag_mfa_device(ctx: Context, *, SerialNumber: str, Tags: tags.Tags) -> None:
    device = lookup(ctx, SerialNumber)
    mfa_devices.put(ctx, replace(device, tags=tags.merged("MFADevice", device.tags, Tags)), old=device)


@iam.operation("UntagMFADevice")
def untag_mfa_device(ctx: Context, *, SerialNumber: str, TagKeys: Sequence[str]) -> None:
    device = lookup(ctx, SerialNumber)
    mfa_devices.put(ctx, replace(device, tags=tags.without(device.tags, TagKeys)), old=device)


@iam.operation("ListMFADeviceTags")
def list_mfa_device_tags(
    ctx: Context, *, SerialNumber: str, Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    return tags.page(ctx, lookup(ctx, SerialNumber).tags, Marker, MaxItems)
