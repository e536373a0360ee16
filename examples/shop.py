"""A year of a shop as CSV files, from a seed, and the keys that its items have in one table.

Few customers order much, few products sell much, the end of the year is busy.

| item     | PK         | SK             | GSI1PK            | GSI1SK       |
| -------- | ---------- | -------------- | ----------------- | ------------ |
| customer | C#customer | PROFILE        | COUNTRY#country   | name         |
| order    | C#customer | O#time#order   | STATUS#status#day | O#time#order |
| line     | O#order    | L#line         | P#product         | O#order      |
| product  | P#product  | STOCK          |                   |              |
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
COUNTRIES = {"ES": 40, "FR": 25, "DE": 15, "PT": 10, "IT": 6, "AD": 1}
STATUSES = {"delivered": 90, "shipped": 5, "paid": 3, "returned": 2}
FIRST = ("Ada", "Ane", "Iker", "Jon", "Maite", "Miren", "Nerea", "Unai", "Xabier", "Zuriñe")
LAST = ("Agirre", "Bengoa", "Etxeberria", "Garcia", "Goikoetxea", "Lopez", "Mendizabal", "Ortiz", "Urrutia", "Zabala")
PRODUCTS = 2000
Row = dict[str, str]


@dataclass
class Facts:
    """What is in the files, to compare with. Money is in cents."""

    customers: int = 0
    orders: int = 0
    lines: int = 0
    revenue: int = 0
    by_day: Counter[str] = field(default_factory=Counter)
    by_customer: Counter[str] = field(default_factory=Counter)

    def add_order(self, customer: str, at: str, total: int) -> None:
        self.orders += 1
        self.revenue += total
        self.by_day[at[:10]] += total
        self.by_customer[customer] += total

    def __add__(self, other: Facts) -> Facts:
        return Facts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def rows(self) -> int:
        return self.customers + self.orders + self.lines


DESIGN: dict[str, Callable[[Row], tuple[str, str, str, str]]] = {
    "customers": lambda row: (f"C#{row['customer_id']}", "PROFILE", f"COUNTRY#{row['country']}", row["name"]),
    "orders": lambda row: (
        f"C#{row['customer_id']}",
        (key := f"O#{row['ordered_at']}#{row['order_id']}"),
        f"STATUS#{row['status']}#{row['ordered_at'][:10]}",
        key,
    ),
    "lines": lambda row: (
        f"O#{row['order_id']}",
        f"L#{row['line']}",
        f"P#{row['product_id']}",
        f"O#{row['order_id']}",
    ),
}
KEYS = ("PK", "SK", "GSI1PK", "GSI1SK")


def price_of(product: int) -> int:
    return 199 + product * 7919 % 9000


def generate(folder: Path, rows: int, seed: int = 1) -> Facts:
    """customers.csv, orders.csv and lines.csv, of `rows` rows in all (or some more, to end the last order)."""
    chance, facts = random.Random(seed), Facts()
    with (
        (folder / "customers.csv").open("w", newline="") as customers,
        (folder / "orders.csv").open("w", newline="") as orders,
        (folder / "lines.csv").open("w", newline="") as lines,
    ):
        writer = csv.writer(customers)
        writer.writerow(("customer_id", "name", "email", "country"))
        for customer in _customers(chance, rows // 20):
            writer.writerow(customer)
            facts.customers += 1
        order_writer, line_writer = csv.writer(orders), csv.writer(lines)
        order_writer.writerow(("order_id", "customer_id", "ordered_at", "status", "total"))
        line_writer.writerow(("order_id", "line", "product_id", "quantity", "price"))
        while facts.rows < rows:
            _order(chance, facts, order_writer, line_writer)
    return facts


def _customers(chance: random.Random, count: int) -> Iterator[tuple[str, ...]]:
    names, weights = list(COUNTRIES), list(COUNTRIES.values())
    for n, country in enumerate(chance.choices(names, weights, k=count)):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        yield f"{n:07}", f"{first} {last}", f"{first}.{last}.{n}@example.com".lower(), country


def _order(chance: random.Random, facts: Facts, orders: Any, lines: Any) -> None:
    order, customer = f"{facts.orders:08}", f"{int(facts.customers * chance.random() ** 2):07}"
    second = 365 * 86400 * chance.betavariate(1.4, 1)
    at = (NEW_YEAR + timedelta(seconds=int(second))).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = chance.choices(list(STATUSES), list(STATUSES.values()))[0]
    total = 0
    for line in range(1, min(20, 2 + int(chance.expovariate(0.5)))):
        product, quantity = int(PRODUCTS * chance.random() ** 2), chance.choice((1, 1, 1, 2, 3))
        lines.writerow((order, f"{line:02}", f"{product:04}", quantity, price_of(product)))
        total += quantity * price_of(product)
        facts.lines += 1
    orders.writerow((order, customer, at, status, total))
    facts.add_order(customer, at, total)


def count(facts: Facts, items: Iterable[dict[str, Any]]) -> Facts:
    """Adds items in DynamoDB's own notation to what is known."""
    for item in items:
        key = item["SK"]["S"]
        if key == "PROFILE":
            facts.customers += 1
        elif key.startswith("L#"):
            facts.lines += 1
        elif key.startswith("O#"):
            facts.add_order(item["PK"]["S"].removeprefix("C#"), key[2:], amount(item))
    return facts


def amount(item: dict[str, Any]) -> int:
    """An order's total; what was imported from CSV is a string."""
    ((_, text),) = item["total"].items()
    return int(text)
