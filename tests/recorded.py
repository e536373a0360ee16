"""What real AWS answered, and how our answers are compared with it: all of them, member by member."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("HODEI_RECORDED", Path(__file__).parents[2] / "shared" / "recorded"))


def load(service: str) -> dict[str, Any]:
    """The recorded tests of a service; none where there is no recording."""
    path = FOLDER / f"{service}.json"
    if not path.exists():
        return {}
    return dict(json.loads(path.read_text(), object_hook=_without_headers))


def _without_headers(found: dict[str, Any]) -> dict[str, Any]:
    """They were emptied before they were recorded."""
    return {name: value for name, value in found.items() if name != "HTTPHeaders"}


def plain(answer: Any) -> Any:
    """Without what differs from call to call."""
    if isinstance(answer, dict) and "ResponseMetadata" in answer:
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        return answer | {"ResponseMetadata": {"HTTPStatusCode": status}}
    return answer


@dataclass(frozen=True)
class Comparison:
    """`free` are the parts of a text that stand for anything, `anything` whole values that the recording put in place
    of what changes from run to run, `changing` members whose values it left as they were. `added` are members that
    AWS's answers have had since."""

    free: str = r"<[^>]+>"
    anything: frozenset[str] = frozenset()
    changing: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()

    def same(self, expected: Any, actual: Any, at: str = "") -> None:
        """What was recorded as JSON is compared as JSON."""
        if isinstance(expected, dict) and isinstance(actual, str):
            actual = json.loads(actual)
        if isinstance(expected, dict):
            assert expected.keys() == actual.keys() - (self.added - expected.keys()), (at, expected, actual)
            for key in expected.keys() - self.changing:
                self.same(expected[key], actual[key], f"{at}.{key}")
        elif isinstance(expected, list):
            assert len(expected) == len(actual), at
            for number, (one, other) in enumerate(zip(expected, actual, strict=True)):
                self.same(one, other, f"{at}[{number}]")
        elif not isinstance(expected, str):
            assert expected == actual, at
        elif expected not in self.anything:
            pattern = re.escape(re.sub(self.free, "\0", expected)).replace("\0", ".+")
            assert re.fullmatch(pattern, str(actual), re.S), (at, expected, actual)
