"""SAML providers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, ids, pages, rules, tags
from hodei.services.iam.federation import metadata
from hodei.services.iam.federation.state import PrivateKey, SamlProvider, saml_providers
from hodei.services.iam.service import iam
from hodei.services.iam.state import arn_of

MOST_KEYS = 2


@iam.operation("CreateSAMLProvider")
def create_saml_provider(
    ctx: Context,
    *,
    SAMLMetadataDocument: str,
    Name: str,
    Tags: tags.Tags = (),
    AssertionEncryptionMode: str = "",
    AddPrivateKey: str = "",
) -> dict[str, Any]:
    arn = arn_of(ctx, f"saml-provider/{Name}")
    if saml_providers.get(ctx, arn):
        raise errors.EntityAlreadyExists(what=f"Provider with name {Name}")
    rules.check_quota("SAMLProvidersPerAccount", saml_providers.count(ctx), ctx.quota("saml-providers"))
    provider = SamlProvider(
        arn=arn,
        name=Name,
        uuid=ids.unique(ctx, "SAMLSP"),
        created=ctx.now,
        metadata=SAMLMetadataDocument,
        valid_until=metadata.read(SAMLMetadataDocument).valid_until,
        encryption=AssertionEncryptionMode,
        keys=(_key(ctx, AddPrivateKey),) if AddPrivateKey else (),
        tags=tags.merged("SAMLProvider", {}, Tags),
    )
    _check_encryption(provider)
    saml_providers.put(ctx, provider)
    return {"SAMLProviderArn": arn} | tags.shown(provider.tags)


@iam.operation("GetSAMLProvider")
def get_saml_provider(ctx: Context, *, SAMLProviderArn: str) -> dict[str, Any]:
    provider = _find(ctx, SAMLProviderArn)
    view = {
        "SAMLProviderUUID": provider.uuid,
        "SAMLMetadataDocument": provider.metadata,
        "CreateDate": provider.created,
        "ValidUntil": provider.valid_until,
        "Tags": tags.listed(provider.tags),
        "PrivateKeyList": [{"KeyId": key.id, "Timestamp": key.added} for key in provider.keys],
    }
    return view | ({"AssertionEncryptionMode": provider.encryption} if provider.encryption else {})


@iam.operation("ListSAMLProviders")
def list_saml_providers(ctx: Context) -> dict[str, Any]:
    found = [
        {"Arn": provider.arn, "ValidUntil": provider.valid_until, "CreateDate": provider.created}
        for provider in saml_providers.scan(ctx)
    ]
    return {"SAMLProviderList": found}


@iam.operation("UpdateSAMLProvider")
def update_saml_provider(
    ctx: Context,
    *,
    SAMLProviderArn: str,
    SAMLMetadataDocument: str = "",
    AssertionEncryptionMode: str = "",
    AddPrivateKey: str = "",
    RemovePrivateKey: str = "",
) -> dict[str, Any]:
    """Its errors are those of https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html."""
    if not (SAMLMetadataDocument or AssertionEncryptionMode or AddPrivateKey or RemovePrivateKey):
        raise errors.InvalidInput(
            "Unable to update identity provider. No updates are defined for metadata or encryption assertion."
        )
    if AddPrivateKey and RemovePrivateKey:
        raise errors.InvalidInput(
            "Unable to add and remove private keys in the same request. Set a value for only one of the two parameters."
        )
    provider = _find(ctx, SAMLProviderArn)
    if SAMLMetadataDocument:
        valid_until = metadata.read(SAMLMetadataDocument).valid_until
        provider = replace(provider, metadata=SAMLMetadataDocument, valid_until=valid_until)
    encryption = AssertionEncryptionMode or provider.encryption
    if AddPrivateKey:
        if len(provider.keys) >= MOST_KEYS:
            raise errors.LimitExceeded(f"Private key limit of {MOST_KEYS} is reached.")
        provider = replace(provider, keys=(*provider.keys, _key(ctx, AddPrivateKey)))
    elif RemovePrivateKey:
        provider = _without_key(provider, RemovePrivateKey, encryption)
    provider = replace(provider, encryption=encryption)
    _check_encryption(provider)
    saml_providers.put(ctx, provider)
    return {"SAMLProviderArn": provider.arn}


@iam.operation("DeleteSAMLProvider")
def delete_saml_provider(ctx: Context, *, SAMLProviderArn: str) -> None:
    saml_providers.delete(ctx, _find(ctx, SAMLProviderArn).arn)


@iam.operation("TagSAMLProvider")
def tag_saml_provider(ctx: Context, *, SAMLProviderArn: str, Tags: tags.Tags) -> None:
    provider = _find(ctx, SAMLProviderArn)
    saml_providers.put(ctx, replace(provider, tags=tags.merged("SAMLProvider", provider.tags, Tags)))


@iam.operation("UntagSAMLProvider")
def untag_saml_provider(ctx: Context, *, SAMLProviderArn: str, TagKeys: Sequence[str]) -> None:
    provider = _find(ctx, SAMLProviderArn)
    saml_providers.put(ctx, replace(provider, tags=tags.without(provider.tags, TagKeys)))


@iam.operation("ListSAMLProviderTags")
def list_saml_provider_tags(
    ctx: Context, *, SAMLProviderArn: str, Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    return tags.page(ctx, _find(ctx, SAMLProviderArn).tags, Marker, MaxItems)


def _find(ctx: Context, arn: str) -> SamlProvider:
    if ":saml-provider/" not in arn:
        raise errors.InvalidInput(f"Invalid SAML Provider ARN: {arn}")
    if (found := saml_providers.get(ctx, arn)) is None:
        raise errors.NoSuchEntity(f"Manifest not found for arn {arn}")
    return found


def _without_key(provider: SamlProvider, id: str, encryption: str) -> SamlProvider:
    left = tuple(key for key in provider.keys if key.id != id)
    if left == provider.keys:
        raise errors.InvalidInput("Failed to remove private key because the Key ID does not match a private key.")
    if encryption == "Required" and not left:
        raise errors.InvalidInput("Failed to remove private key.")
    return replace(provider, keys=left)


def _check_encryption(provider: SamlProvider) -> None:
    if provider.encryption == "Required" and not provider.keys:
        raise errors.InvalidInput(
            "Unable to set assertion encryption mode to Required because no private key is provided."
        )


def _key(ctx: Context, pem: str) -> PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode("latin-1"), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise errors.InvalidInput("Invalid private key.")
    return PrivateKey(id=ids.unique(ctx, "", 32), pem=pem, added=ctx.now)
