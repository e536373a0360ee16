"""`hodei iam`: why calls were denied, and which permissions would do."""

from __future__ import annotations

import argparse
import json
from typing import Any
from urllib.parse import quote

from hodei.cli_client import ask

SHOWN = 20  # of the latest denials


def explain(options: argparse.Namespace) -> None:
    path = "/_hodei/iam/denials" + (f"/{quote(options.request, safe='')}" if options.request else "")
    found = ask(options.url, "GET", path)["denials"][:SHOWN]
    print("\n\n".join(map(_told, found)) or "no call has been denied")


def _told(denial: dict[str, Any]) -> str:
    lines = [f"{denial['request_id']}  {denial['operation']}", f"  {denial['message']}"]
    if denial["policy"]:
        attached = f", attached to {denial['source']}" if denial["source"] else ""
        lines.append(f"  Denied by statement {denial['statement']} of {denial['policy']}{attached}")
    elif denial["where"]:
        lines.append(f"  No {denial['where']} policy allows it" + _others(denial))
    else:
        lines.append("  The account of the caller or that of the resource is closed")
    return "\n".join(lines)


def _others(denial: dict[str, Any]) -> str:
    others = [kind for kind in denial["lacking"] if kind != denial["where"]]
    return f"; nor does one of these kinds: {', '.join(others)}" if others else ""


def suggest(options: argparse.Namespace) -> None:
    kind, given = ("role", options.role) if options.role else ("user", options.user)
    arn = given if given.startswith("arn:") else f"arn:aws:iam::{options.account}:{kind}/{given}"
    found = ask(options.url, "GET", f"/_hodei/iam/suggest/{quote(arn, safe='')}")
    print(json.dumps(found["policy"], indent=2))
