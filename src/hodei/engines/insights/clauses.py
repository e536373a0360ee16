"""Commands that are read from their tokens alone: what they say."""

from __future__ import annotations

from typing import NamedTuple

from hodei.engines.insights.lexer import Tokens, blamed
from hodei.engines.insights.values import InvalidQuery, UnsupportedQuery

MOST_PREFIXES = 5
MOST_ACCOUNTS = 20
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


def period(tokens: Tokens) -> str:
    """What diff compares with: one of PERIODS, or "", the time just before."""
    word = tokens.take(*(one.lower() for one in PERIODS))
    return word.word if word else ""
