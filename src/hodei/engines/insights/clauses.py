"""Commands that are read from their tokens alone: what they say."""

from __future__ import annotations

from typing import NamedTuple

from hodei.engines.insights.lexer import Tokens, blamed
from hodei.engines.insights.values import InvalidQuery, UnsupportedQuery

MOST_PREFIXES = 5
MOST_ACCOUNTS = 20
MOST_LAG = 1000
PERIODS = ("previousDay", "previousWeek", "previousMonth")
# The guide's text and its examples differ in the words.
KEYWORDS = {
    "nameprefix": "prefixes", "accountidentifier": "accounts", "accountidentifiers": "accounts", "class": "classes",
    "loggroupclass": "classes",
}  # fmt: skip


class Groups(NamedTuple):
    """SOURCE: the log groups with those names; if there are none, all that have one of the prefixes, accounts and
    classes, where some are given.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Source.html
    """

    names: list[str]
    prefixes: list[str]
    accounts: list[str]
    classes: list[str]


def groups(tokens: Tokens) -> Groups:
    """SOURCE logGroups(namePrefix: ['a', 'b'], ...), SOURCE 'name', 'name'. Raises: InvalidQuery, UnsupportedQuery."""
    if tokens.next.word in ("loggroups", "datasource") and tokens.peek().text == "(":
        return _selected(tokens)
    names = [tokens.kind("string", "name").text.replace("`", "")]
    while tokens.take(","):
        names.append(tokens.kind("string", "name").text.replace("`", ""))
    return Groups(names, [], [], [])


def _selected(tokens: Tokens) -> Groups:
    if tokens.any().word == "datasource":
        raise UnsupportedQuery("Data sources of logs are not implemented by Hodei.")
    given: dict[str, list[str]] = {"prefixes": [], "accounts": [], "classes": []}
    tokens.expect("(")
    while not tokens.take(")"):
        token = tokens.kind("name")
        if token.word not in KEYWORDS:
            raise blamed(token, "unexpected symbol found")
        tokens.expect(":")
        given[KEYWORDS[token.word]] += _texts(tokens)
        if tokens.next.text != ")":
            tokens.expect(",")
    for kind, most in (("prefixes", MOST_PREFIXES), ("accounts", MOST_ACCOUNTS)):
        if len(given[kind]) > most:
            raise InvalidQuery(f"logGroups takes at most {most} {kind}")
    return Groups([], **given)


def _texts(tokens: Tokens) -> list[str]:
    tokens.expect("[")
    found = [tokens.kind("string").text]
    while tokens.take(","):
        found.append(tokens.kind("string").text)
    tokens.expect("]")
    return found


class Join(NamedTuple):
    """`keys` are fields of the left and the right side that must be equal. `outer`: left rows stay without any.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Join.html
    """

    outer: bool
    left: str
    right: str
    keys: list[tuple[str, str]]


def join(tokens: Tokens) -> Join:
    """type=inner left=a right=b where a.x=b.x and a.y=b.y. Raises: InvalidQuery."""
    given = {"type": "inner"}
    while word := tokens.take("type", "left", "right"):
        tokens.expect("=")
        token = tokens.kind("name")
        if word.word == "type" and token.word not in ("inner", "left"):
            raise blamed(token, "unknown type of join")
        given[word.word] = token.text
    tokens.expect("where")
    if given.keys() != {"type", "left", "right"} or given["left"] == given["right"]:
        raise InvalidQuery("join needs two aliases, left and right")
    left, right = given["left"], given["right"]
    keys = [_key(tokens, left, right)]
    while tokens.take("and"):
        keys.append(_key(tokens, left, right))
    return Join(given["type"].lower() == "left", left, right, keys)


def _key(tokens: Tokens, left: str, right: str) -> tuple[str, str]:
    sides: dict[str, str] = {}
    for sign in ("=", None):
        token = tokens.kind("name")
        alias, _, field = token.text.replace("`", "").partition(".")
        if alias not in (left, right) or not field or alias in sides:
            raise blamed(token, "join needs a field of each side, but has")
        sides[alias] = field
        if sign:
            tokens.expect(sign)
    return sides[left], sides[right]


class Lookup(NamedTuple):
    """`keys` are fields of the table and of the rows that must be equal, `output` those of the table to add.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Lookup.html
    """

    table: str
    keys: list[tuple[str, str]]
    output: list[str]


def lookup(tokens: Tokens) -> Lookup:
    """table a as b, c OUTPUT d, e. Raises: InvalidQuery."""
    table = tokens.kind("name", "string").text
    keys: list[tuple[str, str]] = []
    while not keys or tokens.take(","):
        column = tokens.kind("name").text
        keys.append((column, tokens.kind("name").text if tokens.take("as") else column))
    tokens.expect("output")
    output = [tokens.kind("name").text]
    while tokens.take(","):
        output.append(tokens.kind("name").text)
    return Lookup(table, [(column, field.replace("`", "")) for column, field in keys], output)


class Totals(NamedTuple):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Addtotals.html"""

    name: str
    rows: bool
    columns: bool
    fields: list[str]


def totals(tokens: Tokens) -> Totals:
    """fieldname=Name row=true col=false a, b. Raises: InvalidQuery."""
    given = {"fieldname": "Total", "row": "true", "col": "false"}
    while tokens.next.word in given and tokens.peek().text == "=":
        word = tokens.any().word
        tokens.expect("=")
        token = tokens.kind("name")
        if word != "fieldname" and token.word not in ("true", "false"):
            raise blamed(token, "unexpected symbol found")
        given[word] = token.text
    fields: list[str] = []
    while tokens.next.kind == "name" or (fields and tokens.take(",")):
        fields.append(tokens.kind("name").text.replace("`", ""))
    return Totals(given["fieldname"], given["row"].lower() == "true", given["col"].lower() == "true", fields)


def lags(tokens: Tokens) -> range:
    """p=2, p=1-4: how many rows before. Raises: InvalidQuery."""
    if not tokens.take("p"):
        return range(1, 2)
    tokens.expect("=")
    token = tokens.kind("number")
    last = tokens.kind("number") if tokens.take("-") else token
    if not (token.text.isdigit() and last.text.isdigit() and 1 <= int(token.text) <= int(last.text) <= MOST_LAG):
        raise blamed(token, "not so many rows before:")
    return range(int(token.text), int(last.text) + 1)


def patterns(tokens: Tokens) -> list[str]:
    """Names of fields with * in them, without commas."""
    found: list[str] = []
    end = -1
    while tokens.next.kind == "name" or tokens.next.text == "*":
        token = tokens.any()
        part = token.text.replace("`", "")
        if token.start == end:
            found[-1] += part
        else:
            found.append(part)
        end = token.end
    return found


def period(tokens: Tokens) -> str:
    """What diff compares with: one of PERIODS, or "", the time just before."""
    word = tokens.take(*(one.lower() for one in PERIODS))
    return word.word if word else ""
