from __future__ import annotations

import pytest

from hodei.gateway.routing import Host, Router, read_host
from hodei.protocol.http import Body, Headers, Request


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("sqs.us-west-2.amazonaws.com", Host("", "sqs", "us-west-2")),
        ("sqs.localhost", Host("", "sqs", "")),
        ("photos.s3.localhost", Host("photos", "s3", "")),
        ("my.photos.s3.eu-west-1.amazonaws.com", Host("my.photos", "s3", "eu-west-1")),
        ("photos.s3.localhost.localstack.cloud", Host("photos", "s3", "")),
        ("photos.localhost", Host("photos", "s3", "")),
        ("s3-us-west-2.amazonaws.com", Host("", "s3", "")),
        ("photos.s3.dualstack.eu-west-1.amazonaws.com", Host("photos", "s3", "eu-west-1")),
        ("photos.s3-accelerate.dualstack.amazonaws.com", Host("photos", "s3", "")),
        ("localhost", Host()),
        ("example.com", Host()),
    ],
)
def test_a_host_tells_service_region_and_what_stands_before(name: str, found: Host) -> None:
    assert read_host(name) == found


def request(host: str, target: str = "/") -> Request:
    return Request("GET", target, Headers([("Host", host)]), Body())


@pytest.mark.parametrize("host", ["photos.s3.localhost:4566", "photos.localhost", "photos.s3.cloud.test"])
def test_a_bucket_in_the_host_moves_into_the_path(host: str) -> None:
    asked = request(host, "/a%2Fb?tagging")
    route = Router("cloud.test").route(asked, b"")
    assert (route.service, route.operation.name) == ("s3", "GetObjectTagging")
    assert route.uri_params == {"Bucket": "photos", "Key": "a/b"}
    assert asked.target == "/a%2Fb?tagging", "what was signed stays as it was sent"


def test_an_absolute_target_is_read_by_its_path() -> None:
    route = Router().route(request("localhost", "http://localhost/photos/a?tagging"), b"")
    assert route.uri_params == {"Bucket": "photos", "Key": "a"}
