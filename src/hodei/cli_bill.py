"""`hodei bill`: what AWS would bill for what has been used in a running cloud."""

from __future__ import annotations

import argparse
import json
from urllib.parse import urlencode

from hodei.cli_client import ask


def bill(options: argparse.Namespace) -> None:
    asked = {name: getattr(options, name) for name in ("account", "by", "start", "end")}
    query = urlencode({name: value for name, value in asked.items() if value})
    found = ask(options.url, "GET", f"/_hodei/bill?{query}")
    if options.json:
        print(json.dumps(found, indent=2))
        return
    rows = [(row["name"] or "-", _amount(row["quantity"], row["unit"]), row["cost"]) for row in found["rows"]]
    names, amounts = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    for name, amount, cost in rows:
        print(f"{name:{names}}  {amount:>{amounts}}  {cost:>14,.8f}")
    print(f"{'Total':{names}}  {'':{amounts}}  {found['total']:>14,.8f} {found['currency']}")


def _amount(quantity: float | None, unit: str | None) -> str:
    return "" if quantity is None else f"{quantity:,.6g} {unit}"
