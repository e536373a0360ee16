"""`hodei fault` and `hodei limit`: make a running cloud misbehave."""

from __future__ import annotations

import argparse
from typing import Any
from urllib.parse import urlencode

from hodei.cli_client import ask

FAULTS = "/_hodei/faults"
LIMITS = "/_hodei/limits"
SELECTORS = ("service", "operation", "region", "account", "role", "key")
EFFECTS = ("error", "message", "status", "latency", "reset", "abort_after", "down", "skew")
ABORT_AT_ONCE = ("abort_after", 0)
CHANCES = ("rate", "count", "lasts", "seed")


def add(options: argparse.Namespace) -> None:
    given = {name: getattr(options, name) for name in (*SELECTORS, *EFFECTS, *CHANCES)}
    body = {name: value for name, value in given.items() if value is not None}
    print(f"Added {_line(ask(options.url, 'POST', FAULTS, body))}")


def list_(options: argparse.Namespace) -> None:
    found = ask(options.url, "GET", FAULTS)["faults"]
    print("\n".join(map(_line, found)) or "no faults")


def remove(options: argparse.Namespace) -> None:
    print(f"Removed {_line(ask(options.url, 'DELETE', f'{FAULTS}/{options.id}'))}")


def clear_(options: argparse.Namespace) -> None:
    print(f"Removed {ask(options.url, 'DELETE', FAULTS)['removed']} faults")


def _line(fault: dict[str, Any]) -> str:
    """3: service=sqs operation=SendMessage error=RequestThrottled rate=0.2, 4 of 21 calls"""
    told = {name: fault[name] for name in (*SELECTORS, *EFFECTS) if fault[name] or (name, fault[name]) == ABORT_AT_ONCE}
    told |= {name: fault[name] for name in ("rate", "count") if fault[name] not in (1, None)}
    words = " ".join(name if value is True else f"{name}={value}" for name, value in told.items())
    until = f", until {fault['until']}" if fault["until"] else ""
    return f"{fault['id']}: {words}, {fault['hits']} of {fault['calls']} calls{until}"


# request rates


def limits_mode(options: argparse.Namespace) -> None:
    ask(options.url, "POST", LIMITS, {"mode": options.mode})
    print("AWS's documented rates hold" if options.mode == "aws" else "AWS's documented rates do not hold")


def limits(options: argparse.Namespace) -> None:
    found = ask(options.url, "GET", LIMITS)
    print(f"AWS's documented rates {'hold' if found['mode'] == 'aws' else 'do not hold: `hodei limit aws`'}")
    for limit in found["documented"]:
        print(f"  {limit['service']}.{limit['quota']}: {limit['rate']:g}/s  {limit['name']}")
    print("Set:" if found["set"] else "None is set")
    for limit in found["set"]:
        place = "".join(f" {name}={limit[name]}" for name in ("account", "region") if limit[name])
        print(f"  {limit['service']} {limit['operation']}: {limit['rate']:g}/s, burst {limit['burst']:g}{place}")


def set_limit(options: argparse.Namespace) -> None:
    names = ("service", "operation", "rate", "burst", "account", "region")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    ask(options.url, "POST", LIMITS, given)
    print(f"{options.service} {options.operation}: {options.rate:g} requests a second")


def remove_limit(options: argparse.Namespace) -> None:
    names = ("service", "operation", "account", "region")
    ask(options.url, "DELETE", f"{LIMITS}?{urlencode({name: getattr(options, name) for name in names})}")
    print(f"{options.service} {options.operation}: no limit")
