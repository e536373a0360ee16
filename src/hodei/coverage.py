"""How much of AWS is here: counted from the models, the handlers' signatures, the manifests and the proven features."""

from __future__ import annotations

import msgspec

from hodei import features
from hodei.kernel.manifest import all_manifests
from hodei.kernel.service import Service, load_service


class FeatureCoverage(msgspec.Struct):
    """A row of the catalogue; `proven` when all tests that carry its mark passed and nothing of it is `lacking`."""

    mark: str
    works_when: str
    proven: bool
    lacking: str | None


class ServiceCoverage(msgspec.Struct):
    """What Hodei has of one service.

    `not_honoured`: of implemented operations, the input members that have no effect. `left_out`: operations that will
    not come, and why. Whatever is `missing` or left out answers 501.
    """

    service: str
    title: str
    implemented: list[str]
    missing: list[str]
    left_out: dict[str, str]
    not_honoured: dict[str, list[str]]
    features: list[FeatureCoverage]


def coverage(name: str) -> ServiceCoverage:
    """Raises: KeyError if Hodei does not have the service."""
    service = load_service(name)
    left_out = service.manifest.left_out
    return ServiceCoverage(
        service=name,
        title=service.manifest.title,
        implemented=sorted(service.handlers),
        missing=sorted(service.model.operations.keys() - service.handlers.keys() - left_out.keys()),
        left_out=left_out,
        not_honoured=_not_honoured(service),
        features=area(name),
    )


def all_coverage() -> list[ServiceCoverage]:
    return [coverage(name) for name in all_manifests()]


def area(name: str) -> list[FeatureCoverage]:
    """The rows of one area of the catalogue: a service's name, or `cloud`, `cli`, `patterns`..."""
    lacking = features.not_yet()
    return [
        FeatureCoverage(row.mark, row.works_when, features.works(row.mark), lacking.get(row.mark))
        for row in features.of(name)
    ]


def _not_honoured(service: Service) -> dict[str, list[str]]:
    found = {}
    for name in sorted(service.handlers):
        operation = service.find(name)
        assert operation
        members = operation.model.input.members.keys() if operation.model.input else set()
        if ignored := sorted(members - operation.accepts):
            found[name] = ignored
    return found
