"""Secrets at rest: what must not lie in the store in plain is sealed here, under the cloud's master key.

The master key is made when first needed and lies in the store, so that a snapshot carries the key of what it holds.
"""

from __future__ import annotations

import hmac

from hodei.kernel import keys
from hodei.kernel.ids import Ids
from hodei.kernel.store import Store

KEY = keys.pack(("", "", "kernel", "master_key"))
KEY_BYTES = 32
NONCE_BYTES = 12


class Vault:
    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._ids = ids

    def seal(self, service: str, secret: bytes, about: bytes = b"") -> bytes:
        """`secret` encrypted (AES-256-GCM) with a key of the service's own; `open` wants the same `about`."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = self._ids.randbytes(NONCE_BYTES)
        return nonce + AESGCM(self._key(service)).encrypt(nonce, secret, about)

    def open(self, service: str, sealed: bytes, about: bytes = b"") -> bytes:
        """Raises: ValueError for what this service did not seal, or not about that."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._key(service)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise ValueError("not sealed here") from None

    def _key(self, service: str) -> bytes:
        if (master := self._store.get(KEY)) is None:
            master = self._ids.randbytes(KEY_BYTES)
            with self._store.batch():
                self._store.put(KEY, master)
        return hmac.digest(master, service.encode(), "sha256")
