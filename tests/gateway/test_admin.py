from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

import hodei
from hodei.gateway.admin import seconds
from hodei.gateway.local import Refused
from hodei.kernel.manifest import all_manifests
from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud

DAY = 86400


def ask(
    cloud: Cloud, method: str, path: str, body: Any = None, *, host: str = "localhost:4566", **headers: str
) -> tuple[int, Any]:
    """Status and JSON of the answer; `body` is sent as JSON unless it is bytes."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    response = cloud.send(Request(method, path, Headers([("Host", host), *headers.items()]), Body(data)))
    assert response.header("content-type") == "application/json"
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body)


ONE, OTHER = "111111111111", "222222222222"
FRESH = 10_000


def state(cloud: Cloud, account: str = ONE) -> Any:
    """A piece of the cloud's state, one an account: a quota, FRESH until `change` sets it."""
    return ask(cloud, "GET", f"/_hodei/config?account={account}")[1]["s3"]["quotas"]["buckets"]["value"]


def change(cloud: Cloud, value: int, account: str = ONE) -> None:
    body = {"service": "s3", "quota": "buckets", "value": value, "account": account}
    assert ask(cloud, "POST", "/_hodei/config", body)[0] == 200


def clock(cloud: Cloud, **change: Any) -> Any:
    status, answer = ask(cloud, "POST", "/_hodei/clock", change)
    assert status == 200, answer
    return answer


def test_health_tells_what_runs(cloud: Cloud) -> None:
    status, health = ask(cloud, "GET", "/_hodei/health")
    assert status == 200
    assert health["version"] == hodei.__version__
    assert set(health["services"]) == set(all_manifests())
    assert health["data"] is None
    assert health["uptime"] >= 0


# the clock


def test_the_clock_advances_by_a_duration(cloud: Cloud) -> None:
    clock(cloud, freeze=True)
    before = cloud.clock.now()
    clock(cloud, advance="1d12h")
    assert (cloud.clock.now() - before).total_seconds() == pytest.approx(1.5 * DAY, abs=1e-3)
    clock(cloud, advance=60)
    assert (cloud.clock.now() - before).total_seconds() == pytest.approx(1.5 * DAY + 60, abs=1e-3)


def test_the_clock_is_set_frozen_and_hastened(cloud: Cloud) -> None:
    assert clock(cloud, freeze=True)["rate"] == 0
    for moment in ("2030-01-02T03:04:05Z", "2001-01-01T00:00:00Z", "2031-05-05T05:05:05Z"):
        assert clock(cloud, set=moment)["now"] == moment
    assert clock(cloud, set="2030-01-02T03:04:05")["now"] == "2030-01-02T03:04:05Z"
    assert clock(cloud, rate=60)["rate"] == 60
    assert clock(cloud, freeze=False)["rate"] == 1
    assert ask(cloud, "GET", "/_hodei/clock")[1]["rate"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advance": "5 fortnights"},
        {"advance": -1},
        {"advance": "99999999d"},
        {"set": "tomorrow"},
        {"set": "9999-12-31T00:00:00Z"},
        {"freeze": "yes"},
        {"rate": -1},
        {"rate": 1e9},
        {"advance": "1d", "freeze": True},
        {"advnce": "1d"},
        ["1d"],
        b"{",
        b"",
    ],
)
def test_a_clock_is_not_turned_by_nonsense(cloud: Cloud, body: Any) -> None:
    clock(cloud, freeze=True)
    before = cloud.clock.now()
    status, answer = ask(cloud, "POST", "/_hodei/clock", body)
    assert status == 400
    assert answer["error"]
    assert cloud.clock.now() == before


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3d", 3 * DAY),
        ("12h", 12 * 3600),
        ("30m", 1800),
        ("10s", 10),
        ("1d 12h", 1.5 * DAY),
        ("1.5h", 5400),
        ("2w", 14 * DAY),
    ],
)
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "d", "3", "3x", "-3d", "3d,"])
def test_no_durations(text: str) -> None:
    with pytest.raises(Refused, match="is no duration"):
        seconds(text)


# state


