"""Custom key stores: kept, and never connected, as there is neither a CloudHSM cluster nor an external key manager."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict, Unpack

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.kms import errors, pages
from hodei.services.kms.service import kms
from hodei.services.kms.state import KeyStore, key_stores

CLOUDHSM, EXTERNAL = "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"
PAGE = 100
PROXY = {  # of a request -> in XksProxyConfiguration
    "XksProxyConnectivity": "Connectivity",
    "XksProxyUriEndpoint": "UriEndpoint",
    "XksProxyUriPath": "UriPath",
    "XksProxyVpcEndpointServiceName": "VpcEndpointServiceName",
    "XksProxyVpcEndpointServiceOwner": "VpcEndpointServiceOwner",
}
CREDENTIAL = "XksProxyAuthenticationCredential"
NEEDED = {
    CLOUDHSM: ("CloudHsmClusterId", "TrustAnchorCertificate", "KeyStorePassword"),
    EXTERNAL: ("XksProxyConnectivity", "XksProxyUriEndpoint", "XksProxyUriPath", CREDENTIAL),
}


class Reached(TypedDict, total=False):
    """How what holds the keys is reached: a CloudHSM cluster, or an external key store."""

    CloudHsmClusterId: str
    KeyStorePassword: str
    XksProxyUriEndpoint: str
    XksProxyUriPath: str
    XksProxyVpcEndpointServiceName: str
    XksProxyVpcEndpointServiceOwner: str
    XksProxyAuthenticationCredential: Mapping[str, str]
    XksProxyConnectivity: str


@kms.operation("CreateCustomKeyStore")
def create_custom_key_store(
    ctx: Context,
    *,
    CustomKeyStoreName: str,
    CustomKeyStoreType: str = CLOUDHSM,
    TrustAnchorCertificate: str = "",
    **given: Unpack[Reached],
) -> dict[str, Any]:
    """What is secret is not kept: it could only be used to connect."""
    certificate = {"TrustAnchorCertificate": TrustAnchorCertificate} if TrustAnchorCertificate else {}
    _check_members(CustomKeyStoreType, {**given, **certificate})
    _check_name(ctx, CustomKeyStoreName)
    limit = int(ctx.quota("custom-key-stores"))
    if key_stores.count(ctx) >= limit:
        raise errors.LimitExceededException(reason=f"You have reached the limit of {limit} custom key stores.")
    store = KeyStore(
        id=f"cks-{ctx.ids.hex(17)}",
        name=CustomKeyStoreName,
        kind=CustomKeyStoreType,
        created=ctx.now,
        cluster=given.get("CloudHsmClusterId", ""),
        certificate=TrustAnchorCertificate,
        proxy=_proxy(given),
    )
    key_stores.put(ctx, store)
    return {"CustomKeyStoreId": store.id}


@kms.operation("UpdateCustomKeyStore")
def update_custom_key_store(
    ctx: Context, *, CustomKeyStoreId: str, NewCustomKeyStoreName: str = "", **given: Unpack[Reached]
) -> None:
    store = _find(ctx, CustomKeyStoreId)
    if NewCustomKeyStoreName and NewCustomKeyStoreName != store.name:
        _check_name(ctx, NewCustomKeyStoreName)
    changed = replace(
        store,
        name=NewCustomKeyStoreName or store.name,
        cluster=given.get("CloudHsmClusterId", store.cluster),
        proxy={**store.proxy, **_proxy(given)},
    )
    key_stores.put(ctx, changed)


@kms.operation("DescribeCustomKeyStores")
def describe_custom_key_stores(
    ctx: Context, *, CustomKeyStoreId: str = "", CustomKeyStoreName: str = "", Limit: int = PAGE, Marker: str = ""
) -> dict[str, Any]:
    last = pages.after(ctx, Marker)
    found: Iterable[KeyStore]
    if CustomKeyStoreId:
        found = [_find(ctx, CustomKeyStoreId)]
    elif CustomKeyStoreName:
        found = list(key_stores.by("names", ctx, CustomKeyStoreName))
        if not found:
            raise errors.CustomKeyStoreNotFoundException(id=CustomKeyStoreName)
    else:
        found = key_stores.scan(ctx, after=last)
    page, rest = pages.cut(ctx, found, Limit, lambda store: (store.id,))
    return {"CustomKeyStores": [_shown(store) for store in page], **rest}


@kms.operation("DisconnectCustomKeyStore")
def disconnect_custom_key_store(ctx: Context, *, CustomKeyStoreId: str) -> None:
    """None is ever connected."""
    _find(ctx, CustomKeyStoreId)
    raise errors.CustomKeyStoreInvalidStateException(reason=f"{CustomKeyStoreId} is in state DISCONNECTED.")


@kms.operation("DeleteCustomKeyStore")
def delete_custom_key_store(ctx: Context, *, CustomKeyStoreId: str) -> None:
    _find(ctx, CustomKeyStoreId)
    key_stores.delete(ctx, CustomKeyStoreId)


def check_for_key(ctx: Context, origin: str, store_id: str, xks_key: str) -> None:
    """What a new key's origin says of a custom key store. None can have keys, as none is connected.

    Raises: ValidationException, CustomKeyStoreNotFoundException, CustomKeyStoreInvalidStateException.
    """
    outside = origin in (CLOUDHSM, EXTERNAL)
    if outside != bool(store_id) or (origin == EXTERNAL) != bool(xks_key):
        raise errors.ValidationException(
            reason=f"Origin {origin} does not fit the parameters CustomKeyStoreId and XksKeyId."
        )
    if store_id:
        check_usable(ctx, store_id)


def check_usable(ctx: Context, store_id: str) -> None:
    """Raises: CustomKeyStoreNotFoundException, CustomKeyStoreInvalidStateException."""
    _find(ctx, store_id)
    raise errors.CustomKeyStoreInvalidStateException(reason=f"{store_id} is in state DISCONNECTED.")


def _find(ctx: Context, id: str) -> KeyStore:
    if (store := key_stores.get(ctx, id)) is None:
        raise errors.CustomKeyStoreNotFoundException(id=id)
    return store


def _shown(store: KeyStore) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "CustomKeyStoreId": store.id,
        "CustomKeyStoreName": store.name,
        "CustomKeyStoreType": store.kind,
        "ConnectionState": "DISCONNECTED",
        "CreationDate": store.created,
    }
    if store.kind == CLOUDHSM:
        return shown | {"CloudHsmClusterId": store.cluster, "TrustAnchorCertificate": store.certificate}
    return shown | {"XksProxyConfiguration": dict(store.proxy)}


def _proxy(given: Mapping[str, Any]) -> dict[str, str]:
    """XksProxyConfiguration."""
    changed = {PROXY[name]: value for name, value in given.items() if name in PROXY}
    if credential := given.get(CREDENTIAL):
        changed["AccessKeyId"] = credential["AccessKeyId"]
    return changed


def _check_members(kind: str, given: Mapping[str, Any]) -> None:
    """Raises: ValidationException."""
    missing = [name for name in NEEDED[kind] if name not in given]
    foreign = [name for name in given if name.startswith("Xks") != (kind == EXTERNAL)]
    if missing or foreign:
        wrong = f"{missing[0]} is required" if missing else f"{foreign[0]} is not valid"
        raise errors.ValidationException(reason=f"{wrong} for a custom key store of type {kind}.")


def _check_name(ctx: Context, name: str) -> None:
    if next(key_stores.by("names", ctx, name), None):
        raise errors.CustomKeyStoreNameInUseException(name=name)
