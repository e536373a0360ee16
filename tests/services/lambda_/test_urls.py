"""Function URLs are answered: who may call, what functions get and what clients get."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from hodei.protocol.http import Body, ConnectionBroken, Headers, Request
from hodei.testing import ACCOUNT, REGION, Cloud

from .functions import function_of, role_of, zipped

pytestmark = pytest.mark.feature("lambda.aliases")

NODE = {"Runtime": "nodejs20.x", "MemorySize": 512}
node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not on this machine")
PATH = "/my/pa%20th"
QUERY = "a=1&a=2&b=x%20y&c"
OTHER = "111122223333"
FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)

CODE = """
import json, time

def echo(event, context):
    return event | {"arn": context.invoked_function_arn, "ran": context.function_version, "id": context.aws_request_id}

def say(event, context):
    return json.loads(event["body"])

def fail(event, context):
    raise ValueError("no way")

def slow(event, context):
    time.sleep(30)
"""

AS_IT_IS = """#!/usr/bin/env python3
import base64, http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    got = api.getresponse()
    body = base64.b64decode(json.loads(got.read()).get("body", ""))
    api.request("POST", f"/2018-06-01/runtime/invocation/{got.headers['Lambda-Runtime-Aws-Request-Id']}/response", body)
    api.getresponse().read()
