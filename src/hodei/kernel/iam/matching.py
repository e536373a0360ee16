"""Wildcards, compiled so that no pattern, however many stars it has, takes more than linear time for each of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import takewhile

from msgspec import Struct

from hodei.kernel.iam.variables import Context, Plain, Token, Variable, Wild, tokens

ARN_FIELDS = 6
_ANYTHING, _IN_FIELD = ".", "[^:]"


class Template(Struct, frozen=True, eq=False):
    """A pattern: one run of tokens, or several that have to match the fields of an ARN one by one."""

    runs: tuple[tuple[Token, ...], ...]

    @property
    def variables(self) -> tuple[Variable, ...]:
        return tuple(token for run in self.runs for token in run if isinstance(token, Variable))

    @property
    def head(self) -> str:
        """What every match begins with, whatever the variables are."""
        return "".join(takewhile(lambda token: isinstance(token, str), self.runs[0]))  # type: ignore[arg-type]


class Patterns(Struct, frozen=True):
    """What one element of a statement, or one condition, lists: a text matches if any of them does."""

    fold: bool
    everything: bool
    exact: frozenset[str]
    prefixes: tuple[str, ...]
    matchers: tuple[Callable[[str], object], ...]
    templates: tuple[tuple[str, tuple[Variable, ...], Template], ...]  # by their heads and their variables

    def matches(self, text: str, context: Context) -> bool:
        if self.everything:
            return True
        seen = text.lower() if self.fold else text
        if seen in self.exact or (self.prefixes and seen.startswith(self.prefixes)):
            return True
        for match in self.matchers:
            if match(seen):
                return True
        for head, variables, template in self.templates:
            if self.fold or text.startswith(head):
                values = tuple(variable.value(context) for variable in variables)
                if None not in values and _bound(template, values, self.fold)(text):
                    return True
        return False


def strings(texts: Iterable[str], *, variables: bool, wildcards: bool, fold: bool = False) -> Patterns:
    """`fold`: capitals and small letters are the same."""
    return _compiled((Template((tokens(text, variables=variables, wildcards=wildcards),)) for text in texts), fold)


def actions(texts: Iterable[str]) -> Patterns:
    """Patterns of actions, for actions in lower case."""
    return strings((text.lower() for text in texts), variables=False, wildcards=True)


def resources(texts: Iterable[str], *, variables: bool) -> Patterns:
    """Patterns of the Resource element.

    AWS completes short ARNs with `*`, puts in variables behind the fifth colon only, and lets a `*` at the end of a
    field reach over colons. That one in the middle of a field does so here too makes no difference: of a real ARN only
    the last field has colons.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    return _compiled((_resource(text, variables) for text in texts), fold=False)


def arns(texts: Iterable[str], *, variables: bool) -> Patterns:
    """Patterns of ArnLike: each of the six fields is matched by itself."""
    return _compiled((_arn(text, variables) for text in texts), fold=False)


def _resource(text: str, variables: bool) -> Template:
    fields = text.split(":", ARN_FIELDS - 1)
    if text != "*" and len(fields) < ARN_FIELDS:
        fields += ["*"] * (ARN_FIELDS - len(fields))
    head = ":".join(fields[:-1]) + ":" if len(fields) == ARN_FIELDS else ""
    start = tokens(head, variables=False, wildcards=True)
    return Template((start + tokens(fields[-1], variables=variables, wildcards=True),))


def _arn(text: str, variables: bool) -> Template:
    if text == "*":
        return Template(((Wild.ANY,),))
    fields = _split(text)
    return Template(tuple(tokens(field, variables=variables, wildcards=True) for field in fields))


_FIELD = re.compile(r"(?:\$\{[^}]*\}|[^:])*")


def _split(arn: str) -> list[str]:
    """The fields of an ARN in which variables, and so colons within them, may stand."""
    fields: list[str] = []
    while len(fields) < ARN_FIELDS - 1 and (match := _FIELD.match(arn)) and match.end() < len(arn):
        fields.append(match[0])
        arn = arn[match.end() + 1 :]
    return [*fields, arn]


def _compiled(templates: Iterable[Template], fold: bool) -> Patterns:
    everything, exact, prefixes, matchers, late = False, set(), [], [], []
    for template in templates:
        if variables := template.variables:
            late.append((template.head, variables, template))
            continue
        plain = [token for run in template.runs for token in run if not isinstance(token, Variable)]
        if plain == [Wild.ANY]:
            everything = True
        elif not any(isinstance(token, Wild) for token in plain):
            text = ":".join("".join(map(str, run)) for run in template.runs)
            exact.add(text.lower() if fold else text)
        elif len(template.runs) == 1 and plain[-1] is Wild.ANY and not any(isinstance(t, Wild) for t in plain[:-1]):
            prefixes.append("".join(map(str, plain[:-1])))
        else:
            matchers.append(_bound(template, (), fold))
    return Patterns(fold, everything, frozenset(exact), tuple(prefixes), tuple(matchers), tuple(late))


@lru_cache(maxsize=4096)
def _bound(template: Template, values: tuple[str | None, ...], fold: bool) -> Callable[[str], object]:
    """The pattern with values, none of them None, for its variables. In these `*` is no wildcard."""
    found = iter(values)
    runs = [[next(found) or "" if isinstance(t, Variable) else t for t in run] for run in template.runs]
    return re.compile(_joined(runs), re.DOTALL | re.IGNORECASE if fold else re.DOTALL).fullmatch


def _joined(runs: Sequence[Sequence[Plain]]) -> str:
    """Only the last field of an ARN, or a text that is none, may contain colons."""
    free = {0} if len(runs) == 1 else {ARN_FIELDS - 1}
    return ":".join(_regex(run, _ANYTHING if place in free else _IN_FIELD) for place, run in enumerate(runs))


def _regex(plain: Sequence[Plain], anything: str) -> str:
    """The source of a regular expression.

    What stands between two stars is taken at its first place for good: a later one would not help what follows.
    """
    chunks = [""]
    for token in plain:
        if token is Wild.ANY:
            chunks.append("")
        else:
            chunks[-1] += anything if isinstance(token, Wild) else re.escape(token)
    if len(chunks) == 1:
        return chunks[0]
    middle = "".join(f"(?>{anything}*?{chunk})" for chunk in chunks[1:-1] if chunk)
    return f"{chunks[0]}{middle}{anything}*{chunks[-1]}"