def test_reset_forgets_everything_or_one_account(cloud: Cloud) -> None:
    change(cloud, 1, ONE)
    change(cloud, 2, OTHER)
    assert ask(cloud, "POST", "/_hodei/reset", {"account": ONE})[0] == 200
    assert (state(cloud, ONE), state(cloud, OTHER)) == (FRESH, 2)
    assert ask(cloud, "POST", "/_hodei/reset")[0] == 200
    assert state(cloud, OTHER) == FRESH


def test_reset_refuses_what_is_no_account(cloud: Cloud) -> None:
    change(cloud, 1)
    assert ask(cloud, "POST", "/_hodei/reset", {"account": "12"})[0] == 400
    assert state(cloud) == 1


def test_snapshots_are_saved_loaded_listed_and_deleted(cloud: Cloud) -> None:
    change(cloud, 1)
    assert ask(cloud, "POST", "/_hodei/snapshots", {"name": "clean"}) == (200, {"name": "clean"})
    change(cloud, 2)
    assert ask(cloud, "GET", "/_hodei/snapshots") == (200, {"snapshots": ["clean"]})
    assert ask(cloud, "POST", "/_hodei/snapshots/clean/load")[0] == 200
    assert state(cloud) == 1
    assert ask(cloud, "DELETE", "/_hodei/snapshots/clean")[0] == 200
    assert ask(cloud, "GET", "/_hodei/snapshots") == (200, {"snapshots": []})
    assert ask(cloud, "DELETE", "/_hodei/snapshots/clean")[0] == 404
    assert ask(cloud, "POST", "/_hodei/snapshots/clean/load")[0] == 404


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "x" * 101])
def test_a_snapshot_needs_a_plain_name(cloud: Cloud, name: str) -> None:
    assert ask(cloud, "POST", "/_hodei/snapshots", {"name": name})[0] == 400


def test_quotas_are_shown_and_changed_where_they_are_asked_for(cloud: Cloud) -> None:
    body = {"service": "dynamodb", "quota": "tables", "value": 7, "account": ONE, "region": "eu-west-1"}
    assert ask(cloud, "POST", "/_hodei/config", body)[0] == 200
    there = ask(cloud, "GET", f"/_hodei/config?account={ONE}&region=eu-west-1")[1]
    quota = there["dynamodb"]["quotas"]["tables"]
    assert (quota["value"], quota["default"], quota["code"]) == (7, 2500, "L-F98FE922")
    for place in (f"account={ONE}&region=us-east-1", f"account={OTHER}&region=eu-west-1"):
        assert ask(cloud, "GET", f"/_hodei/config?{place}")[1]["dynamodb"]["quotas"]["tables"]["value"] == 2500


def test_a_quota_of_the_whole_account_holds_in_every_region(cloud: Cloud) -> None:
    body = {"service": "s3", "quota": "buckets", "value": 7, "account": ONE, "region": "eu-west-1"}
    assert ask(cloud, "POST", "/_hodei/config", body)[0] == 200
    assert (state(cloud, ONE), state(cloud, OTHER)) == (7, FRESH)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"service": "s3", "value": 1}, 400),
        ({"service": "s3", "key": "x", "quota": "buckets", "value": 1}, 400),
        ({"service": "s3", "quota": "nothing", "value": 1}, 404),
        ({"service": "s3", "key": "nothing", "value": 1}, 404),
        ({"service": "nothing", "key": "x", "value": 1}, 404),
        ({"service": "s3", "quota": "buckets", "value": "many"}, 400),
        ({"service": "s3", "quota": "buckets", "value": True}, 400),
        ({"service": "s3", "quota": "buckets", "value": -1}, 400),
        ({"service": "s3", "quota": "buckets", "value": 1, "account": "me"}, 400),
        ({"service": "s3", "quota": "buckets"}, 400),
    ],
)
def test_what_is_no_setting_and_no_quota(cloud: Cloud, body: Any, status: int) -> None:
    assert ask(cloud, "POST", "/_hodei/config", body)[0] == status


