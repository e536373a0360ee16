"""The commands that talk to a running cloud, over its admin API."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from hodei.cli import Failure


class Unreachable(Failure):
    """Nothing answers at the address, or not Hodei."""


def ask(url: str, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Any:
    """The JSON that the admin API answers. Raises: Unreachable; Failure with the reason of a refusal."""
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise Failure(f"{url!r} is no address: write http://localhost:4566")
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname, address.port, timeout=timeout)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        answer = json.loads(response.read())
    except OSError as error:
        raise Unreachable(f"nothing answers at {url} ({error.strerror or error}): `hodei start` starts it") from None
    except (ValueError, http.client.HTTPException):
        raise Unreachable(f"what answers at {url} is not Hodei") from None
    finally:
        connection.close()
    if response.status != 200:
        raise Failure(answer.get("error") or f"what answers at {url} is not Hodei")
    return answer


def status(options: argparse.Namespace) -> None:
    health = ask(options.url, "GET", "/_hodei/health", timeout=10)
    since = timedelta(seconds=round(health["uptime"]))
    print(f"Hodei {health['version']} answers on {health['url']}, for {since}, as process {health['pid']}")
    print(f"State:    {health['data'] or 'in memory only'}")
    print(f"Clock:    {_clock(ask(options.url, 'GET', '/_hodei/clock', timeout=10))}")
    print(f"Services: {' '.join(health['services'])}")


def reset(options: argparse.Namespace) -> None:
    ask(options.url, "POST", "/_hodei/reset", {"account": options.account})
    print(f"Forgotten: {'everything' if options.account is None else 'account ' + options.account}")


# AWS clients


def client_environment(url: str, key: str = "test", region: str = "us-east-1") -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region,
    }


# The aws CLI of version 1, which is the one pip installs, sends SQS (and RDS in us-east-1, EMR, Health) to AWS itself
# whatever the environment and the profile say; only the flag stops it: github.com/aws/aws-cli/issues/8737
AWS_FUNCTION = 'aws() { command aws ${AWS_ENDPOINT_URL:+--endpoint-url=$AWS_ENDPOINT_URL} "$@"; }'


def env(options: argparse.Namespace) -> None:
    import shlex

    for name, value in client_environment(options.url, options.account, options.region).items():
        print(f"export {name}={shlex.quote(value)}")
    if not os.environ.get("SHELL", "").endswith("fish"):
        print(AWS_FUNCTION)


def aws(options: argparse.Namespace) -> None:
    """Become the aws CLI. Credentials and a region that are set stay: a key of 12 digits names the account."""
    program = find_aws()
    if program is None:
        raise Failure("no aws CLI on the PATH or beside hodei: pip install 'hodei[aws]' brings one")
    mine = client_environment(options.url)
    environment = {**mine, **os.environ, "AWS_ENDPOINT_URL": mine["AWS_ENDPOINT_URL"]}
    sys.stdout.flush()
    os.execve(program, [program, f"--endpoint-url={options.url}", *options.arguments], environment)


def find_aws() -> str | None:
    beside = Path(sys.executable).with_name("aws")
    return shutil.which("aws") or (str(beside) if beside.exists() else None)


# time


def clock(options: argparse.Namespace) -> None:
    value = " ".join(options.value)
    needs_value = options.action in ("advance", "set", "rate")
    if needs_value != bool(value):
        raise Failure(f"clock {options.action} {'needs a value' if needs_value else 'takes no value'}", 2)
    if options.action == "show":
        print(_clock(ask(options.url, "GET", "/_hodei/clock")))
        return
    changes: dict[str, dict[str, Any]] = {
        "advance": {"advance": value},
        "set": {"set": value},
        "freeze": {"freeze": True},
        "resume": {"freeze": False},
        "rate": {"rate": _value(value)},
    }
    print(_clock(ask(options.url, "POST", "/_hodei/clock", changes[options.action])))


def _clock(answer: dict[str, Any]) -> str:
    rate = answer["rate"]
    pace = "" if rate == 1 else " (frozen)" if rate == 0 else f" ({rate:g} times as fast as real time)"
    return f"{answer['now']}{pace}"


# snapshots


def snapshot(options: argparse.Namespace) -> None:
    if (options.action == "list") != (options.name is None):
        raise Failure("snapshot list, or snapshot save|load|delete NAME", 2)
    path = "/_hodei/snapshots"
    if options.action == "list":
        print("\n".join(ask(options.url, "GET", path)["snapshots"]) or "no snapshots")
    elif options.action == "save":
        ask(options.url, "POST", path, {"name": options.name})
        print(f"Saved as {options.name}")
    elif options.action == "load":
        ask(options.url, "POST", f"{path}/{quote(options.name, safe='')}/load")
        print(f"Back at {options.name}")
    else:
        ask(options.url, "DELETE", f"{path}/{quote(options.name, safe='')}")
        print(f"Deleted {options.name}")


# settings and quotas


def config(options: argparse.Namespace) -> None:
    place = {"account": options.account, "region": options.region}
    services = ask(options.url, "GET", f"/_hodei/config?{urlencode(place)}")
    if options.action == "show":
        _show_config(services, options.key or "")
        return
    service, dot, key = (options.key or "").partition(".")
    if not dot or options.value is None:
        raise Failure("config set SERVICE.KEY VALUE", 2)
    if service not in services:
        raise Failure(f"no service {service!r}")
    kind = "key" if key in services[service]["settings"] else "quota"
    change = {"service": service, kind: key, "value": _value(options.value), **(place if kind == "quota" else {})}
    ask(options.url, "POST", "/_hodei/config", change)
    print(f"{service}.{key} = {options.value}")


def _show_config(services: dict[str, Any], prefix: str) -> None:
    """`prefix`: a service, or a service and a key."""
    rows = []
    for service, found in services.items():
        for key, entry in (found["settings"] | found["quotas"]).items():
            name = f"{service}.{key}"
            if name == prefix or name.startswith(f"{prefix}." if prefix else ""):
                doc = entry.get("doc") or f"{entry['name']} ({entry['code']})"
                rows.append((name, _plain(entry["value"]), _plain(entry["default"]), doc))
    if not rows:
        raise Failure(f"no setting or quota {prefix!r}")
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for name, value, default, doc in rows:
        changed = "" if value == default else f"(default {default})  "
        print(f"{name:{widths[0]}}  {value:>{widths[1]}}  {changed}{doc}")


def _plain(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else json.dumps(value)


def _value(text: str) -> Any:
    """A number, true or false; else the text itself."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text
