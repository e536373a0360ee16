"""Reading a few members of many JSON objects: what is not asked for is only skipped over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

Read = Callable[[str], tuple[Any, ...] | None]


def reader(names: Sequence[str], absent: Any = None) -> Read:
    """A function that gives those members of the object that a text is, None of a text that is none.

    The values are msgspec's: dict, list, str, int, float, bool, None; `absent` stands for a member that is not there.
    """
    fields = [(f"f{at}", Any, msgspec.field(default=absent, name=name)) for at, name in enumerate(names)]
    shape = msgspec.defstruct("Fields", fields, frozen=True, gc=False)
    decode = msgspec.json.Decoder(shape).decode
    astuple = msgspec.structs.astuple

    def read(text: str) -> tuple[Any, ...] | None:
        try:
            return astuple(decode(text))
        except (msgspec.DecodeError, UnicodeEncodeError):
            return None

    return read
