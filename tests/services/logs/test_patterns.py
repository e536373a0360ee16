"""The filter pattern language: the examples of AWS's documentation, and what is no pattern.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

ERRORS = ["[ERROR 400] BAD REQUEST", "[ERROR 401] UNAUTHORIZED REQUEST", "[ERROR 419] MISSING ARGUMENTS"]
APACHE = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
CALL = (
    '{"eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "arrayKey": ["value", "another value"], '
    '"objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}], "SomeObject": null, "ThisFlag": true, '
    '"errors": 3, "latency": 1.5e2, "requestParameters": {"key.with.dots": "x"}, "text": "12"}'
)

pytestmark = pytest.mark.feature("logs.groups-streams")


def matched(logs: Any, pattern: str, *messages: str) -> list[int]:
    found = logs.test_metric_filter(filterPattern=pattern, logEventMessages=list(messages))["matches"]
    return [match["eventNumber"] for match in found]


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("", [1, 2, 3]),
        (" ", [1, 2, 3]),
        ("ERROR", [1, 2, 3]),
        ("error", []),
        ("ERROR REQUEST", [1, 2]),
        ("ERROR ARGUMENTS", [3]),
        ("?400 ?419", [1, 3]),
        ("ERROR -400", [2, 3]),
        ("-400", [2, 3]),
        ('"BAD REQUEST"', [1]),
        ('ERROR -"BAD REQUEST"', [2, 3]),
        ('?"[ERROR 401]" ?MISSING', [2, 3]),
        ("%AUTHORIZED%", [2]),
        ("%4(0|1)%", None),
        (r"%ERROR 4\d9%", [3]),
        (r"%^\[ERROR 40[01]%", [1, 2]),
        ("?400 ERROR", [1, 2, 3]),
    ],
)
def test_terms(logs: Any, pattern: str, numbers: list[int] | None) -> None:
    if numbers is None:
        with pytest.raises(logs.exceptions.InvalidParameterException):
            matched(logs, pattern, *ERRORS)
    else:
        assert matched(logs, pattern, *ERRORS) == numbers


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ('{ $.eventType = "Update*" }', True),
        ('{ $.eventType = "*Trai" }', False),
        ('{ $.eventType != "UpdateTrail" }', False),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress = 111.111.* }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[2] = "value" }', False),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[*].id = 2 }", True),
        ('{ $.requestParameters["key.with.dots"] = "x" }', True),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.Other IS NULL }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS FALSE }", False),
        ("{ $.errors >= 3 && $.errors < 4 }", True),
        ("{ $.latency = 150 }", True),
        ("{ $.text > 5 }", False),
        ("{ ($.errors = 1 || $.errors = 3) && $.ThisFlag IS TRUE }", True),
        ("{ $.errors = 1 || ($.errors = 3 && $.ThisFlag IS FALSE) }", False),
        ("{ $.eventType = %Trail$% }", True),
        ("{ $.missing != 5 }", False),
    ],
)
def test_json(logs: Any, pattern: str, matches: bool) -> None:
    assert matched(logs, pattern, CALL, "no JSON") == ([1] if matches else [])


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("[ip, user, username, timestamp, request, status_code, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code = 4*, bytes]", True),
        ("[ip, user, username, timestamp, request = *.html*, status_code = 4*, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code = 404 || status_code = 410, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code = 4* && status_code != 404, bytes]", False),
        ("[..., status_code = 4*, bytes > 1000]", True),
        ("[..., bytes > 2000]", False),
        ("[ip = %127\\.0\\.0\\.[1-9]%, ...]", True),
        ("[ip, user]", False),
        ('[ip, user = "Prod", ...]', True),
    ],
)
def test_space_delimited(logs: Any, pattern: str, matches: bool) -> None:
    assert matched(logs, pattern, APACHE) == ([1] if matches else [])


def test_what_a_pattern_extracts(logs: Any) -> None:
    def extracted(pattern: str, message: str) -> Any:
        (match,) = logs.test_metric_filter(filterPattern=pattern, logEventMessages=[message])["matches"]
        return match["extractedValues"]

    assert extracted("{ $.errors > 1 && $.eventType = * }", CALL) == {"$.errors": "3", "$.eventType": "UpdateTrail"}
    assert extracted("[ip, ..., status, bytes]", APACHE) == {
        "$ip": "127.0.0.1", "$2": "Prod", "$3": "frank", "$4": "10/Oct/2000:13:25:15 -0700",
        "$5": "GET /index.html HTTP/1.0", "$status": "404", "$bytes": "1534",
    }  # fmt: skip
    assert extracted("frank", APACHE) == {}


@pytest.mark.parametrize(
    "pattern",
    ["{ $.a = }", "{ $.a", "[a, b", "{ a = 1 }", '"open', "a:b", "[a, ..., b, ...]", "{ $.a > x }", "%a(b)%",
     "{ $.a = %x% || $.b = %y% || $.c = %z% }", "{ $.a ~ 1 }"],
)  # fmt: skip
def test_what_is_no_pattern(logs: Any, pattern: str) -> None:
    with pytest.raises(ClientError) as caught:
        logs.filter_log_events(logGroupName="app", filterPattern=pattern)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"


@pytest.mark.parametrize("pattern", ['{ $.name = "Caf*" }', '{ $.name = "café" }', "{ $.name = Café }"])
def test_escapes_in_json_hide_nothing(logs: Any, put: Any, pattern: str) -> None:
    put(r'{"name": "Caf\u00e9"}', r'{"name": "\u0043afe"}', '{"name": "caf\\u00e9"}')
    found = logs.filter_log_events(logGroupName="app", filterPattern=pattern)["events"]
    wanted = {'{ $.name = "Caf*" }': 2, '{ $.name = "café" }': 1, "{ $.name = Café }": 1}
    assert len(found) == wanted[pattern]
