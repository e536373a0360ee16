"""`hodei coverage`: what of AWS is here."""

from __future__ import annotations

import argparse
import textwrap

from hodei import features
from hodei.cli import Failure
from hodei.coverage import FeatureCoverage, ServiceCoverage, all_coverage, area
from hodei.coverage import coverage as coverage_of

HEADINGS = ("service", "operations", "left out", "parameters without effect", "features proven")


def coverage(options: argparse.Namespace) -> None:
    """Counted from the installed code: no cloud has to run."""
    if options.service is None:
        _table(all_coverage())
        return
    try:
        _service(coverage_of(options.service))
    except KeyError:
        if not (rows := area(options.service)):
            raise Failure(f"Hodei has no service {options.service!r}, and no feature {options.service}.*") from None
        _features(rows)


def _table(services: list[ServiceCoverage]) -> None:
    rows = [HEADINGS, *map(_row, services)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for name, *numbers in rows:
        print(f"{name:{widths[0]}}  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(numbers, widths[1:])))
    print(
        f"\nFeatures proven by tests: {sum(map(features.works, features.catalogue()))} of {len(features.catalogue())}"
    )


def _row(service: ServiceCoverage) -> tuple[str, ...]:
    done, left_out = len(service.implemented), len(service.left_out)
    ignored = sum(map(len, service.not_honoured.values()))
    proven = sum(row.proven for row in service.features)
    return (
        service.service,
        f"{done} of {done + len(service.missing) + left_out}",
        str(left_out),
        str(ignored),
        f"{proven} of {len(service.features)}",
    )


def _service(service: ServiceCoverage) -> None:
    print(f"{service.title} ({service.service}): {_row(service)[1]} operations\n")
    _names("Implemented", service.implemented)
    _names("Missing, answered with 501", service.missing)
    if service.left_out:
        print("Left out, answered with 501:")
        print("".join(f"  {name}: {reason}\n" for name, reason in service.left_out.items()))
    if service.not_honoured:
        print("Parameters accepted that have no effect:")
        print("".join(f"  {name}: {', '.join(found)}\n" for name, found in service.not_honoured.items()))
    _features(service.features)


def _names(heading: str, names: list[str]) -> None:
    if names:
        print(f"{heading}:")
        print(textwrap.fill(", ".join(names), 100, initial_indent="  ", subsequent_indent="  ") + "\n")


def _features(rows: list[FeatureCoverage]) -> None:
    if rows:
        print("Features ([x]: proven by tests):")
        for row in rows:
            lacking = f" (not yet: {row.lacking})" if row.lacking else ""
            print(f"  [{'x' if row.proven else ' '}] {row.mark}: {row.works_when}{lacking}")
