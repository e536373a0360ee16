"""LabelParameterVersion and UnlabelParameterVersion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.ssm import errors, events
from hodei.services.ssm.names import find_own, number_of
from hodei.services.ssm.service import ssm
from hodei.services.ssm.state import Parameter, parameters

MOST = 10
LABEL = re.compile(r"(?!aws|ssm|[0-9])[A-Za-z0-9_.-]{1,100}", re.IGNORECASE)


def labels_of(parameter: Parameter, number: int) -> list[str]:
    return [label for label, holder in parameter.labels.items() if holder == number]


@ssm.operation("LabelParameterVersion")
def label_parameter_version(
    ctx: Context, *, Name: str, Labels: Sequence[str], ParameterVersion: int | None = None
) -> dict[str, Any]:
    found = find_own(ctx, Name)
    parameter = found.parameter
    version = number_of(found, ParameterVersion or parameter.version)
    good = {label: version.number for label in Labels if LABEL.fullmatch(label)}
    labelled = replace(parameter, labels={**parameter.labels, **good})
    if len(labels_of(labelled, version.number)) > MOST:
        raise errors.ParameterVersionLabelLimitExceeded()
    parameters.put(ctx, labelled)
    if good:
        events.changed(ctx, "LabelParameterVersion", version)
    return {"InvalidLabels": [label for label in Labels if label not in good], "ParameterVersion": version.number}


@ssm.operation("UnlabelParameterVersion")
def unlabel_parameter_version(
    ctx: Context, *, Name: str, ParameterVersion: int, Labels: Sequence[str]
) -> dict[str, Any]:
    found = find_own(ctx, Name)
    parameter = found.parameter
    version = number_of(found, ParameterVersion)
    there = labels_of(parameter, version.number)
    removed = [label for label in Labels if label in there]
    left = {label: holder for label, holder in parameter.labels.items() if label not in removed}
    parameters.put(ctx, replace(parameter, labels=left))
    return {"RemovedLabels": removed, "InvalidLabels": [label for label in Labels if label not in removed]}