"""

STREAMING = """
const { from } = awslambda.HttpResponseStream;
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const asked = JSON.parse(event.body || "{}");
  if (asked.early) throw new Error("early");
  if (asked.prelude) stream = from(stream, asked.prelude);
  if (asked.raw) stream.setContentType("application/vnd.awslambda.http-integration-response");
  for (const part of asked.parts || []) { stream.write(part); await later(20); }
  if (asked.late) throw new Error("late");
  stream.end();
});
"""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def fetch(
    cloud: Cloud,
    url: str,
    method: str = "GET",
    target: str = "/",
    *,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    keys: Credentials | None = None,
) -> Answer:
    sent = [("Host", urlsplit(url).netloc), *(headers or {}).items()]
    if keys:
        asked = AWSRequest(method, url.rstrip("/") + target, headers or {}, body)
        SigV4Auth(keys, "lambda", REGION).add_auth(asked)
        sent += [(name, value) for name, value in asked.headers.items() if name not in (headers or {})]
    response = cloud.send(Request(method, target, Headers(sent), Body(body)))
    assert isinstance(response.body, bytes)
    got = {name: ", ".join(Headers(response.headers).get_all(name)) for name in Headers(response.headers).joined()}
    cookies = [value for name, value in response.headers if name.lower() == "set-cookie"]
    return Answer(response.status, got, cookies, response.body)


def let_all(cloud: Cloud, name: str, *actions: str, **options: Any) -> None:
    """As the console does for a URL without authentication."""
    client, about = cloud.client("lambda"), {"FunctionName": name, "Principal": "*", **options}
    for action in actions or ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"):
        of_url = {"FunctionUrlAuthType": "NONE"} if action.endswith("Url") else {"InvokedViaFunctionUrl": True}
        client.add_permission(StatementId=action[7:], Action=action, **about, **of_url)


@pytest.fixture
def role(cloud: Cloud) -> str:
    return role_of(cloud)


@pytest.fixture
def url_of(cloud: Cloud, role: str) -> Callable[..., str]:
    """Makes a function with a URL that all may call. Its URL."""

    def made(
        handler: str, code: bytes = b"", *, auth: str = "NONE", url: dict[str, Any] | None = None, **of: Any
    ) -> str:
        name = function_of(cloud, role, handler, code or zipped(app__py=CODE), **of)
        given = cloud.client("lambda").create_function_url_config(FunctionName=name, AuthType=auth, **(url or {}))
        if auth == "NONE":
            let_all(cloud, name)
        found: str = given["FunctionUrl"]
        return found

    return made


def user_of(cloud: Cloud, *allow: str, account: str = ACCOUNT) -> Credentials:
    iam = cloud.client("iam", account=account)
    iam.create_user(UserName="caller")
    statement = {"Effect": "Allow", "Action": list(allow), "Resource": "*"}
    if allow:
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="caller", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


# what functions get


def test_what_a_function_is_given(cloud: Cloud, url_of: Any) -> None:
    url = url_of("app.echo")
    id, host = urlsplit(url).netloc.partition(".")[0], urlsplit(url).hostname
    headers = {"X-One": "1", "x-one": "2", "Cookie": "k=v; l=w", "User-Agent": "me", "Connection": "keep-alive"}
    answer = fetch(cloud, url, "POST", f"{PATH}?{QUERY}", headers=headers | {"Content-Type": "text/plain"}, body=b"hi")
    event = answer.json
    assert answer.status == 200 and answer.headers["content-type"] == "application/json"
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "$default", PATH)
    assert event["rawQueryString"] == QUERY
    assert event["queryStringParameters"] == {"a": "1,2", "b": "x y", "c": ""}
    assert event["cookies"] == ["k=v", "l=w"] and event["headers"]["x-one"] == "1,2"
    assert event["headers"]["x-forwarded-proto"] == "http" and event["headers"]["x-forwarded-port"] == "4566"
    assert event["headers"]["x-amzn-trace-id"].startswith("Root=1-") and "connection" not in event["headers"]
    assert (event["body"], event["isBase64Encoded"]) == ("hi", False)
    context = event["requestContext"]
    assert context["accountId"] == "anonymous" and context["apiId"] == context["domainPrefix"] == id
    assert context["domainName"] == host and context["stage"] == context["routeKey"] == "$default"
    assert context["requestId"] == event["id"] == answer.headers["x-amzn-requestid"]
    told = {"method": "POST", "path": PATH, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "me"}
    assert context["http"] == told
    now = cloud.clock.now()
    assert abs(context["timeEpoch"] / 1000 - now.timestamp()) < 60
    assert context["time"].startswith(f"{now:%d/%b/%Y:%H:}") and context["time"].endswith(" +0000")
    assert not {"authentication", "authorizer"} & context.keys()
    assert event["arn"].endswith(":function:f-app-echo")


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("application/json; charset=utf-8", b'{"a": 1}', '{"a": 1}'),
        ("application/problem+json", b"{}", "{}"),
        ("text/csv", "é".encode(), "é"),
        ("image/png", b"\x89PNG\0", None),
        ("application/x-www-form-urlencoded", b"a=b", None),
        ("text/plain", b"\xff\xfe", None),
        ("", b"x", None),
    ],
)
def test_bodies_of_requests(cloud: Cloud, url_of: Any, kind: str, body: bytes, told: str | None) -> None:
    event = fetch(cloud, url_of("app.echo"), "PUT", headers={"Content-Type": kind} if kind else {}, body=body).json
    assert event["isBase64Encoded"] == (told is None)
    assert (base64.b64decode(event["body"]) == body) if told is None else event["body"] == told


def test_a_request_without_anything(cloud: Cloud, url_of: Any) -> None:
    event = fetch(cloud, url_of("app.echo")).json
    assert not {"body", "cookies", "queryStringParameters"} & event.keys() and event["rawQueryString"] == ""


# what clients get


@pytest.fixture
def say(cloud: Cloud, url_of: Any) -> Callable[[Any], Answer]:
    """What comes of an answer of a function."""
    url = url_of("app.say")
    return lambda said: fetch(
        cloud, url, "POST", headers={"Content-Type": "application/json"}, body=json.dumps(said).encode()
    )


def test_answers_with_a_status(say: Any) -> None:
    headers = {"X-Mine": "Value", "Number": 7, "Yes": True, "None": None, "Content-Type": "text/html"}
    cookies = ["a=b; Path=/", "c=d"]
    answer = say({"statusCode": 201, "headers": headers, "cookies": cookies, "body": "<p>é"})
    assert (answer.status, answer.body, answer.cookies) == (201, "<p>é".encode(), cookies)
    assert answer.headers["content-type"] == "text/html" and answer.headers["x-mine"] == "Value"
    assert (answer.headers["number"], answer.headers["yes"]) == ("7", "true") and "none" not in answer.headers
    answer = say({"statusCode": 200, "body": base64.b64encode(b"\x89\0").decode(), "isBase64Encoded": True})
    assert answer.body == b"\x89\0" and answer.headers["content-type"] == "application/json"
    assert say({"statusCode": "404"}).status == 404
    assert say({"statusCode": 200, "body": {"a": 1}}).json == {"a": 1}


def test_answers_without_a_status_are_bodies(say: Any) -> None:
    for said in ({"message": "hello"}, "Hello", 7, None, [1], {"body": "x"}):
        answer = say(said)
        assert (answer.status, answer.json) == (200, said) and answer.headers["content-type"] == "application/json"


def test_headers_that_a_function_cannot_say(say: Any) -> None:
    headers = {"Content-Length": "7000", "Connection": "close", "WWW-Authenticate": "Basic", "Date": "never"}
    answer = say({"statusCode": 200, "headers": headers, "body": "x"})
    remapped = {name: answer.headers[f"x-amzn-remapped-{name.lower()}"] for name in headers}
    assert remapped == headers and answer.body == b"x" and answer.headers.get("content-length", "1") == "1"


def test_answers_that_are_no_json(cloud: Cloud, url_of: Any) -> None:
    url = url_of("own.runtime", zipped(bootstrap=AS_IT_IS), Runtime="provided.al2023")
    for text in (b"Hello", b"", b"\xff", b"[" * 100_000):
        assert fetch(cloud, url, "POST", body=text).status == 502
    assert fetch(cloud, url, "POST", body=b'{"statusCode": 204, "body": "x"}').status == 204


@pytest.mark.parametrize(
    "said",
    [
        {"statusCode": "no"},
        {"statusCode": 99},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a b": "c"}},
        {"statusCode": 200, "headers": {"a": {"b": "c"}}},
        {"statusCode": 200, "cookies": "a=b"},
        {"statusCode": 200, "body": "%", "isBase64Encoded": True},
    ],
)
def test_answers_that_are_none(say: Any, said: Any) -> None:
    answer = say(said)
    assert (answer.status, answer.body) == (502, b"Internal Server Error")


def test_failures_of_functions(cloud: Cloud, url_of: Any) -> None:
    for url in (url_of("app.fail"), url_of("app.slow", Timeout=1)):
        answer = fetch(cloud, url)
        assert (answer.status, answer.body) == (502, b"Internal Server Error")


def test_large_requests(cloud: Cloud, url_of: Any) -> None:
    url, text = url_of("app.echo"), {"Content-Type": "text/plain"}
    assert fetch(cloud, url, "POST", headers=text, body=b"x" * (5 << 20)).status == 200
    assert fetch(cloud, url, "POST", body=b"x" * (5 << 20)).status == 413  # as its function would get it, in base64
    for body in (b"x" * (6 << 20), b"x" * (7 << 20)):
        answer = fetch(cloud, url, "POST", headers=text, body=body)
        assert answer.status == 413 and answer.json["Message"].startswith("Request must be smaller than 6291456 bytes")


# who may call


def test_a_public_url_needs_both_permissions(cloud: Cloud, role: str) -> None:
    name, client = function_of(cloud, role, "app.echo", zipped(app__py=CODE)), cloud.client("lambda")
    url = client.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    answer = fetch(cloud, url)
    assert (answer.status, answer.json) == (403, {"Message": FORBIDDEN})
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"
    let_all(cloud, name, "lambda:InvokeFunctionUrl")
    assert fetch(cloud, url).status == 403
    let_all(cloud, name, "lambda:InvokeFunction")
    assert fetch(cloud, url).status == 200
    client.update_function_url_config(FunctionName=name, AuthType="AWS_IAM")  # the condition holds no more
    assert fetch(cloud, url).status == 403


def test_a_public_url_does_not_look_at_signatures(cloud: Cloud, url_of: Any) -> None:
    url = url_of("app.echo")
    for keys in (Credentials("AKIAABSENT", "wrong"), user_of(cloud)):
        event = fetch(cloud, url, keys=keys).json
        assert event["requestContext"]["accountId"] == "anonymous"
    odd = fetch(cloud, url, headers={"Authorization": "Bearer me"})
    assert odd.json["headers"]["authorization"] == "Bearer me"


def test_signed_requests(cloud: Cloud, url_of: Any) -> None:
    url = url_of("app.echo", auth="AWS_IAM")
    assert fetch(cloud, url).json == {"Message": FORBIDDEN}
    keys = user_of(cloud, "lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
    answer = fetch(cloud, url, "POST", f"{PATH}?a=b%20c", keys=keys, body=b"payload", headers={"X-Mine": "1"})
    assert answer.status == 200
    context, user = answer.json["requestContext"], cloud.client("iam").get_user(UserName="caller")["User"]
    assert context["accountId"] == ACCOUNT and context["authentication"] is None
    assert context["authorizer"]["iam"] == {
        "accessKey": keys.access_key,
        "accountId": ACCOUNT,
        "callerId": user["UserId"],
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": user["Arn"],
        "userId": user["UserId"],
    }
    forged = fetch(cloud, url, keys=Credentials(keys.access_key, "wrong"))
    assert forged.status == 403 and "signature we calculated does not match" in forged.json["message"]
    assert forged.headers["x-amzn-errortype"] == "InvalidSignatureException"


def test_sessions_of_roles(cloud: Cloud, url_of: Any) -> None:
    url, iam = url_of("app.echo", auth="AWS_IAM"), cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": "lambda:Invoke*", "Resource": "*"}
    document = {"Version": "2012-10-17"}
    role = iam.create_role(RoleName="caller", AssumeRolePolicyDocument=json.dumps(document | {"Statement": trust}))
    policy = json.dumps(document | {"Statement": allow})
    iam.put_role_policy(RoleName="caller", PolicyName="p", PolicyDocument=policy)
    session = cloud.client("sts").assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName="me")
    given = session["Credentials"]
    keys = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    iam_of = fetch(cloud, url, keys=keys).json["requestContext"]["authorizer"]["iam"]
    assert iam_of["userArn"] == session["AssumedRoleUser"]["Arn"]
    assert iam_of["userId"] == iam_of["callerId"] == session["AssumedRoleUser"]["AssumedRoleId"]
    cloud.clock.advance(hours=2)
    late = fetch(cloud, url, keys=keys)
    assert late.status == 403 and "expired" in late.json["message"]


@pytest.mark.parametrize("action", ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"])
def test_signed_requests_need_both_permissions(cloud: Cloud, url_of: Any, action: str) -> None:
    url = url_of("app.echo", auth="AWS_IAM")
    assert fetch(cloud, url, keys=user_of(cloud, action)).status == 403


def test_a_body_that_was_not_signed(cloud: Cloud, url_of: Any) -> None:
    url = url_of("app.echo", auth="AWS_IAM")
    keys = user_of(cloud, "lambda:*")
    signed = AWSRequest("POST", url, {}, b"mine")
    SigV4Auth(keys, "lambda", REGION).add_auth(signed)
    assert fetch(cloud, url, "POST", headers=dict(signed.headers), body=b"mine").status == 200
    assert fetch(cloud, url, "POST", headers=dict(signed.headers), body=b"yours").status == 403


def test_another_account_needs_the_policies_of_both(cloud: Cloud, url_of: Any) -> None:
    url = url_of("app.echo", auth="AWS_IAM")
    keys = user_of(cloud, "lambda:InvokeFunctionUrl", "lambda:InvokeFunction", account=OTHER)
    assert fetch(cloud, url, keys=keys).status == 403
    about = {"FunctionName": "f-app-echo", "Principal": OTHER}
    client = cloud.client("lambda")
    url_only = {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "AWS_IAM"}
    client.add_permission(StatementId="a", **about, **url_only)
    assert fetch(cloud, url, keys=keys).status == 403
    client.add_permission(StatementId="b", **about, Action="lambda:InvokeFunction", InvokedViaFunctionUrl=True)
    answer = fetch(cloud, url, keys=keys)
    assert answer.status == 200 and answer.json["requestContext"]["accountId"] == OTHER
    nobody = cloud.client("iam", account=OTHER)
    nobody.delete_user_policy(UserName="caller", PolicyName="p")
    assert fetch(cloud, url, keys=keys).status == 403


def test_what_is_let_through_urls_is_not_let_else(cloud: Cloud, url_of: Any) -> None:
    """lambda:InvokedViaFunctionUrl, as the statement of a public URL has it."""
    url_of("app.echo")
    stranger = cloud.client("lambda", account=OTHER)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f-app-echo"
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.invoke(FunctionName=arn)


# aliases, addresses, limits


def test_the_url_of_an_alias(cloud: Cloud, role: str) -> None:
    client, name = cloud.client("lambda"), function_of(cloud, role, "app.say", zipped(app__py=CODE))
    client.update_function_configuration(FunctionName=name, Handler="app.echo")
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    url = client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")["FunctionUrl"]
    let_all(cloud, name)  # of the function, not of the alias
    assert fetch(cloud, url).status == 403
    let_all(cloud, name, Qualifier="live")
    event = fetch(cloud, url).json
    assert event["arn"].endswith(f":function:{name}:live") and event["ran"] == "1"


def test_a_url_in_another_region_and_account(cloud: Cloud) -> None:
    there = {"account": OTHER, "region_name": "eu-west-1"}
    client, iam = cloud.client("lambda", **there), cloud.client("iam", **there)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role = iam.create_role(RoleName="fn", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    code = {"ZipFile": zipped(app__py=CODE)}
    client.create_function(FunctionName="f", Role=role, Runtime="python3.11", Handler="app.echo", Code=code, Timeout=20)
    url = client.create_function_url_config(FunctionName="f", AuthType="AWS_IAM")["FunctionUrl"]
    assert ".lambda-url.eu-west-1." in url
    event = fetch(cloud, url, keys=Credentials(OTHER, "test")).json
    assert event["arn"] == f"arn:aws:lambda:eu-west-1:{OTHER}:function:f"
    assert event["requestContext"]["accountId"] == OTHER


@pytest.mark.parametrize(
    "wrong",
    [
        {"InvokeMode": "STREAM"},
        {"AuthType": "IAM"},
        {"Cors": {"MaxAge": 86401}},
        {"Cors": {"AllowMethods": ["OPTIONS"]}},
        {"Cors": {"AllowOrigins": [""]}},
        {"Cors": {"AllowHeaders": ["x"] * 101}},
    ],
)
def test_configurations_that_are_none(cloud: Cloud, role: str, wrong: dict[str, Any]) -> None:
    client = cloud.client("lambda", config=Config(parameter_validation=False))
    name = function_of(cloud, role, "app.echo", zipped(app__py=CODE))
    with pytest.raises(ClientError, match="ValidationException"):
        client.create_function_url_config(FunctionName=name, **{"AuthType": "NONE"} | wrong)


def test_urls_that_are_not_there(cloud: Cloud, url_of: Any) -> None:
    url, client = url_of("app.echo"), cloud.client("lambda")
    id = urlsplit(url).netloc.partition(".")[0]
    for host in ("none", id[:-1], f"{id}0", f"{id}%2e"):
        answer = fetch(cloud, url.replace(id, host))
        assert (answer.status, answer.json) == (403, {"Message": FORBIDDEN})
    assert fetch(cloud, url.replace(REGION, "eu-west-1")).status == 403
    assert fetch(cloud, url.replace(id, id.upper())).status == 200  # names of hosts have no case
    assert fetch(cloud, f"https://{id}.lambda-url.{REGION}.on.aws/").status == 200
    client.delete_function_url_config(FunctionName="f-app-echo")
    assert fetch(cloud, url).status == 403
    again = client.create_function_url_config(FunctionName="f-app-echo", AuthType="NONE")["FunctionUrl"]
    assert again != url and fetch(cloud, again).status == 200
    client.delete_function(FunctionName="f-app-echo")
    assert fetch(cloud, again).status == 403


def test_no_concurrency_turns_a_url_off(cloud: Cloud, url_of: Any) -> None:
    url, client = url_of("app.echo"), cloud.client("lambda")
    client.put_function_concurrency(FunctionName="f-app-echo", ReservedConcurrentExecutions=0)
    answer = fetch(cloud, url)
    reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert answer.status == 429 and answer.json == {"Reason": reason, "Type": "User", "message": "Rate Exceeded."}
    client.delete_function_concurrency(FunctionName="f-app-echo")
    assert fetch(cloud, url).status == 200


def test_metrics_of_urls(cloud: Cloud, url_of: Any) -> None:
    url = url_of("app.fail")
    fetch(cloud, url)
    cloud.client("lambda").put_function_concurrency(FunctionName="f-app-fail", ReservedConcurrentExecutions=0)
    fetch(cloud, url)
    cloud.clock.advance(minutes=2)
    names = {"FunctionName": "f-app-fail"}

    def total(metric: str, **more: str) -> float:
        now = cloud.clock.now()
        dimensions = [{"Name": name, "Value": value} for name, value in (names | more).items()]
        found = cloud.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda", MetricName=metric, Dimensions=dimensions, Period=3600, Statistics=["Sum"],
            StartTime=now - timedelta(hours=2), EndTime=now + timedelta(hours=1),
        )  # fmt: skip
        return sum(point["Sum"] for point in found["Datapoints"])

    counts = [total(f"Url{what}Count") for what in ("Request", "4xx", "5xx")]
    assert counts == [2, 1, 1] and total("UrlRequestLatency") > 0
    assert total("UrlRequestCount", Resource="f-app-fail:$LATEST") == 2


# pages of other origins

ORIGIN = "https://www.example.com"
ALLOWED = {
    "AllowOrigins": [ORIGIN],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["x-mine", "content-type"],
    "ExposeHeaders": ["x-told"],
    "AllowCredentials": True,
    "MaxAge": 300,
}


def preflight(cloud: Cloud, url: str, origin: str = ORIGIN) -> Answer:
    return fetch(cloud, url, "OPTIONS", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})


def cors_of(answer: Answer) -> dict[str, str]:
    return {name[15:]: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def test_preflights(cloud: Cloud, url_of: Any) -> None:
    url = url_of("app.fail", url={"Cors": ALLOWED})
    answer = preflight(cloud, url)
    assert answer.status == 200 and answer.body == b"" and answer.headers["vary"] == "Origin"
    assert cors_of(answer) == {
        "allow-origin": ORIGIN,
        "allow-methods": "GET,POST",
        "allow-headers": "x-mine,content-type",
        "allow-credentials": "true",
        "expose-headers": "x-told",
        "max-age": "300",
    }
    assert cors_of(preflight(cloud, url, "https://evil.example.com")) == {}
    client = cloud.client("lambda")
    client.update_function_url_config(FunctionName="f-app-fail", AuthType="AWS_IAM", Cors={"AllowOrigins": ["*"]})
    answer = preflight(cloud, url)  # which nobody can sign
    assert answer.status == 200 and cors_of(answer) == {"allow-origin": "*"}


def test_answers_to_pages_of_other_origins(cloud: Cloud, url_of: Any) -> None:
    url = url_of("app.say", url={"Cors": ALLOWED})
    asked = {"Content-Type": "application/json", "Origin": ORIGIN}
    answer = fetch(cloud, url, "POST", headers=asked, body=b"{}")
    assert cors_of(answer) == {"allow-origin": ORIGIN, "allow-credentials": "true", "expose-headers": "x-told"}
    assert cors_of(fetch(cloud, url, "POST", headers=asked | {"Origin": "https://x"}, body=b"{}")) == {}
    own = json.dumps({"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "https://own"}}).encode()
    assert cors_of(fetch(cloud, url, "POST", headers=asked, body=own))["allow-origin"] == f"https://own, {ORIGIN}"
    failed = fetch(cloud, url, "POST", headers=asked, body=b"no JSON")
    assert failed.status == 502 and cors_of(failed)["allow-origin"] == ORIGIN


def test_a_url_without_cors_leaves_preflights_to_its_function(cloud: Cloud, url_of: Any) -> None:
    assert preflight(cloud, url_of("app.echo")).json["requestContext"]["http"]["method"] == "OPTIONS"


# streams


@pytest.fixture
def stream(cloud: Cloud, url_of: Any) -> Callable[..., Answer]:
    """What comes of what a function streams."""
    url = url_of("app.handler", zipped(app__js=STREAMING), url={"InvokeMode": "RESPONSE_STREAM"}, **NODE)
    return lambda **asked: fetch(
        cloud, url, "POST", headers={"Content-Type": "application/json"}, body=json.dumps(asked).encode()
    )


@node
def test_streamed_answers(stream: Any) -> None:
    answer = stream(parts=["a", "b"])
    assert (answer.status, answer.body) == (200, b"ab")
    assert answer.headers["content-type"] == "application/octet-stream"
    empty = stream()
    assert (empty.status, empty.body) == (200, b"")


@node
def test_streamed_answers_with_a_prelude(stream: Any) -> None:
    prelude = {"statusCode": 201, "headers": {"Content-Type": "text/html", "X-Mine": "1"}, "cookies": ["a=b", "c=d"]}
    answer = stream(prelude=prelude, parts=["<p>", "é"])
    assert (answer.status, answer.body, answer.cookies) == (201, "<p>é".encode(), ["a=b", "c=d"])
    assert answer.headers["content-type"] == "text/html" and answer.headers["x-mine"] == "1"
    assert stream(prelude={}, parts=[""]).status == 200
    for bad in ({"statusCode": "no"}, [], {"headers": {"a b": "c"}}):
        assert stream(prelude=bad, parts=["x"]).status == 502


@node
def test_preludes_that_are_none(stream: Any) -> None:
    for parts in (["{}"], ["x" * 20_000], ["no JSON\0\0\0\0\0\0\0\0rest"], []):
        answer = stream(raw=True, parts=parts)
        assert (answer.status, answer.body) == (502, b"Internal Server Error")


@node
def test_streams_that_fail(stream: Any) -> None:
    early = stream(early=True)
    assert (early.status, early.body) == (502, b"Internal Server Error")
    with pytest.raises(ConnectionBroken):
        stream(parts=["so far"], late=True)


def test_a_function_that_does_not_stream_behind_a_url_that_does(cloud: Cloud, url_of: Any) -> None:
    """It is passed on as it is."""
    url = url_of("app.say", url={"InvokeMode": "RESPONSE_STREAM"})
    said = {"statusCode": 201, "body": "x"}
    answer = fetch(cloud, url, "POST", headers={"Content-Type": "application/json"}, body=json.dumps(said).encode())
    assert answer.status == 200 and answer.json == said
    assert fetch(cloud, url).status == 502


@node
def test_a_stream_behind_a_url_that_does_not(cloud: Cloud, url_of: Any) -> None:
    url = url_of("app.handler", zipped(app__js=STREAMING), **NODE)
    body = json.dumps({"parts": ['{"statusCode": 2', '02, "body": "x"}']}).encode()
    answer = fetch(cloud, url, "POST", headers={"Content-Type": "application/json"}, body=body)
    assert (answer.status, answer.body) == (202, b"x")