def test_coverage_is_counted_from_the_code(cloud: Cloud) -> None:
    (sts,) = ask(cloud, "GET", "/_hodei/coverage?service=sts")[1]
    assert "GetCallerIdentity" in sts["implemented"]
    assert "AssumeRole" in [*sts["implemented"], *sts["missing"]]
    (s3,) = ask(cloud, "GET", "/_hodei/coverage?service=s3")[1]
    assert "s3.objects" in [row["mark"] for row in s3["features"]]
    assert ask(cloud, "GET", "/_hodei/coverage?service=nothing")[0] == 404
    assert {row["service"] for row in ask(cloud, "GET", "/_hodei/coverage")[1]} == set(all_manifests())


# the routes themselves


def test_the_openapi_document_describes_every_route(cloud: Cloud) -> None:
    document = ask(cloud, "GET", "/_hodei/openapi.json")[1]
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]["/_hodei/clock"]) == {"get", "post"}
    turn = document["paths"]["/_hodei/clock"]["post"]
    reference = turn["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    assert set(schema["properties"]) == {"advance", "set", "freeze", "rate"}
    load = document["paths"]["/_hodei/snapshots/{name}/load"]["post"]
    assert load["parameters"] == [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}]
    assert all(operation["summary"] for path in document["paths"].values() for operation in path.values())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/_hodei/nothing", 404),
        ("GET", "/_hodei", 404),
        ("DELETE", "/_hodei/clock", 405),
        ("GET", "/_hodei/health?verbose=1", 400),
        ("POST", "/_hodei/stop", 400),  # this cloud belongs to the test
        ("GET", "/_localstack/nothing", 404),
    ],
)
def test_what_is_no_route(cloud: Cloud, method: str, path: str, status: int) -> None:
    answered, answer = ask(cloud, method, path)
    assert answered == status
    assert answer["error"]


def test_a_body_beyond_reason_is_refused(cloud: Cloud) -> None:
    with httpx.Client(transport=cloud.transport(), base_url=cloud.url) as client:
        assert client.post("/_hodei/reset", content=b" " * (2 << 20)).status_code == 413


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:4566", "[::1]:4566", "s3.localhost", "localhost.localstack.cloud:4566"]
)
def test_local_hosts_are_answered(cloud: Cloud, host: str) -> None:
    assert ask(cloud, "GET", "/_hodei/health", host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "xlocalhost", "10.0.0.1:4566", ""])
def test_a_name_rebound_to_this_machine_gets_nothing(cloud: Cloud, host: str) -> None:
    change(cloud, 1)
    for path in ("/_hodei/reset", "/_localstack/state/reset"):
        assert ask(cloud, "POST", path, host=host)[0] == 403
    assert state(cloud) == 1


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "http://[", "http://a.localhost"]
)
def test_a_page_of_another_site_gets_nothing(cloud: Cloud, origin: str) -> None:
    change(cloud, 1)
    assert ask(cloud, "POST", "/_hodei/reset", Origin=origin)[0] == 403
    assert ask(cloud, "OPTIONS", "/_hodei/reset", Origin=origin)[0] == 403
    assert state(cloud) == 1


@pytest.mark.parametrize(
    "origin", ["http://localhost:4566", "http://localhost:3000", "http://127.0.0.1:4566", "http://[::1]"]
)
def test_a_page_of_this_machine_is_answered(cloud: Cloud, origin: str) -> None:
    assert ask(cloud, "POST", "/_hodei/reset", Origin=origin)[0] == 200


# LocalStack's


def test_localstack_health(cloud: Cloud) -> None:
    status, health = ask(cloud, "GET", "/_localstack/health")
    assert status == 200
    assert health["services"]["s3"] == "available"
    assert {"edition", "version"} <= set(health)
    assert ask(cloud, "HEAD", "/_localstack/health")[0] == 200
    assert ask(cloud, "GET", "/_localstack/info")[1]["version"] == hodei.__version__


def test_localstack_state_reset(cloud: Cloud) -> None:
    change(cloud, 1)
    assert ask(cloud, "POST", "/_localstack/state/reset")[0] == 200
    assert state(cloud) == FRESH
