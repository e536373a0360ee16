"""AssumeRoleWithWebIdentity: tokens are really verified."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from hodei.testing import Cloud

from . import issuer
from .conftest import ACCOUNT, OTHER, document, trust

pytestmark = [pytest.mark.feature("sts.credentials"), pytest.mark.feature("iam.federation")]

URL = "https://id.example.com/realm"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com/realm"
NOT_VALID = "The web identity token that was passed could not be validated by AWS."
NO_KEY = "Couldn't retrieve verification key from your identity provider,  please reference"
Mint = Callable[..., str]


@pytest.fixture
def anonymous(cloud: Cloud) -> Any:
    return cloud.client("sts", config=Config(signature_version=UNSIGNED))


@pytest.fixture
def provider(cloud: Cloud, iam: Any) -> str:
    """Its keys are known by the setting."""
    cloud.clock.freeze()
    cloud.set("sts", "jwks", json.dumps({URL: {"keys": [issuer.jwk(), issuer.jwk("ES256", "k2")]}}))
    made = iam.create_open_id_connect_provider(Url=URL, ClientIDList=["app", "other"])
    assert made["OpenIDConnectProviderArn"] == PROVIDER
    return PROVIDER


@pytest.fixture
def claims(cloud: Cloud) -> dict[str, Any]:
    now = int(cloud.clock.now().timestamp())
    return {"iss": URL, "sub": "user-17", "aud": "app", "iat": now, "exp": now + 300}


@pytest.fixture
def trusted(role: Any, provider: str) -> Callable[..., str]:
    """A role for those whom the provider vouches for, on a condition."""

    def trusted(name: str = "web", action: Any = "sts:AssumeRoleWithWebIdentity", **condition: Any) -> str:
        more = {"Condition": condition} if condition else {}
        return str(role(name, "sqs:*", trusts=trust({"Federated": provider}, action, **more)))

    return trusted


def assume(sts: Any, arn: str, token: str, **more: Any) -> dict[str, Any]:
    return dict(sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="s1", WebIdentityToken=token, **more))


def test_a_token_is_worth_a_role(anonymous: Any, client: Any, trusted: Any, claims: Any) -> None:
    answer = assume(anonymous, trusted(), issuer.token(claims))
    assert answer["SubjectFromWebIdentityToken"] == "user-17"
    assert answer["Audience"] == "app"
    assert answer["Provider"] == PROVIDER
    assert "PackedPolicySize" not in answer
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/web/s1"
    assert answer["AssumedRoleUser"]["Arn"] == session
    assert client("sts", answer["Credentials"]).get_caller_identity()["Arn"] == session
    client("sqs", answer["Credentials"]).list_queues()


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"])
def test_algorithms(cloud: Cloud, anonymous: Any, trusted: Any, claims: Any, algorithm: str) -> None:
    arn = trusted()
    cloud.set("sts", "jwks", json.dumps({URL: {"keys": [issuer.jwk(algorithm, use="sig", alg=algorithm)]}}))
    assume(anonymous, arn, issuer.token(claims, algorithm))


def test_a_token_may_leave_out_which_key(anonymous: Any, trusted: Any, claims: Any) -> None:
    assume(anonymous, trusted(), issuer.token(claims, "ES256", "k2", kid=None))


def altered(token: str, **header: Any) -> str:
    """With another header, under the same signature."""
    _, payload, signature = token.split(".")
    return f"{issuer.b64(json.dumps(header).encode())}.{payload}.{signature}"


def test_forged_tokens(anonymous: Any, trusted: Any, claims: Any, refused: Any) -> None:
    arn, good = trusted(), issuer.token(claims)
    head, payload, signature = good.split(".")
    more = issuer.b64(json.dumps(claims | {"sub": "admin"}).encode())
    unsigned = altered(good, alg="none").rpartition(".")[0] + "."
    flipped = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
    stranger = issuer.token(claims, "RS256", "another", kid="k1")
    for forged in (
        f"{head}.{more}.{signature}",
        f"{head}.{payload}.{flipped}",
        f"{head}.{payload}.",
        unsigned,
        altered(good, alg="None", kid="k1"),
        altered(good, alg="HS256", kid="k1"),
        altered(good, alg="RS256", kid="k1", crit=["x"]),
        stranger,
        issuer.token(claims, "ES256", "k2", kid="k2", x=1)[:-4] + "AAAA",
    ):
        with refused("InvalidIdentityToken", NOT_VALID):
            assume(anonymous, arn, forged)
    for unknown in (
        issuer.token(claims, "RS256", "k9"),
        altered(good, alg="ES256", kid="k1"),
        altered(good, alg="RS256", kid="k2"),
    ):
        with refused("InvalidIdentityToken", NO_KEY):
            assume(anonymous, arn, unknown)


@pytest.mark.parametrize(
    "text", ["opaque", "a.b.c", "....", "e30.e30.e30.e30", "W10.W10.AA", "!!!.e30.AA", "e30.bnVsbA.AA"]
)
def test_what_is_no_token(anonymous: Any, trusted: Any, refused: Any, text: str) -> None:
    with refused("InvalidIdentityToken", "The ID Token provided is not a valid JWT."):
        assume(anonymous, trusted(), text)


def test_tokens_end_on_the_clock(cloud: Cloud, anonymous: Any, trusted: Any, claims: Any, refused: Any) -> None:
    arn, token = trusted(), issuer.token(claims)
    cloud.clock.advance(seconds=299)
    assume(anonymous, arn, token)
    cloud.clock.advance(seconds=1)
    with refused("ExpiredTokenException", f"must be before the expiration date/time {claims['exp']}"):
        assume(anonymous, arn, token)
    with refused("InvalidIdentityToken", "Token not yet valid"):
        assume(anonymous, arn, issuer.token(claims | {"exp": claims["exp"] + 999, "nbf": claims["exp"] + 500}))


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "iat"])
def test_claims_that_must_be_there(anonymous: Any, trusted: Any, claims: Any, refused: Any, name: str) -> None:
    del claims[name]
    with refused("InvalidIdentityToken", f"Missing a required claim: {name}"):
        assume(anonymous, trusted(), issuer.token(claims))


@pytest.mark.parametrize(
    "wrong", [{"exp": "9999999999"}, {"exp": 9999999999.5}, {"iat": True}, {"sub": 7}, {"aud": []}]
)
def test_claims_of_other_types(anonymous: Any, trusted: Any, claims: Any, refused: Any, wrong: Any) -> None:
    with refused("InvalidIdentityToken", "must be"):
        assume(anonymous, trusted(), issuer.token(claims | wrong))


def test_audiences(anonymous: Any, trusted: Any, claims: Any, refused: Any, iam: Any) -> None:
    arn = trusted()
    assert assume(anonymous, arn, issuer.token(claims | {"aud": ["x", "other"]}))["Audience"] == "x"
    assert assume(anonymous, arn, issuer.token(claims | {"aud": "x", "azp": "app"}))["Audience"] == "app"
    for wrong in ({"aud": "x"}, {"aud": "app", "azp": "x"}):
        with refused("InvalidIdentityToken", "Incorrect token audience"):
            assume(anonymous, arn, issuer.token(claims | wrong))
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER, ClientID="x")
    assume(anonymous, arn, issuer.token(claims | {"aud": "x"}))


def test_issuers(cloud: Cloud, anonymous: Any, trusted: Any, claims: Any, refused: Any) -> None:
    arn = trusted()
    for wrong in (
        "https://evil.example.com",
        URL.replace("https", "http"),
        "id.example.com/realm",
        f"{URL}/x",
        "http://[::1",
        "://",
    ):
        message = f"No OpenIDConnect provider found in your account for {wrong}"
        with refused("InvalidIdentityToken", message):
            assume(anonymous, arn, issuer.token(claims | {"iss": wrong}))
    with refused("InvalidIdentityToken", "No OpenIDConnect provider found in your account"):
        assume(anonymous, arn.replace(ACCOUNT, OTHER), issuer.token(claims))
    cloud.set("sts", "jwks", "")
    with refused("InvalidIdentityToken", NO_KEY):
        assume(anonymous, arn, issuer.token(claims))
    cloud.set("sts", "jwks", "nonsense")
    with refused("InvalidIdentityToken", NO_KEY):
        assume(anonymous, arn, issuer.token(claims))


def test_trust_policies_ask_for_claims(anonymous: Any, trusted: Any, claims: Any, refused: Any) -> None:
    key = "id.example.com/realm"
    arn = trusted(
        StringEquals={f"{key}:aud": "app", f"{key}:SUB": "user-17"},
        **{"ForAnyValue:StringLike": {f"{key}:amr": "authen*"}},
    )
    assume(anonymous, arn, issuer.token(claims | {"amr": ["x", "authenticated"]}))
    for wrong in ({"amr": ["x"]}, {}, {"amr": ["authenticated"], "sub": "user-18"}):
        with refused("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403):
            assume(anonymous, arn, issuer.token(claims | wrong))


def test_a_role_must_trust_the_provider(anonymous: Any, role: Any, provider: str, claims: Any, refused: Any) -> None:
    good = issuer.token(claims)
    denied = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    assumable = role("users", trusts=trust())
    for arn in (assumable, f"arn:aws:iam::{ACCOUNT}:role/none"):
        with refused("AccessDenied", denied, 403):
            assume(anonymous, arn, good)
    by_action = role("saml", trusts=trust({"Federated": provider}, "sts:AssumeRoleWithSAML"))
    with refused("AccessDenied", denied, 403):
        assume(anonymous, by_action, good)


@pytest.mark.feature("iam.abac")
@pytest.mark.parametrize("flat", [False, True])
def test_tags_of_a_token(
    anonymous: Any, client: Any, iam: Any, trusted: Any, claims: Any, role: Any, refused: Any, flat: bool
) -> None:
    base = "https://aws.amazon.com/tags"
    given = {"principal_tags": {"Team": ["red"], "Cost": ["1"]}, "transitive_tag_keys": ["Cost"]}
    nested = {base: given}
    flattened = {
        f"{base}/principal_tags/Team": "red",
        f"{base}/principal_tags/Cost": ["1"],
        f"{base}/transitive_tag_keys": ["Cost"],
    }
    token = issuer.token(claims | (flattened if flat else nested))
    with refused("AccessDenied", "Not authorized to perform sts:TagSession", 403):
        assume(anonymous, trusted("untagged"), token)
    arn = trusted(
        action=["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        StringEquals={"aws:RequestTag/Team": "red"},
    )
    both = {"StringEquals": {"aws:PrincipalTag/Team": "red", "aws:PrincipalTag/Cost": "1"}}
    iam.put_role_policy(RoleName="web", PolicyName="own", PolicyDocument=document("*", Condition=both))
    answer = assume(anonymous, arn, token)
    assert answer["PackedPolicySize"] > 0
    client("sqs", answer["Credentials"]).list_queues()
    condition = {"StringEquals": {"aws:RequestTag/Cost": "1"}, "Null": {"aws:RequestTag/Team": "true"}}
    next_role = role("next", trusts=trust(action=["sts:AssumeRole", "sts:TagSession"], Condition=condition))
    client("sts", answer["Credentials"]).assume_role(RoleArn=next_role, RoleSessionName="s1")


@pytest.mark.parametrize(
    "tags", ["x", {"principal_tags": ["x"]}, {"principal_tags": {"a": ["1", "2"]}}, {"transitive_tag_keys": "a"}]
)
def test_malformed_tags(anonymous: Any, trusted: Any, claims: Any, refused: Any, tags: Any) -> None:
    with refused("InvalidIdentityToken", "tag"):
        assume(anonymous, trusted(), issuer.token(claims | {"https://aws.amazon.com/tags": tags}))


def test_a_source_identity_of_a_token(anonymous: Any, trusted: Any, claims: Any, refused: Any) -> None:
    claim = "https://aws.amazon.com/source_identity"
    token = issuer.token(claims | {claim: "ada"})
    with refused("AccessDenied", "Not authorized to perform sts:SetSourceIdentity", 403):
        assume(anonymous, trusted("unknowing"), token)
    arn = trusted(action=["sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity"])
    assert assume(anonymous, arn, token)["SourceIdentity"] == "ada"
    with refused("InvalidIdentityToken", "Source Identity must match"):
        assume(anonymous, arn, issuer.token(claims | {claim: "aws:x"}))


def test_what_later_requests_know_of_the_provider(
    anonymous: Any, client: Any, iam: Any, trusted: Any, claims: Any, refused: Any
) -> None:
    """aws:FederatedProvider, but not the claims of a provider that AWS does not know by name."""
    answer = assume(anonymous, trusted(), issuer.token(claims))
    sqs = client("sqs", answer["Credentials"])
    by_provider = document("sqs:*", Condition={"StringEquals": {"aws:FederatedProvider": PROVIDER}})
    iam.put_role_policy(RoleName="web", PolicyName="own", PolicyDocument=by_provider)
    sqs.list_queues()
    by_subject = document("sqs:*", Condition={"StringEquals": {"id.example.com/realm:sub": "user-17"}})
    iam.put_role_policy(RoleName="web", PolicyName="own", PolicyDocument=by_subject)
    with refused("AccessDenied", "", 403):
        sqs.list_queues()


def test_cognito_needs_no_provider_and_its_claims_stay(
    cloud: Cloud, anonymous: Any, client: Any, iam: Any, role: Any, claims: Any, refused: Any
) -> None:
    cloud.clock.freeze()
    name = "cognito-identity.amazonaws.com"
    cloud.set("sts", "jwks", json.dumps({f"https://{name}": {"keys": [issuer.jwk()]}}))
    condition = {
        "StringEquals": {f"{name}:aud": "us-east-1:pool"},
        "ForAnyValue:StringLike": {f"{name}:amr": "authenticated"},
    }
    trusting = trust({"Federated": name}, "sts:AssumeRoleWithWebIdentity", Condition=condition)
    arn = role("web", trusts=trusting)
    own = document("sqs:*", "arn:aws:sqs:*:*:${cognito-identity.amazonaws.com:sub}-*")
    iam.put_role_policy(RoleName="web", PolicyName="own", PolicyDocument=own)
    given = claims | {"iss": f"https://{name}", "aud": "us-east-1:pool", "sub": "us-east-1-ada"}
    answer = assume(anonymous, arn, issuer.token(given | {"amr": ["authenticated", "x"]}))
    assert answer["Provider"] == name
    sqs = client("sqs", answer["Credentials"])
    sqs.create_queue(QueueName="us-east-1-ada-1")
    with refused("AccessDenied", "", 403):
        sqs.create_queue(QueueName="us-east-1-bob-1")
    with refused("AccessDenied", "Not authorized", 403):
        assume(anonymous, arn, issuer.token(given | {"amr": ["unauthenticated"]}))


def test_claims_of_github(cloud: Cloud, anonymous: Any, iam: Any, role: Any, claims: Any, refused: Any) -> None:
    name = "token.actions.githubusercontent.com"
    cloud.set("sts", "jwks", json.dumps({f"https://{name}": {"keys": [issuer.jwk()]}}))
    made = iam.create_open_id_connect_provider(Url=f"https://{name}", ClientIDList=["sts.amazonaws.com"])
    condition = {
        "StringLike": {f"{name}:sub": "repo:octo/*:ref:refs/heads/main"},
        "StringEquals": {f"{name}:actor": "ada"},
        "Null": {f"{name}:run_id": "true"},
    }
    federated = {"Federated": made["OpenIDConnectProviderArn"]}
    arn = role("ci", trusts=trust(federated, "sts:AssumeRoleWithWebIdentity", Condition=condition))
    given = claims | {
        "iss": f"https://{name}",
        "aud": "sts.amazonaws.com",
        "sub": "repo:octo/cat:ref:refs/heads/main",
        "actor": "ada",
        "run_id": "1",
    }
    assume(anonymous, arn, issuer.token(given))
    with refused("AccessDenied", "Not authorized", 403):
        assume(anonymous, arn, issuer.token(given | {"actor": "bob"}))


def test_session_policies_and_durations(
    anonymous: Any, client: Any, iam: Any, trusted: Any, claims: Any, refused: Any
) -> None:
    arn, token = trusted(), issuer.token(claims)
    answer = assume(anonymous, arn, token, Policy=document("sqs:ListQueues"), DurationSeconds=900)
    client("sqs", answer["Credentials"]).list_queues()
    with refused("AccessDenied", "because no session policy allows", 403):
        client("sqs", answer["Credentials"]).create_queue(QueueName="q")
    with refused("ValidationError", "exceeds the MaxSessionDuration set for this role."):
        assume(anonymous, arn, token, DurationSeconds=7200)


def test_access_tokens_are_refused(anonymous: Any, trusted: Any, refused: Any) -> None:
    with refused("NotImplemented", "graph.facebook.com", 501):
        assume(anonymous, trusted(), "opaque", ProviderId="graph.facebook.com")


def test_a_provider_on_this_machine_is_asked_for_its_keys(
    cloud: Cloud, anonymous: Any, iam: Any, role: Any, claims: Any, refused: Any
) -> None:
    answers: dict[str, Any] = {}
    with issuer.server(answers) as address:
        url = f"{address}/realm"
        answers["/realm/.well-known/openid-configuration"] = {"issuer": url, "jwks_uri": f"{address}/keys?all"}
        answers["/keys?all"] = {"keys": [issuer.jwk()]}
        made = iam.create_open_id_connect_provider(Url=url.replace("http:", "https:"), ClientIDList=["app"])
        federated = {"Federated": made["OpenIDConnectProviderArn"]}
        arn = role("web", trusts=trust(federated, "sts:AssumeRoleWithWebIdentity"))
        token = issuer.token(claims | {"iss": url})
        assume(anonymous, arn, token)
        answers["/keys?all"] = {"keys": [issuer.jwk("RS256", "k9")]}
        with refused("InvalidIdentityToken", NO_KEY):
            assume(anonymous, arn, token)
        good = {"issuer": url, "jwks_uri": f"{address}/keys?all"}
        for wrong in (
            b"nonsense",
            [],
            {},
            good | {"issuer": "https://evil.example.com"},
            good | {"jwks_uri": "http://evil.example.com/keys"},
            good | {"jwks_uri": f"{address}/none"},
            good | {"jwks_uri": 7},
            good | {"jwks_uri": "http://localhost:none/"},
        ):
            answers["/realm/.well-known/openid-configuration"] = wrong
            with refused("InvalidIdentityToken", NO_KEY):
                assume(anonymous, arn, token)
    with refused("IDPCommunicationError", "could not be reached"):
        assume(anonymous, arn, token)
