"""Policy grammar: AWS's words for what is wrong. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from hodei.kernel.iam import (
    AccessRequest,
    Kind,
    MalformedPolicy,
    Named,
    Policies,
    Principal,
    check,
    context_keys,
    evaluate,
    parse,
    wording,
)
from hodei.kernel.iam.conditions import OPERATORS

pytestmark = pytest.mark.feature("iam.policies")

OK: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
SYNTAX = "Syntax errors in policy."
JSON = "This policy contains invalid Json"
VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
SID = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
LEGACY = "The policy failed legacy parsing"


def policy(*statements: Any, **members: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **members})


def statement(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in (OK | members).items() if value is not None}


def on_resource(**members: Any) -> str:
    return policy(statement(**({"Principal": "*"} | members)))


def trust(**members: Any) -> str:
    return policy(
        statement(**({"Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Resource": None} | members))
    )


REFUSED: list[tuple[Kind, str, str]] = [
    ("identity", "", JSON),
    ("identity", "{", JSON),
    ("identity", '{"Version": "2012-10-17",}', JSON),
    ("identity", "\ufeff" + policy(OK), JSON),
    ("identity", '{"Statement": NaN}', JSON),
    ("identity", '{"Statement": [{"Sid": "\\ud800"}]}', JSON),
    ("identity", "[" * 200_000, JSON),
    ("identity", '{"a":' * 100_000, JSON),
    ("identity", "[" * 500 + "]" * 500, SYNTAX),
    ("identity", "null", SYNTAX),
    ("identity", "12", SYNTAX),
    ("identity", '"policy"', SYNTAX),
    ("identity", "[]", SYNTAX),
    ("identity", "{}", SYNTAX),
    ("identity", policy(), SYNTAX),
    ("identity", policy(OK, Statements=[]), SYNTAX),
    ("identity", '{"Statement": "x"}', SYNTAX),
    ("identity", policy("x"), SYNTAX),
    ("identity", policy([OK]), SYNTAX),
    ("identity", policy(OK, Version="2012-10-16"), "Policy document must be version 2012-10-17 or greater."),
    ("identity", policy(OK, Version=2012), "Policy document must be version 2012-10-17 or greater."),
    ("identity", policy(OK, Version=["2012-10-17"]), "Policy document must be version 2012-10-17 or greater."),
    ("identity", policy(OK, Id="x"), "Has prohibited field Id"),
    ("identity", policy(statement(Effect=None)), SYNTAX),
    ("identity", policy(statement(Effect="allow")), SYNTAX),
    ("identity", policy(statement(Effect=["Allow"])), SYNTAX),
    ("identity", policy(statement(Efect="Allow")), SYNTAX),
    ("identity", policy(statement(Resources="*")), SYNTAX),
    ("identity", policy(statement(Action=None)), "Policy statement must contain actions."),
    ("identity", policy(statement(Action=[])), "Policy statement must contain actions."),
    ("identity", policy(statement(NotAction="s3:*")), SYNTAX),
    ("identity", policy(statement(Action=5)), SYNTAX),
    ("identity", policy(statement(Action=[True])), SYNTAX),
    ("identity", policy(statement(Action=[["s3:*"]])), SYNTAX),
    ("identity", policy(statement(Action="GetObject")), VENDOR),
    ("identity", policy(statement(Action=":GetObject")), VENDOR),
    ("identity", policy(statement(Action="")), VENDOR),
    ("identity", policy(statement(Action="s3:")), SYNTAX),
    ("identity", policy(statement(Action="s3:Get Object")), SYNTAX),
    ("identity", policy(statement(Action="s3:Get:Object")), "Actions/Condition can contain only one colon."),
    ("identity", policy(statement(Action="s 3:GetObject")), "Vendor s 3 is not valid"),
    ("identity", policy(statement(Action="s3*:GetObject")), "Vendor s3* is not valid"),
    ("identity", policy(statement(Resource=None)), "Policy statement must contain resources."),
    ("identity", policy(statement(Resource=[])), "Policy statement must contain resources."),
    ("identity", policy(statement(NotResource="*")), SYNTAX),
    ("identity", policy(statement(Resource={"a": "b"})), SYNTAX),
    ("identity", policy(statement(Resource="bucket")), 'Resource bucket must be in ARN format or "*".'),
    ("identity", policy(statement(Resource="")), 'Resource  must be in ARN format or "*".'),
    ("identity", policy(statement(Resource=["*", "s3:b"])), 'Resource s3:b must be in ARN format or "*".'),
    ("identity", policy(statement(Resource="arn")), 'Resource arn must be in ARN format or "*".'),
    ("identity", policy(statement(Resource="arn:x:s3:::b")), 'Partition "x" is not valid for resource "arn:x:s3:::b".'),
    ("identity", policy(statement(Resource="arn::s3:::b")), 'Partition "" is not valid for resource "arn::s3:::b".'),
    ("identity", policy(statement(Resource="arn:aws:iam::12345:user/x")), LEGACY),
    ("identity", policy(statement(Resource="arn:aws:iam::ACCOUNT:user/x")), LEGACY),
    ("identity", policy(statement(Resource="arn:aws:s3:::b\n/x")), LEGACY),
    ("identity", policy(statement(Principal="*")), "Policy document should not specify a principal."),
    ("identity", policy(statement(NotPrincipal="*")), "Policy document should not specify a principal."),
    ("boundary", policy(statement(Principal="*")), "Policy document should not specify a principal."),
    ("session", policy(statement(Principal="*")), "Policy document should not specify a principal."),
    ("scp", policy(statement(Principal="*")), "Policy document should not specify a principal."),
    ("identity", policy(statement(Sid="a"), statement(Sid="b"), statement(Sid="a")), "Statement IDs (SID) in a single policy must be unique."),
    ("resource", policy(statement(Sid="a", Principal="*"), statement(Sid="a", Principal="*")), "Statement IDs (SID) in a single policy must be unique."),
    ("identity", policy(statement(Sid="a b")), SID),
    ("identity", policy(statement(Sid="autogenerated-id")), SID),
    ("identity", policy(statement(Sid=7)), SYNTAX),
    ("identity", policy(statement(Condition=[])), SYNTAX),
    ("identity", policy(statement(Condition={"StringEquals": "x"})), SYNTAX),
    ("identity", policy(statement(Condition={"StringEqual": {"aws:username": "x"}})), SYNTAX),
    ("identity", policy(statement(Condition={"stringequals": {"aws:username": "x"}})), SYNTAX),
    ("identity", policy(statement(Condition={"NullIfExists": {"aws:username": "true"}})), SYNTAX),
    ("identity", policy(statement(Condition={"ForAllValues:Null": {"aws:username": "true"}})), SYNTAX),
    ("identity", policy(statement(Condition={"ForSomeValues:StringEquals": {"aws:username": "x"}})), SYNTAX),
    ("identity", policy(statement(Condition={"ForAllValues:ForAnyValue:StringEquals": {"aws:username": "x"}})), SYNTAX),
    ("identity", policy(statement(Condition={"StringEquals": {"aws:username": None}})), SYNTAX),
    ("identity", policy(statement(Condition={"StringEquals": {"aws:username": {"a": "b"}}})), SYNTAX),
    ("identity", policy(statement(Condition={"StringEquals": {"username": "x"}})), VENDOR),
    ("identity", '{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}', SYNTAX),
    ("identity", '{"Statement": [{"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}]}', SYNTAX),
    ("resource", policy(statement()), "Missing required field Principal"),
    ("vpce", policy(statement()), "Missing required field Principal"),
    ("resource", on_resource(NotPrincipal="*"), SYNTAX),
    ("resource", policy(statement(NotPrincipal="*")), "Has prohibited field NotPrincipal"),
    ("resource", on_resource(Principal=None, Action=None), "Missing required field Principal"),
    ("resource", on_resource(Principal="111122223333"), 'Invalid principal in policy: "111122223333"'),
    ("resource", on_resource(Principal={}), "Invalid principal in policy: {}"),
    ("resource", on_resource(Principal=[]), "Invalid principal in policy: []"),
    ("resource", on_resource(Principal={"AWS": []}), SYNTAX),
    ("resource", on_resource(Principal={"AWS": 111122223333}), SYNTAX),
    ("resource", on_resource(Principal={"aws": "*"}), 'Invalid principal in policy: "aws":"*"'),
    ("resource", on_resource(Principal={"Group": "x"}), 'Invalid principal in policy: "Group":"x"'),
    ("resource", on_resource(Principal={"Service": "sns"}), 'Invalid principal in policy: "Service":"sns"'),
    ("resource", on_resource(Principal={"Service": "*"}), 'Invalid principal in policy: "Service":"*"'),
    ("trust", trust(Principal={"AWS": "arn:aws::iam::111122223333:root"}), 'Invalid principal in policy: "AWS":"arn:aws::iam::111122223333:root"'),
    ("trust", trust(Principal={"AWS": "arn:aws:iam::111122223333:user/*"}), 'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*"'),
    ("trust", trust(Principal={"AWS": "arn:aws:sts::111122223333:assumed-role/R/*"}), 'Invalid principal in policy: "AWS":"arn:aws:sts::111122223333:assumed-role/R/*"'),
    ("trust", trust(Principal={"AWS": "arn:aws:iam::111122223333:group/g"}), 'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/g"'),
    ("trust", trust(Principal={"AWS": "1234"}), 'Invalid principal in policy: "AWS":"1234"'),
    ("trust", trust(Resource="*"), "Has prohibited field Resource"),
    ("trust", trust(NotResource="*"), "Has prohibited field NotResource"),
    ("trust", trust(Principal=None), "Missing required field Principal"),
    ("trust", trust(Principal=None, NotPrincipal="*", Effect="Deny"), "Has prohibited field NotPrincipal"),
    ("trust", trust(Action="s3:GetObject"), "AssumeRole policy may only specify STS AssumeRole actions."),
    ("trust", trust(Action="*"), "AssumeRole policy may only specify STS AssumeRole actions."),
    ("rcp", on_resource(Principal={"AWS": "111122223333"}), 'Invalid principal in policy: {"AWS": "111122223333"}'),
]  # fmt: skip

ACCEPTED: list[tuple[Kind, str]] = [
    ("identity", policy(OK)),
    ("identity", json.dumps({"Statement": OK})),
    ("identity", json.dumps({"Version": "2008-10-17", "Statement": OK})),
    ("identity", "\n " + policy(OK) + " \n"),
    ("identity", json.dumps({"Statement": [OK], "Version": "2012-10-17"})),
    ("identity", policy(statement(Sid=""), statement(Sid=""))),
    ("identity", policy(statement(Action="*"))),
    ("identity", policy(statement(Action="*:*"))),
    ("identity", policy(statement(Action=None, NotAction=["s3:Get*", "SQS:*"]))),
    ("identity", policy(statement(Resource=None, NotResource="arn:aws:s3:::b"))),
    ("identity", policy(statement(Resource=["arn:aws:s3:::b", "arn:aws-cn:s3:::b", "arn:aws-us-gov:s3:::b", "arn:*:s3:::b"]))),
    ("identity", policy(statement(Resource=["arn:aws:iam::aws:policy/X", "arn:aws:iam::*:user/x", "arn:aws:sqs", "arn:aws:ec2:*"]))),
    ("identity", policy(statement(Resource="arn:aws:iam::${aws:PrincipalAccount}:user/x"))),
    ("identity", policy(statement(Condition={}))),
    ("identity", policy(statement(Condition={"NumericLessThan": {"s3:max-keys": 10}, "Bool": {"aws:SecureTransport": True}}))),
    ("identity", policy(statement(Condition={"ForAllValues:StringLikeIfExists": {"aws:RequestTag/a:b": ["x", 1, False]}}))),
    ("boundary", policy(OK)),
    ("session", policy(OK)),
    ("scp", policy(OK)),
    ("rcp", on_resource()),
    ("vpce", on_resource()),
    ("resource", on_resource(Sid="with spaces and-dashes")),
    ("resource", policy(statement(Principal="*"), Id="my policy")),
    ("resource", on_resource(Resource=None)),
    ("resource", on_resource(Resource="queue-name")),
    ("resource", on_resource(Principal={"AWS": ["*", "111122223333", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/a/b"]})),
    ("resource", on_resource(Principal={"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"})),
    ("resource", on_resource(Principal={"AWS": "AIDACKCEVSQ6C2EXAMPLE", "CanonicalUser": "79a59d", "Service": "sns.amazonaws.com", "Federated": "x"})),
    ("resource", policy(statement(Effect="Deny", NotPrincipal={"AWS": "111122223333"}))),
    ("trust", trust()),
    ("trust", trust(Principal="*")),
    ("trust", trust(Principal={"Service": ["ec2.amazonaws.com", "ecs.amazonaws.com.cn"]})),
    ("trust", trust(Action=["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"])),
    ("trust", trust(Principal={"Federated": "accounts.google.com"}, Action="sts:AssumeRoleWithWebIdentity")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "message"), REFUSED, ids=lambda value: str(value)[:80])
def test_refused(kind: Kind, text: str, message: str) -> None:
    with pytest.raises(MalformedPolicy) as refused:
        check(text, kind)
    assert refused.value.message == message
    with pytest.raises(MalformedPolicy):
        parse(text, kind)


@pytest.mark.parametrize(("kind", "text"), ACCEPTED, ids=lambda value: str(value)[:80])
def test_accepted(kind: Kind, text: str) -> None:
    check(text, kind)
    assert parse(text, kind).statements


def test_a_service_finds_its_own_words_by_the_problem() -> None:
    with pytest.raises(MalformedPolicy) as refused:
        check(on_resource(Principal={"AWS": "nobody"}), "resource")
    assert (refused.value.problem, refused.value.subject) == ("principal", '"AWS":"nobody"')


def test_ten_megabytes() -> None:
    check(policy(statement(Resource=["arn:aws:s3:::" + "x" * 1000] * 10_000)), "identity")
    check(policy(statement(Condition={"StringEquals": {"aws:username": "9" * 10_000_000}})), "identity")
    with pytest.raises(MalformedPolicy):
        check('{"Version": ' + "9" * 10_000_000 + "}", "identity")


def test_equal_texts_are_compiled_once() -> None:
    assert parse(policy(OK), "identity") is parse(policy(OK), "identity")


def test_the_keys_a_policy_mentions() -> None:
    text = policy(
        statement(
            Resource="arn:aws:s3:::b/${aws:username}/${*}",
            Condition={"StringLike": {"s3:prefix": "${aws:PrincipalTag/team, 'x'}/*"}},
        ),
        statement(Condition={"Bool": {"AWS:UserName": "x", "aws:SecureTransport": "true"}}),
    )
    assert context_keys(text, "identity") == [
        "s3:prefix",
        "aws:username",
        "aws:principaltag/team",
        "aws:SecureTransport",
    ]


VALUES: list[Any] = [
    None, True, 0, -1.5, "", "*", "Allow", "Deny", "s3:*", "arn:aws:s3:::b/${aws:username}", "${", "${*}", "111122223333", "2012-10-17", [], {},
    "sts:AssumeRole", "\x00", "\u2028", "9" * 5000, "a" * 3000 + "*" * 50, {"AWS": "*"}, {"StringLike": {"a:b": ["*a*a*a*"]}}, {"Null": {"a:b": 1}},
    {"IpAddress": {"aws:SourceIp": ["::/0", "1.2.3.4/99"]}}, {"DateLessThan": {"a:b": "2020-13-45"}}, {"BinaryEquals": {"a:b": "é"}},
]  # fmt: skip
NAMES = [
    "Version",
    "Statement",
    "Id",
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
    "x",
]
KINDS: list[Kind] = ["identity", "boundary", "session", "resource", "trust", "scp", "rcp", "vpce"]


def _something(chance: random.Random, depth: int) -> Any:
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(VALUES)
    if chance.random() < 0.4:
        return [_something(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {chance.choice(NAMES): _something(chance, depth - 1) for _ in range(chance.randrange(6))}


TEXTS = [
    "",
    "*",
    "?*?",
    "${",
    "${*}${?}${$}",
    "${aws:username}",
    "${a:b, '*'}",
    "${${a:b}}",
    "é\u2028\x00",
    "9" * 5000,
    "-0.0",
    "2020-13-45",
    "0001-01-01",
]
TEXTS += [
    "9999-12-31T23:59:59-23:59",
    "::/0",
    "1.2.3.4/99",
    "::ffff:1.2.3.4",
    "=",
    "QQ==",
    "arn:aws" + ":" * 9,
    ":::::",
    "a*" * 999,
    "TRUE",
    "1e999",
    "Infinity",
]
PREFIXES, SUFFIXES = ["", "ForAllValues:", "ForAnyValue:"], ["", "IfExists"]
PRINCIPALS = [
    Principal("anonymous"),
    Principal("service", "sns.amazonaws.com"),
    Principal("root", "r", "1"),
    Principal("federated-user", "f", "1", "u"),
]


def _some_texts(chance: random.Random) -> list[str]:
    return chance.choices(TEXTS, k=chance.randrange(4))


def _request(chance: random.Random) -> AccessRequest:
    context = {key: _some_texts(chance) for key in ("a:b", "aws:username")}
    return AccessRequest(
        chance.choice(TEXTS), chance.choice(TEXTS), context, chance.choice(PRINCIPALS), chance.choice(["", "1", "2"])
    )


@pytest.mark.parametrize("seed", range(10))
def test_whatever_comes_is_a_policy_or_malformed(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(200):
        document = json.loads(policy(statement(Sid="a"), statement(Effect="Deny", Resource="*")))
        for member in chance.choices([document, *document["Statement"]], k=chance.randrange(1, 4)):
            member[chance.choice(NAMES)] = _something(chance, 3)
        try:
            parse(json.dumps(document), chance.choice(KINDS))
        except MalformedPolicy as refused:
            assert refused.message


@pytest.mark.parametrize("seed", range(10))
def test_whatever_a_policy_says_it_decides(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(200):
        name = chance.choice(PREFIXES) + chance.choice(list(OPERATORS)) + chance.choice(SUFFIXES)
        condition = {name: {"a:b": _some_texts(chance)}, "Null": {"aws:username": _some_texts(chance)}}
        one = statement(
            Effect=chance.choice(["Allow", "Deny"]),
            Principal="*",
            Action="*",
            Resource=_some_texts(chance) or "*",
            Condition=condition,
        )
        named = [Named(parse(policy(one), "resource"), "p")]
        groups = Policies(
            identity=named, resource=named, boundary=named, session=named, scp=[named], rcp=[named], endpoint=named
        )
        decision = evaluate(request := _request(chance), groups)
        assert decision.allowed or wording(decision, request).startswith("User: ")
