"""What real AWS answered."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

FOLDER = Path(os.environ.get("HODEI_RECORDED", Path(__file__).parents[4] / "shared" / "recorded"))
PATH = FOLDER / "sts.json"

pytestmark = [
    pytest.mark.skipif(not PATH.exists(), reason="no recorded answers here"),
    pytest.mark.feature("sts.credentials"),
]


def recorded(name: str) -> Any:
    return json.loads(PATH.read_text())[f"sts/test_sts.py::TestSTSIntegrations::{name}"]["content"]


def same(expected: Any, actual: Any) -> None:
    """<placeholders>, the account and times stand for anything."""
    if isinstance(expected, dict):
        expected.pop("HTTPHeaders", None)
        assert expected.keys() <= actual.keys()
        assert "Code" not in expected or expected.keys() == actual.keys()
        for key, value in expected.items():
            same(value, actual[key])
    elif isinstance(expected, str):
        pattern = re.escape(re.sub(r"<[^>]*>|1{12}", "\0", expected)).replace("\0", ".+")
        assert re.fullmatch(pattern, str(actual), re.DOTALL), (expected, actual)
    else:
        assert expected == actual


def test_get_federation_token(sts: Any) -> None:
    answer = sts.get_federation_token(Name="user", DurationSeconds=900)
    expected = recorded("test_get_federation_token")["get-federation-token"]
    assert answer.keys() == expected.keys()
    same(expected, answer)


@pytest.mark.parametrize(
    ("key", "arn", "name"),
    [
        ("malformed-arn", "nothing-valid-in-here", "Session1"),
        ("no-partition", "arn::b:::something/test-role", "Session1"),
        ("not-enough-colons", "arn:a:::something/test-role", "Session1"),
        ("no-service", "arn:a::::something/test-role", "Session1"),
        ("no-resource", "arn:a:a::aaaaaaaaaa:", "Session1"),
        ("invalid-session-name", "arn:aws:iam::000000000000:role/test-role", "Session1:2"),
    ],
)
def test_sts_invalid_parameters(sts: Any, key: str, arn: str, name: str) -> None:
    with pytest.raises(ClientError) as caught:
        sts.assume_role(RoleArn=arn, RoleSessionName=name)
    same(recorded("test_sts_invalid_parameters")[key], caught.value.response)
