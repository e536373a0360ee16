"""The actions and types of targets that there are: AWS's, as far as Hodei has what they break."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

from msgspec import Struct, convert

FILE = Path(__file__).with_name("catalogue.toml")


class Parameter(Struct, frozen=True):
    description: str
    required: bool


class ActionType(Struct, frozen=True):
    """`targets` are the names that an action knows its targets by, with their types; `quota` how many there may be."""

    description: str
    targets: dict[str, str]
    parameters: dict[str, Parameter]
    permission: str = ""  # that the role of an experiment needs in FIS itself
    quota: str = ""


class ResourceType(Struct, frozen=True):
    """`arn` is what its ARNs look like; `arns` and `tags` say whether a target can be named by them."""

    description: str
    arn: str
    arns: bool
    tags: bool


class Catalogue(Struct, frozen=True):
    actions: dict[str, ActionType]
    types: dict[str, ResourceType]


@functools.cache
def catalogue() -> Catalogue:
    return convert(tomllib.loads(FILE.read_text()), Catalogue)
