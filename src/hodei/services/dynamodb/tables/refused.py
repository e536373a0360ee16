"""Parameters of tables that change what a table is and are not there yet: refused, not ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from hodei.services.dynamodb import errors

Structures = Sequence[Mapping[str, Any]]


class RefusedOfNew(TypedDict, total=False):
    """Of CreateTable."""

    GlobalTableSourceArn: str
    GlobalTableSettingsReplicationMode: str
    VectorIndexes: Structures


class RefusedOfUpdates(TypedDict, total=False):
    """Of UpdateTable."""

    DisassociationProtectionEnabled: bool
    GlobalTableSettingsReplicationMode: str
    GlobalTableWitnessUpdates: Structures
    VectorIndexUpdates: Structures


def refuse(given: RefusedOfNew | RefusedOfUpdates) -> None:
    """Raises: NotImplemented if there is any of them."""
    for parameter in given:
        raise errors.NotImplementedParameter(parameter=parameter)
