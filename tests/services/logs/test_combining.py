"""Logs Insights QL: commands that bring several log groups, times and tables together."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import GROUP, STREAM, refusal

pytestmark = pytest.mark.feature("logs.insights")
OTHER, RARE = "/aws/lambda/pay", "rare"
ORDERS = [
    {"id": "a", "status": 500, "who": "ada"},
    {"id": "b", "status": 200, "who": "bob"},
    {"id": "c", "status": 503, "who": "eve"},
]
PAYMENTS = [{"id": "a", "ms": 7, "ok": 1}, {"id": "a", "ms": 9, "ok": 0}, {"id": "b", "ms": 5, "ok": 1}]


@pytest.fixture
def events(logs: Any, put: Any) -> None:
    for name, kind in ((OTHER, "STANDARD"), (RARE, "INFREQUENT_ACCESS")):
        logs.create_log_group(logGroupName=name, logGroupClass=kind)
        logs.create_log_stream(logGroupName=name, logStreamName=STREAM)
    put(*map(json.dumps, ORDERS))
    put(*map(json.dumps, PAYMENTS), group=OTHER)
    put('{"id": "z"}', group=RARE)


@pytest.fixture
def ask(cloud: Cloud, logs: Any) -> Any:
    def ask(query: str, **params: Any) -> list[dict[str, str]]:
        now = int(cloud.clock.now().timestamp())
        given = {"startTime": now - 3600, "endTime": now + 60, **params}
        id = logs.start_query(queryString=query, **given)["queryId"]
        cloud.clock.advance(seconds=1)
        answer = logs.get_query_results(queryId=id)
        assert answer["status"] == "Complete"
        rows = [{one["field"]: one["value"] for one in row} for row in answer["results"]]
        return [{name: value for name, value in row.items() if name != "@ptr"} for row in rows]

    return ask


SOURCES = [
    ("logGroups()", "aaabbc"),
    ("logGroups(namePrefix: ['/aws/', 'x'])", "aab"),
    ("logGroups(class: ['INFREQUENT_ACCESS'])", "z"),
    ("logGroups(logGroupClass: ['STANDARD', 'INFREQUENT_ACCESS'], namePrefix: ['app', 'rare'])", "abcz"),
    ("logGroups(accountIdentifiers: ['000000000000'], namePrefix: ['app'])", "abc"),
    ("logGroups(accountIdentifiers: ['111122223333'])", ""),
    (f"'{OTHER}', app", "aaabbc"),
]


def test_source_selects_groups(ask: Any, events: None) -> None:
    for source, ids in SOURCES:
        rows = ask(f"SOURCE {source} | filter ispresent(id) | stats count(*) as n by id | sort id")
        assert "".join(row["id"] * int(row["n"]) for row in rows) == ids, source


def test_source_and_parameters(logs: Any, events: None) -> None:
    params = {"startTime": 0, "endTime": 1}
    code, _ = refusal(logs.start_query, queryString="SOURCE logGroups()", logGroupName=GROUP, **params)
    assert code == "InvalidParameterException"
    assert refusal(logs.start_query, queryString="fields a", **params)[0] == "InvalidParameterException"
    assert refusal(logs.start_query, queryString="SOURCE nosuch", **params)[0] == "ResourceNotFoundException"
    id = logs.start_query(queryString="SOURCE logGroups(namePrefix: ['app'])", **params)["queryId"]
    assert logs.list_log_groups_for_query(queryId=id)["logGroupIdentifiers"] == [GROUP]


def test_only_groups_that_the_caller_may_query(cloud: Cloud, logs: Any, events: None) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="u")
    allowed = {"Effect": "Allow", "Action": "logs:StartQuery", "Resource": f"arn:aws:logs:*:*:log-group:{GROUP}:*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    user = cloud.client("logs", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    params = {"startTime": 0, "endTime": 1}
    user.start_query(queryString=f"SOURCE {GROUP}", **params)
    for query, more in (
        ("SOURCE logGroups()", {}),
        (f"filter id in (SOURCE '{OTHER}' | fields id)", {"logGroupName": GROUP}),
        (f"join left=a right=b where a.id = b.id (SOURCE '{OTHER}')", {"logGroupName": GROUP}),
    ):
        assert refusal(user.start_query, queryString=query, **params, **more)[0] == "AccessDeniedException"


JOINED: list[tuple[str, list[dict[str, str]]]] = [
    (f"filter status >= 500 | join type=inner left=api right=pay where api.id=pay.id (SOURCE '{OTHER}') "
     "| fields api.id, api.who, pay.ms | sort pay.ms",
     [{"api.id": "a", "api.who": "ada", "pay.ms": "7"}, {"api.id": "a", "api.who": "ada", "pay.ms": "9"}]),
    (f"join type=left left=o right=p where o.id=p.id and p.id=o.id (SOURCE '{OTHER}') "
     "| filter !ispresent(p.id) or p.ok = 0 | fields o.id, p.ms | sort o.id",
     [{"o.id": "a", "p.ms": "9"}, {"o.id": "c"}]),
    (f"join left=o right=p where o.id=p.id (SOURCE '{OTHER}') | stats sum(p.ms) as ms by o.who | sort o.who",
     [{"o.who": "ada", "ms": "16"}, {"o.who": "bob", "ms": "5"}]),
    (f"stats count(*) as n by id | join left=l right=r where l.id=r.id (SOURCE '{OTHER}') | filter r.ok = 0 "
     "| display id, n, r.ms", [{"id": "a", "n": "1", "r.ms": "9"}]),
    (f"filter id in (SOURCE '{OTHER}' | filter ms > 6 | fields id) | fields who", [{"who": "ada"}]),
    (f"filter id not in (SOURCE '{OTHER}' | fields id) | fields who", [{"who": "eve"}]),
    (f"filter id in (SOURCE '{OTHER}' | stats count(*) as n by id | filter n > 1 | fields id) | fields who",
     [{"who": "ada"}]),
    (f"filter status > 300 and id in (SOURCE {OTHER.replace('/aws/lambda/pay', 'rare')} | fields id)", []),
    ("filter id in (filter status = 503 | fields id) | fields who", [{"who": "eve"}]),
]  # fmt: skip


def test_rows_of_other_groups(ask: Any, events: None) -> None:
    for query, rows in JOINED:
        assert ask(query, logGroupName=GROUP) == rows, query


def test_diff_compares_times(cloud: Cloud, ask: Any, put: Any) -> None:
    day = 86400
    put("ERROR took 1 ms", at=-10)
    put("ERROR took 2 ms", at=-20)
    put("new thing", at=-5)
    put("ERROR took 3 ms", at=-3600 - 600)
    put("gone", at=-3600 - 600)
    put("WARN a day ago", at=-day)
    put("WARN a week ago", at=-7 * day)

    def brief(query: str) -> list[tuple[str, ...]]:
        names = ("@pattern", "@sampleCount", "@severityLabel", "@differenceEventCount", "@differenceDescription")
        return [tuple(row.get(name, "") for name in names) for row in ask(query, logGroupName=GROUP)]

    took = ("ERROR took <*> ms", "2", "ERROR")
    assert brief("pattern @message | diff") == [
        (*took, "1", "Increased by 100%"),
        ("gone", "0", "", "-1", "Pattern not found"),
        ("new thing", "1", "", "1", "New pattern"),
    ]
    assert brief("filter @message like 'ago' or @message like 'took' | diff previousDay") == [
        (*took, "2", "New pattern"),
        ("WARN a day ago", "0", "WARN", "-1", "Pattern not found"),
    ]
    assert brief("pattern @message | diff previousWeek | filter @differenceEventCount < 0") == [
        ("WARN a week ago", "0", "WARN", "-1", "Pattern not found")
    ]


def test_diff_with_the_month_before(cloud: Cloud, ask: Any, put: Any) -> None:
    from hodei.services.logs.insights.running import earlier

    march_31 = 1774915200  # 2026-03-31 00:00 UTC
    assert earlier((march_31, march_31 + 60), "previousmonth")[0] == march_31 - 31 * 86400  # February 28
    put("x", at=-1)
    assert ask("diff previousMonth", logGroupName=GROUP)[0]["@pattern"] == "x"


def test_filter_index(logs: Any, ask: Any, events: None) -> None:
    both: dict[str, Any] = {"logGroupNames": [GROUP, OTHER]}
    query = "filterIndex id in ['a', 'b'] | stats count(*) as n by @log"
    assert ask(query, **both) == []
    document = json.dumps({"Fields": ["id"], "FieldsV2": {"who": {"type": "FACET"}}})
    policy = logs.put_index_policy(logGroupIdentifier=GROUP, policyDocument=document)["indexPolicy"]
    assert (policy["source"], policy["policyDocument"]) == ("LOG_GROUP", document)
    assert ask(query, **both) == [{"@log": f"000000000000:{GROUP}", "n": "2"}]
    assert ask("filterIndex id = 'c' and who = 'eve' | fields status", **both) == [{"status": "503"}]
    assert ask("filterIndex missing = 'c'", **both) == []
    assert logs.describe_index_policies(logGroupIdentifiers=[GROUP])["indexPolicies"] == [policy]
    found = logs.describe_field_indexes(logGroupIdentifiers=[GROUP], indexCategories=["CUSTOM"])["fieldIndexes"]
    assert [(one["fieldIndexName"], one["type"]) for one in found] == [("id", "FIELD_INDEX"), ("who", "FACET")]
    default = logs.describe_field_indexes(logGroupIdentifiers=[OTHER, RARE])["fieldIndexes"]
    assert {(one["indexCategory"], one["logGroupIdentifier"].rpartition(":")[2]) for one in default} == {
        ("DEFAULT", OTHER)
    }
    logs.delete_index_policy(logGroupIdentifier=GROUP)
    assert refusal(logs.delete_index_policy, logGroupIdentifier=GROUP)[0] == "ResourceNotFoundException"
    assert ask(query, **both) == []


def test_bad_index_policies(logs: Any) -> None:
    for document in ("{", "[]", "{}", '{"Fields": "id"}', '{"Fields": [1]}', '{"FieldsV2": {"a": {}}}'):
        code, _ = refusal(logs.put_index_policy, logGroupIdentifier=GROUP, policyDocument=document)
        assert code == "InvalidParameterException", document


def test_index_policies_have_limits(logs: Any, events: None) -> None:
    many = json.dumps({"Fields": [f"f{n}" for n in range(21)]})
    long = json.dumps({"Fields": ["x" * 101]})
    for group, document in ((GROUP, many), (GROUP, long), (RARE, '{"Fields": ["id"]}')):
        code, _ = refusal(logs.put_index_policy, logGroupIdentifier=group, policyDocument=document)
        assert code == "InvalidParameterException"


BAD = [
    "fields a | SOURCE logGroups()",
    "SOURCE logGroups(colour: ['x'])",
    "SOURCE logGroups(namePrefix: ['1', '2', '3', '4', '5', '6'])",
    "SOURCE logGroups(namePrefix: 'x')",
    "SOURCE",
    f"join left=a right=b where a.x < b.x (SOURCE {GROUP})",
    f"join left=a right=a where a.x = a.y (SOURCE {GROUP})",
    f"join left=a right=b where a.x = c.x (SOURCE {GROUP})",
    f"join type=full left=a right=b where a.x = b.x (SOURCE {GROUP})",
    f"join left=a right=b where a.x = b.x (SOURCE {GROUP} | filter x = 1)",
    "join left=a right=b where a.x = b.x (fields x)",
    f"join left=a right=b where a.x=b.x (SOURCE {GROUP}) | join left=c right=d where c.x=d.x (SOURCE {GROUP})",
    "filter a in (filter b in (fields b) | fields a)",
    "filter a in (fields b, c)",
    "filter a in (filter b = 1)",
    "filter a in (fields a",
    "stats count(*) | diff",
    "filterIndex a like 'x'",
    "filterIndex a = 1 or b = 2",
]


def test_what_is_no_query(logs: Any) -> None:
    for query in BAD:
        code, _ = refusal(logs.start_query, logGroupName=GROUP, startTime=0, endTime=1, queryString=query)
        assert code == "MalformedQueryException", query


def test_where_a_query_is_wrong(logs: Any) -> None:
    with pytest.raises(ClientError) as caught:
        logs.start_query(logGroupName=GROUP, startTime=0, endTime=1, queryString="fields a | filter b ==== 1")
    response: Any = caught.value.response
    assert response["queryCompileError"] == {
        "location": {"startCharOffset": 21, "endCharOffset": 22},
        "message": "unexpected symbol found = at line 1 and position 21",
    }


def test_fields_after_stats(ask: Any, events: None) -> None:
    assert ask("stats count(*) as n | fields n * 2 as twice | filter missing = 1 or n = 3", logGroupName=GROUP) == [
        {"n": "3", "twice": "6"}
    ]
