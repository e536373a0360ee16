"""The catalogue of features (`features.md`) and which of them tests have proven (`proven.json`, by `make features`)."""

from __future__ import annotations

import functools
import json
import re
import sys
import tomllib
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

CATALOGUE = Path(__file__).with_name("features.md")
PROVEN = Path(__file__).with_name("proven.json")
NOT_YET = Path(__file__).with_name("not_yet.toml")
AREA = re.compile(r"### ([a-z0-9-]+) — (.+)")
ROW = re.compile(r"\| ([a-z0-9-]+\.[a-z0-9-]+) \| (.+) \|")


class Feature(NamedTuple):
    mark: str
    works_when: str
    area: str  # the title of the service or theme that it belongs to


@functools.cache
def catalogue() -> dict[str, Feature]:
    """Every feature by its mark, in the catalogue's order."""
    features, area = {}, ""
    for line in CATALOGUE.read_text().splitlines():
        if found := AREA.fullmatch(line):
            area = found[2]
        elif found := ROW.fullmatch(line):
            features[found[1]] = Feature(found[1], found[2], area)
    return features


@functools.cache
def proven() -> dict[str, list[str]]:
    """The marks whose tests all passed when the whole suite last ran for this, and those tests."""
    if not PROVEN.exists():
        return {}
    marks: dict[str, list[str]] = json.loads(PROVEN.read_text())
    return marks


@functools.cache
def not_yet() -> dict[str, str]:
    """What is still lacking of a feature, by its mark: such a row does not count as proven, whatever its tests say."""
    lacking: dict[str, str] = tomllib.loads(NOT_YET.read_text())
    return lacking


def works(mark: str) -> bool:
    return mark in proven() and mark not in not_yet()


def of(prefix: str) -> list[Feature]:
    """The features whose marks begin with `prefix` and a dot."""
    return [feature for mark, feature in catalogue().items() if mark.startswith(prefix + ".")]


def page() -> str:
    """What works, as a page of the docs: each proven feature with the files of the tests that prove it."""
    tried = [feature for mark, feature in catalogue().items() if mark in proven()]
    whole = sum(works(feature.mark) for feature in tried)
    lines = ["# What works", "", f"{whole} of {len(catalogue())} features; made by `make features`, never by hand."]
    for area, rows in groupby(tried, key=lambda row: row.area):
        lines += ["", f"## {area[:1].upper()}{area[1:]}", ""]
        for row in rows:
            lacking = f" **Not yet**: {not_yet()[row.mark]}." if row.mark in not_yet() else ""
            files = ", ".join(sorted({f"`{test.partition('::')[0]}`" for test in proven()[row.mark]}))
            lines.append(f"- **{row.mark}**: {row.works_when}.{lacking} ({files})")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
