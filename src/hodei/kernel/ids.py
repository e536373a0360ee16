"""Ids and randomness. Everything random in Hodei comes from here, so that a seed makes a run repeatable."""

from __future__ import annotations

import base64
import random

ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Ids(random.Random):
    """A `random.Random` that also makes AWS's kinds of ids; unseeded it starts from the system's entropy."""

    def uuid(self) -> str:
        """A version 4 UUID."""
        h = f"{self.getrandbits(128):032x}"
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) & 3]}{h[17:20]}-{h[20:]}"

    def hex(self, digits: int) -> str:
        return f"{self.getrandbits(4 * digits):0{digits}x}"

    def upper(self, length: int) -> str:
        """Capital letters and digits, as in access keys and S3 request ids."""
        return "".join(self.choices(ALPHANUMERIC, k=length))

    def token(self, size: int = 24) -> str:
        """`size` random bytes in base64, as in receipt handles and version ids."""
        return base64.b64encode(self.randbytes(size)).decode()

    def url_token(self, size: int = 24) -> str:
        """`size` random bytes in unpadded URL-safe base64."""
        return base64.urlsafe_b64encode(self.randbytes(size)).rstrip(b"=").decode()
