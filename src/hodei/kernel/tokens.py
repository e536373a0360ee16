"""Opaque, tamper-evident tokens: pagination, continuation."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any

import msgspec

from hodei.kernel import keys
from hodei.kernel.ids import Ids
from hodei.kernel.store import Store

KEY = keys.pack(("", "", "kernel", "token_secret"))
MAC_BYTES = 8


class Tokens:
    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._ids = ids

    def make(self, service: str, parts: tuple[Any, ...]) -> str:
        """A URL-safe token that carries `parts` (str, int, float, bytes, None)."""
        data = msgspec.msgpack.encode(parts)
        return base64.urlsafe_b64encode(self._mac(service, data) + data).decode()

    def read(self, service: str, token: str) -> tuple[Any, ...]:
        """Raises: ValueError if this service's `make` did not give it out."""
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("not a token") from None
        mac, data = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(service, data)):
            raise ValueError("not a token of this service")
        return tuple(msgspec.msgpack.decode(data))

    def _mac(self, service: str, data: bytes) -> bytes:
        return hmac.digest(self._secret() + service.encode(), data, hashlib.sha256)[:MAC_BYTES]

    def _secret(self) -> bytes:
        if (secret := self._store.get(KEY)) is None:
            secret = self._ids.randbytes(32)
            with self._store.batch():
                self._store.put(KEY, secret)
        return secret
