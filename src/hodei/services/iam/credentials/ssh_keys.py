"""SSH public keys of users, for CodeCommit: RSA keys of 2048 bits or more."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, find, ids, pages, rules
from hodei.services.iam.credentials.state import SshKey, ssh_keys
from hodei.services.iam.service import iam

MOST = 5
SHORTEST = 2048  # bits
PEM = "-----BEGIN PUBLIC KEY-----"


@iam.operation("UploadSSHPublicKey")
def upload_ssh_public_key(ctx: Context, *, UserName: str, SSHPublicKeyBody: str) -> dict[str, Any]:
    user = find.user(ctx, UserName)
    body = _openssh(SSHPublicKeyBody)
    fingerprint = _fingerprint(body)
    own = list(ssh_keys.scan(ctx, user.id))
    if any(one.fingerprint == fingerprint for one in own):
        raise errors.DuplicateSSHPublicKey()
    rules.check_quota("SSHPublicKeysPerUser", len(own), MOST)
    key = SshKey(owner=user.id, id=ids.unique(ctx, "APKA"), body=body, fingerprint=fingerprint, uploaded=ctx.now)
    ssh_keys.put(ctx, key)
    return {"SSHPublicKey": _whole(user.name, key, key.body)}


@iam.operation("GetSSHPublicKey")
def get_ssh_public_key(ctx: Context, *, UserName: str, SSHPublicKeyId: str, Encoding: str) -> dict[str, Any]:
    user = find.user(ctx, UserName)
    key = _find(ctx, user.id, SSHPublicKeyId)
    return {"SSHPublicKey": _whole(user.name, key, key.body if Encoding == "SSH" else _pem(key.body))}


@iam.operation("ListSSHPublicKeys")
def list_ssh_public_keys(
    ctx: Context, *, UserName: str = "", Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    user = find.user_or_caller(ctx, UserName)
    found = ssh_keys.scan(ctx, user.id, after=pages.after(ctx, Marker))
    page, rest = pages.cut(ctx, found, MaxItems, lambda key: (key.id,))
    return {"SSHPublicKeys": [_view(user.name, key) for key in page], **rest}


@iam.operation("UpdateSSHPublicKey")
def update_ssh_public_key(ctx: Context, *, UserName: str, SSHPublicKeyId: str, Status: str) -> None:
    active = rules.active(Status)
    ssh_keys.put(ctx, replace(_find(ctx, find.user(ctx, UserName).id, SSHPublicKeyId), active=active))


@iam.operation("DeleteSSHPublicKey")
def delete_ssh_public_key(ctx: Context, *, UserName: str, SSHPublicKeyId: str) -> None:
    key = _find(ctx, find.user(ctx, UserName).id, SSHPublicKeyId)
    ssh_keys.delete(ctx, key.owner, key.id)


def _openssh(body: str) -> str:
    """The key in OpenSSH's encoding, its comment kept. Raises: InvalidPublicKey, UnrecognizedPublicKeyEncoding."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_public_key,
        load_ssh_public_key,
    )

    text = body.strip()
    if not text.startswith(("ssh-rsa ", PEM)):
        raise errors.UnrecognizedPublicKeyEncoding()
    try:
        raw = text.encode("latin-1")
        key = load_pem_public_key(raw) if text.startswith(PEM) else load_ssh_public_key(raw)
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        raise errors.InvalidPublicKey() from None
    if not isinstance(key, RSAPublicKey) or key.key_size < SHORTEST:
        raise errors.InvalidPublicKey()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() if text.startswith(PEM) else text


def _pem(body: str) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key

    key = load_ssh_public_key(body.encode("latin-1"))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _fingerprint(body: str) -> str:
    digest = hashlib.md5(base64.b64decode(body.split()[1]), usedforsecurity=False).hexdigest()
    return ":".join(digest[at : at + 2] for at in range(0, 32, 2))


def _find(ctx: Context, owner: str, id: str) -> SshKey:
    if (found := ssh_keys.get(ctx, owner, id)) is None:
        raise errors.NoSuchEntity(what=f"The Public Key with id {id}")
    return found


def _view(name: str, key: SshKey) -> dict[str, Any]:
    return {
        "UserName": name,
        "SSHPublicKeyId": key.id,
        "Status": rules.status(key.active),
        "UploadDate": key.uploaded,
    }


def _whole(name: str, key: SshKey, body: str) -> dict[str, Any]:
    return _view(name, key) | {"Fingerprint": key.fingerprint, "SSHPublicKeyBody": body}
