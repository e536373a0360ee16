"""What real AWS answered: our answers have the same members and values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import Cloud
from services.s3.recorded import FOLDER, Bindings, said, same

FILE = FOLDER / "ssm.json"

pytestmark = [
    pytest.mark.skipif(not FILE.exists(), reason="no recorded answers here"),
    pytest.mark.feature("ssm.parameters"),
]


def recorded(test: str) -> Any:
    found = {id.rpartition("::")[2]: one["content"] for id, one in json.loads(FILE.read_text()).items()}
    assert found.keys() == {"test_get_parameter_by_arn", "test_parameters_with_path"}
    return found[test]


@pytest.fixture
def ssm(cloud: Cloud) -> Any:
    return cloud.client("ssm", account="111111111111")


def test_get_parameter_by_arn(ssm: Any) -> None:
    ssm.put_parameter(Name="param", Value="test", Type="String")
    answer = said(ssm.get_parameter, Name="arn:aws:ssm:us-east-1:111111111111:parameter/param")
    same(recorded("test_get_parameter_by_arn"), {"Parameter": answer["Parameter"]}, Bindings())


def test_parameters_with_path(ssm: Any) -> None:
    name = "/test/param"
    arn = f"arn:aws:ssm:us-east-1:111111111111:parameter{name}"
    answers = {
        "put-parameter-response": said(ssm.put_parameter, Name=name, Value="123", Type="String"),
        "get-parameter-response": said(ssm.get_parameter, Name=name),
        "get-parameters-response": said(ssm.get_parameters, Names=[name]),
        "get-parameter-by-arn-response": said(ssm.get_parameter, Name=arn),
        "get-parameters-by-arn-response": said(ssm.get_parameters, Names=[arn]),
    }
    same(recorded("test_parameters_with_path"), answers, Bindings())
