"""A transformer: its processors, checked as AWS does, and at work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from hodei.engines import linear
from hodei.engines.logtransform import processors as of
from hodei.engines.logtransform.events import Event, InvalidTransformer, Unparsed
from hodei.engines.logtransform.grok import UnknownPattern

Transform = Callable[[str], str | None]
PARSERS: dict[str, Callable[[of.Given], of.Process]] = {
    "parseJSON": of.parse_json,
    "csv": of.parse_csv,
    "parseKeyValue": of.parse_key_value,
    "grok": of.parse_grok,
}
MUTATORS: dict[str, Callable[[of.Given], of.Process]] = {
    "addKeys": of.add_keys,
    "copyValue": of.moved("source", "target", keep=True),
    "deleteKeys": of.delete_keys,
    "listToMap": of.list_to_map,
    "lowerCaseString": of.of_strings(str.lower),
    "moveKeys": of.moved("source", "target"),
    "renameKeys": of.moved("key", "renameTo"),
    "splitString": of.split_string,
    "substituteString": of.substitute_string,
    "trimString": of.of_strings(str.strip),
    "typeConverter": of.type_converter,
    "upperCaseString": of.of_strings(str.upper),
}
VENDED = {"parseCloudfront", "parsePostgres", "parseRoute53", "parseToOCSF", "parseVPC", "parseWAF"}
ONCE = ("grok", "addKeys", "copyValue")
MOST_PARSERS = 5


class UnsupportedProcessor(Exception):
    """A processor that is AWS's but is not here."""


def transformer(config: Sequence[Mapping[str, Any]]) -> Transform:
    """What makes JSON of a message, None of one that cannot be parsed.

    Raises: InvalidTransformer, UnsupportedProcessor.
    """
    if any(len(given) != 1 for given in config):
        raise InvalidTransformer("Each processor must have exactly one type.")
    named = [next(iter(given.items())) for given in config]
    _check([name for name, _ in named])
    steps = [_made(name, given) for name, given in named]
    encode = msgspec.json.encode

    def transform(message: str) -> str | None:
        event: Event = {}
        try:
            for step in steps:
                step(event, message)
        except Unparsed:
            return None
        return encode(event).decode()

    return transform


def _check(names: list[str]) -> None:
    counts, parsers = Counter(names), PARSERS.keys() | VENDED
    if names[0] not in parsers:
        raise InvalidTransformer("The first processor of a transformer must be a parser.")
    if sum(counts[name] for name in parsers) > MOST_PARSERS:
        raise InvalidTransformer(f"A transformer can have at most {MOST_PARSERS} parsers.")
    for name in ONCE:
        if counts[name] > 1:
            raise InvalidTransformer(f"A transformer can have only one {name} processor.")
    if any(name in VENDED for name in names[1:]):
        raise InvalidTransformer("A parser of vended logs must be the first processor.")


def _made(name: str, given: of.Given) -> of.Process:
    known = PARSERS.get(name) or MUTATORS.get(name)
    if known is None:
        raise UnsupportedProcessor(f"The processor {name} is not implemented by Hodei.")
    try:
        return known(given)
    except UnknownPattern as error:
        raise UnsupportedProcessor(f"The grok pattern {error} is not implemented by Hodei.") from None
    except linear.Unbounded as error:
        raise UnsupportedProcessor(f"Hodei has {error}") from None
    except linear.InvalidExpression as error:
        raise InvalidTransformer(f"Invalid regular expression: {error}") from None
