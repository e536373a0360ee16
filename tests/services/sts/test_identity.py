from __future__ import annotations

import pytest

from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud

pytestmark = pytest.mark.feature("cloud.accounts-regions")


@pytest.mark.parametrize(
    ("key", "account"), [("test", "000000000000"), ("123456789012", "123456789012"), ("12345678901", "000000000000")]
)
def test_the_access_key_names_the_account(cloud: Cloud, key: str, account: str) -> None:
    answer = cloud.client("sts", aws_access_key_id=key).get_caller_identity()
    assert answer["Account"] == account
    assert answer["Arn"] == f"arn:aws:iam::{account}:root"
    assert answer["UserId"] == account


def test_an_unsigned_call_is_refused(cloud: Cloud) -> None:
    form = b"Action=GetCallerIdentity&Version=2011-06-15"
    headers = Headers([("Host", "sts.localhost"), ("Content-Type", "application/x-www-form-urlencoded")])
    response = cloud.send(Request("POST", "/", headers, Body(form)))
    assert response.status == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in response.body  # type: ignore[operator]
