"""Projection expressions: the parts of an item that a request wants."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from hodei.services.dynamodb.expressions import paths
from hodei.services.dynamodb.expressions.nodes import Path
from hodei.services.dynamodb.expressions.operands import Item
from hodei.services.dynamodb.expressions.parser import ProjectionParser
from hodei.services.dynamodb.expressions.paths import Steps
from hodei.services.dynamodb.expressions.placeholders import Placeholders
from hodei.services.dynamodb.values import AttributeValue

KIND = "ProjectionExpression"


class Projection:
    """Paths of items, as of a ProjectionExpression, of AttributesToGet or of what an update has touched."""

    __slots__ = ("_tree", "paths")

    def __init__(self, wanted: Iterable[Steps]) -> None:
        self.paths = tuple(wanted)
        self._tree = paths.tree(self.paths)

    def of(self, item: Item) -> dict[str, AttributeValue]:
        """What the item has of the paths; elements of lists close up, empty maps and lists do not appear."""
        return paths.pick(item, self._tree)

    @property
    def names(self) -> set[str]:
        """The top-level attributes of the projection."""
        return {str(steps[0]) for steps in self.paths}

    @property
    def nested(self) -> set[str]:
        """The top-level attributes that it reaches into."""
        return {str(steps[0]) for steps in self.paths if len(steps) > 1}


@lru_cache(2048)
def parse(text: str) -> tuple[Path, ...]:
    return ProjectionParser(text, KIND).parse()


def parse_projection(text: str, given: Placeholders) -> Projection:
    """A ProjectionExpression of a request. Raises: ValidationException with AWS's text."""
    return projection(tuple([given.resolved(path, KIND) for path in parse(text)]))


@lru_cache(2048)
def projection(wanted: tuple[Steps, ...]) -> Projection:
    """The projection of these paths. Raises: ValidationException where they overlap."""
    paths.check_apart(wanted, KIND)
    return Projection(wanted)
