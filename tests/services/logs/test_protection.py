"""Data protection: what is sensitive is masked wherever events are given out, but for who may unmask it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.services.logs.protection.identifiers import EXPRESSIONS
from hodei.testing import Cloud

from .conftest import GROUP, STREAM, messages, refusal
from .test_insights import whole

pytestmark = pytest.mark.feature("logs.groups-streams")
PREFIX = "arn:aws:dataprotection::aws:data-identifier/"


def policy(*names: str, **custom: str) -> str:
    identifiers = [PREFIX + name for name in names] + list(custom)
    return json.dumps(
        {
            "Name": "p",
            "Version": "2021-06-01",
            "Configuration": {"CustomDataIdentifier": [{"Name": n, "Regex": r} for n, r in custom.items()]},
            "Statement": [
                {"Sid": "a", "DataIdentifier": identifiers, "Operation": {"Audit": {"FindingsDestination": {}}}},
                {"Sid": "m", "DataIdentifier": identifiers, "Operation": {"Deidentify": {"MaskConfig": {}}}},
            ],
        }
    )


def protect(logs: Any, document: str) -> None:
    logs.put_data_protection_policy(logGroupIdentifier=GROUP, policyDocument=document)


@pytest.mark.parametrize(
    ("name", "text", "masked"),
    [
        ("EmailAddress", "by ada@example.org.", "by ***************."),
        ("CreditCardNumber", "card 4111 1111 1111 1111!", "card *******************!"),
        ("CreditCardNumber", "order 4111 1111 1111 1112", "order 4111 1111 1111 1112"),
        ("IpAddress", "from 10.1.2.3 to 999.1.1.1", "from ******** to 999.1.1.1"),
        ("Ssn-US", "ssn 123-45-6789", "ssn ***********"),
        ("PhoneNumber-US", "call 206-555-0100", "call ************"),
        ("AwsSecretKey", "k=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY;", "k=" + "*" * 40 + ";"),
    ],
)
def test_what_is_masked(logs: Any, put: Any, name: str, text: str, masked: str) -> None:
    protect(logs, policy(name))
    put(text)
    assert messages(logs.filter_log_events(logGroupName=GROUP)["events"]) == [masked]


@pytest.mark.parametrize(
    "piece", ["a", "=", "1", "1 ", "Aa ", "a.", "1.", "a:", "a@a.", "-----BEGIN OPENSSH PRIVATE KEY-----"]
)
def test_no_message_takes_long_to_mask(logs: Any, put: Any, piece: str) -> None:
    """What would take hours, if it were searched by trying again and again."""
    protect(logs, policy(*EXPRESSIONS))
    put(piece * (500_000 // len(piece)))
    assert len(logs.filter_log_events(logGroupName=GROUP)["events"]) == 1


def test_masked_everywhere_but_for_who_may_unmask(cloud: Cloud, logs: Any, put: Any) -> None:
    put("old E-1234")
    cloud.clock.advance(seconds=1)
    protect(logs, policy(Employee=r"E-\d{4}"))
    assert logs.describe_log_groups()["logGroups"][0]["dataProtectionStatus"] == "ACTIVATED"
    put("new E-5678")
    read = {"logGroupName": GROUP, "logStreamName": STREAM}
    assert messages(logs.get_log_events(**read)["events"]) == ["old E-1234", "new ******"]
    assert messages(logs.get_log_events(**read, unmask=True)["events"])[1] == "new E-5678"
    assert logs.filter_log_events(logGroupName=GROUP, filterPattern="5678")["events"] == []
    assert len(logs.filter_log_events(logGroupName=GROUP, filterPattern="5678", unmask=True)["events"]) == 1
    now = int(cloud.clock.now().timestamp())
    id = logs.start_query(logGroupName=GROUP, startTime=now - 60, endTime=now, queryString="filter @message like 'new'")
    cloud.clock.advance(seconds=1)
    (row,) = logs.get_query_results(queryId=id["queryId"])["results"]
    assert row[1]["value"] == "new ******"
    pointer = row[-1]["value"]
    assert logs.get_log_record(logRecordPointer=pointer)["logRecord"]["@message"] == "new ******"
    iam = cloud.client("iam")
    iam.create_user(UserName="u")
    statement = [{"Effect": "Allow", "Action": ["logs:GetLogEvents"], "Resource": "*"}]
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    user = cloud.client("logs", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    assert messages(user.get_log_events(**read)["events"])[1] == "new ******"
    assert refusal(user.get_log_events, **read, unmask=True)[0] == "AccessDeniedException"


@pytest.mark.feature("logs.insights")
def test_queries_unmask_for_who_may(cloud: Cloud, logs: Any, put: Any) -> None:
    protect(logs, policy("EmailAddress"))
    put("by ada@example.org")
    query = "fields @message, unmask(@message) | filter unmask(@message) like 'ada'"
    ((masked, plain, _),) = whole(cloud, logs, query)["results"]
    assert (masked["field"], masked["value"]) == ("@message", "by ***************")
    assert (plain["field"], plain["value"]) == ("unmask(@message)", "by ada@example.org")
    assert refusal(whole, cloud=cloud, logs=logs, query="fields unmask(email)")[0] == "NotImplemented"
    iam = cloud.client("iam")
    iam.create_user(UserName="u")
    statement = [{"Effect": "Allow", "Action": ["logs:StartQuery", "logs:GetQueryResults"], "Resource": "*"}]
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    user = cloud.client("logs", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    assert len(whole(cloud, user, "fields @message")["results"]) == 1
    assert refusal(whole, cloud=cloud, logs=user, query=query)[0] == "AccessDeniedException"


def test_policies_are_kept(logs: Any, put: Any) -> None:
    document = policy("EmailAddress")
    protect(logs, document)
    assert logs.get_data_protection_policy(logGroupIdentifier=GROUP)["policyDocument"] == document
    logs.delete_data_protection_policy(logGroupIdentifier=GROUP)
    assert "policyDocument" not in logs.get_data_protection_policy(logGroupIdentifier=GROUP)
    gone = refusal(logs.delete_data_protection_policy, logGroupIdentifier=GROUP)
    assert gone[0] == "ResourceNotFoundException"
    assert refusal(protect, logs=logs, document="{}")[0] == "InvalidParameterException"
    assert refusal(protect, logs=logs, document=policy("DriversLicense-US"))[0] == "NotImplemented"


def test_a_policy_of_the_account(logs: Any, put: Any) -> None:
    logs.put_account_policy(policyName="p", policyType="DATA_PROTECTION_POLICY", policyDocument=policy("EmailAddress"))
    put("ada@example.org")
    assert messages(logs.filter_log_events(logGroupName=GROUP)["events"]) == ["*" * 15]
    assert logs.describe_log_groups()["logGroups"][0]["inheritedProperties"] == ["ACCOUNT_DATA_PROTECTION"]
