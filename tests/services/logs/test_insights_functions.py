"""Logs Insights QL: the functions of
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html beyond the common ones."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, refusal

pytestmark = pytest.mark.feature("logs.insights")


@pytest.fixture
def event(put: Any) -> None:
    put('{"roles": ["admin", "x"], "n": "12.5", "word": "é", "at": "2026-03-01T10:20:30.250+02:00"}')


FOUND: list[tuple[str, str | None]] = [
    ("round(2.5)", "3"), ("round(-2.5)", "-3"), ("round(2.345, 2)", "2.35"), ("round(1250, -2)", "1300"),
    ("haversine(48.8566, 2.3522, 51.5074, -0.1278) > 343", "1"), ("haversine(0, 0, 0, 180) < 20016", "1"),
    ("round(1, -400)", None), ("2 ^ 99999", None), ("(0 - 8) ^ 0.5", None), (f"{'9' * 400} * 0", None),
    (" * ".join(["9" * 18] * 30), None), (r"regexReplace('ab', '(a)', '\\1\\1')", "aab"),
    (r"regexReplace('a', 'a', '\\9')", None), ("toNumber(n) * 2", "25"), ("toInt('12.9')", "12"), ("toInt(3000000000)", None), ("toDouble('x')", None),
    ("toLong(3000000000)", "3000000000"), ("isNumeric(n)", "1"), ("isNumeric(word)", "0"),
    ("messageSize(word)", "2"), ("jsonArraySize(roles)", "2"), ("jsonArraySize('[1, 2, 3]')", "3"),
    ("jsonArrayContains(roles, 'admin')", "1"), ("jsonArrayContains(roles, 'Admin')", "0"),
    ("jsonArrayContains('{', 'x')", "0"),
    ("ipv4ToNumber('10.0.0.1')", "167772161"), ("ipv4ToNumber('::1')", None),
    ("isPrivateIP('172.31.0.1')", "1"), ("isPrivateIP('172.32.0.1')", "0"), ("isPublicIP('8.8.8.8')", "1"),
    ("isPublicIP('192.168.0.1')", "0"), ("isReservedIP('240.0.0.1')", "1"), ("isReservedIP('x')", "0"),
    (r"regexReplace('a1b22', '[0-9]+', '#')", "a#b#"), ("regexReplace('x', '(', '#')", None),
    ("strcontains('ABC', 'b')", "0"), ("strcontains('ABC', 'b', true)", "1"), ("strcontains('ABC', 'b', false)", "0"),
    ("startsWith('abc', 'ab')", "1"), ("endsWith('abc', 'ab')", "0"), ("urlencode('a b&c')", "a+b%26c"),
    ("urldecode('a+b%26c')", "a b&c"), ("base64encode('hé')", "aMOp"), ("base64decode('aMOp')", "hé"),
    ("base64decode('%')", None), ("split('a,b', ',')", '["a","b"]'), ("hexToAscii('48656c6c6f')", "Hello"),
    ("hexToAscii('zz')", None), ("hexToDec('0xff')", "255"), ("decToHex(255)", "0xff"), ("decToHex(-255.9)", "-0xff"),
    ("md5('a')", "0cc175b9c0f1b6a831c399e269772661"), ("substr(sha256('a'), 0, 8)", "ca978112"),
    ("parseDate('2026-03-01', 'yyyy-MM-dd')", "1772323200000"),
    ("parseDate('2026-03-01', 'yyyy-MM-dd', 'Asia/Kolkata')", "1772303400000"),
    ("parseDate(at, \"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\")", "1772353230250"),
    ("parseDate('x', 'yyyy')", None), ("parseDate('2026', 'QQQQ')", None), ("parseDate('2026', 'yyyy', 'Mars')", None),
    ("formatDate(1772323200000, '%Y-%m-%d %H')", "2026-03-01 00"),
    ("strftime(fromMillis(1772323200000), '%H:%M', 'Asia/Kolkata')", "05:30"),
    ("formatDate(1772323200000, '%Y', 'Mars')", None),
    ("queryEndTime() - queryStartTime()", "60999"), ("queryTimeRange()", "60999"),
    ("if((now() + 1) * 1000 >= toMillis(@timestamp) and now() < 99999999999, 'seconds', 'no')", "seconds"),
    ("formatDate(datefloor(fromMillis(1772353230250), 300s), '%M:%S')", "20:00"),
    ("formatDate(datefloor(fromMillis(1772353230250), 48hours), '%d %H')", "01 00"),
    ("formatDate(dateceil(fromMillis(1772353230250), 2months), '%m-%d')", "05-01"),
    ("formatDate(datefloor(fromMillis(1772353230250), 1quarter), '%m-%d')", "01-01"),
]  # fmt: skip


def test_functions(cloud: Cloud, logs: Any, event: None) -> None:
    now = int(cloud.clock.now().timestamp())
    named = ", ".join(f"{expression} as x{number}" for number, (expression, _) in enumerate(FOUND))
    id = logs.start_query(logGroupName=GROUP, startTime=now - 60, endTime=now, queryString=f"fields {named}")["queryId"]
    cloud.clock.advance(seconds=1)
    (row,) = logs.get_query_results(queryId=id)["results"]
    values = {one["field"]: one["value"] for one in row}
    assert [(one, values.get(f"x{number}")) for number, (one, _) in enumerate(FOUND)] == FOUND


def test_what_is_no_call(logs: Any) -> None:
    for expression in (
        "round()",
        "md5('a', 'b')",
        "bin(5 m)",
        "bin(0m)",
        "bin(99999y)",
        "bin(9999999d)",
        "case(" + "1," * 22 + "1)",
    ):
        code, _ = refusal(
            logs.start_query, logGroupName=GROUP, startTime=0, endTime=1, queryString=f"fields {expression} as x"
        )
        assert code == "MalformedQueryException", expression
