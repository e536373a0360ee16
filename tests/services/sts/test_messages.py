"""DecodeAuthorizationMessage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError, declare
from hodei.kernel.iam import AccessRequest, Decision
from hodei.services.sqs.service import sqs
from hodei.services.sts.api import encoded_denial

from .conftest import ACCOUNT, document

pytestmark = pytest.mark.feature("sts.credentials")

Denied = declare("UnauthorizedOperation", status=403)


@pytest.fixture(autouse=True)
def secretive() -> Iterator[None]:
    """SQS words its denials as EC2 does."""

    def denied(ctx: Context, request: AccessRequest, decision: Decision) -> AwsError:
        return Denied(encoded_denial(ctx, request, decision))

    sqs.denied = denied
    yield
    sqs.denied = None


def message_of(sqs: Any) -> str:
    with pytest.raises(sqs.exceptions.ClientError) as caught:
        sqs.create_queue(QueueName="secret")
    return str(caught.value.response["Error"]["Message"])


def test_why_a_request_was_denied(client: Any, iam: Any, sts: Any, user: Any) -> None:
    key = user("ada")
    message = message_of(client("sqs", key))
    assert "secret" not in message and len(message) < 10240
    told = json.loads(sts.decode_authorization_message(EncodedMessage=message)["DecodedMessage"])
    assert (told["allowed"], told["explicitDeny"], told["matchedStatements"]) == (False, False, {"items": []})
    context = told["context"]
    id = iam.get_user(UserName="ada")["User"]["UserId"]
    assert context["principal"] == {"id": id, "arn": f"arn:aws:iam::{ACCOUNT}:user/ada"}
    assert context["action"].lower() == "sqs:createqueue"
    assert context["resource"] == f"arn:aws:sqs:us-east-1:{ACCOUNT}:secret"
    assert {"key": "aws:username", "values": {"items": [{"value": "ada"}]}} in context["conditions"]["items"]


def test_the_statement_that_denied(client: Any, iam: Any, sts: Any, user: Any) -> None:
    key = user("ada", "sqs:*")
    condition = {"StringEquals": {"aws:username": "ada"}}
    policy = document("sqs:CreateQueue", effect="Deny", Sid="NoQueues", Condition=condition)
    iam.put_user_policy(UserName="ada", PolicyName="deny", PolicyDocument=policy)
    told = json.loads(sts.decode_authorization_message(EncodedMessage=message_of(client("sqs", key)))["DecodedMessage"])
    assert told["explicitDeny"] is True
    (statement,) = told["matchedStatements"]["items"]
    assert (statement["statementId"], statement["effect"]) == ("NoQueues", "DENY")
    assert statement["conditions"] == {"items": [{"key": "aws:username", "values": {"items": [{"value": "ada"}]}}]}


def test_only_who_may_can_read_it(client: Any, user: Any, refused: Any) -> None:
    ada = user("ada")
    message = message_of(client("sqs", ada))
    with refused("AccessDenied", "perform: sts:DecodeAuthorizationMessage", 403):
        client("sts", ada).decode_authorization_message(EncodedMessage=message)
    admin = client("sts", user("admin", "sts:DecodeAuthorizationMessage"))
    admin.decode_authorization_message(EncodedMessage=message)


def test_what_is_no_message(client: Any, sts: Any, user: Any, refused: Any) -> None:
    message = message_of(client("sqs", user("ada")))
    flipped = message[:30] + ("A" if message[30] != "A" else "B") + message[31:]
    for wrong in ("x", "x y", "{}", message[:-8], flipped):
        with refused("InvalidAuthorizationMessageException", "Message is not valid."):
            sts.decode_authorization_message(EncodedMessage=wrong)
