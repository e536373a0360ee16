"""Experiments go on by the cloud's clock, in the order that their template says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, NONE, ROLE, trusting, wait

Template = Callable[..., str]
Role = Callable[..., str]


def started(cloud: Cloud, fis: Any, template: str, **given: Any) -> str:
    """The id of an experiment that has got to wait for the clock."""
    id: str = fis.start_experiment(experimentTemplateId=template, **given)["experiment"]["id"]
    cloud.clock.advance(seconds=0)
    return id


def states(fis: Any, id: str) -> dict[str, str]:
    found = fis.get_experiment(id=id)["experiment"]
    actions = {name: action["state"]["status"] for name, action in found["actions"].items()}
    return {"": found["state"]["status"], **actions}


def test_actions_run_in_their_order(cloud: Cloud, fis: Any, role: Role, waiting: Template) -> None:
    role()
    template = waiting(first=(5, []), beside=(2, []), second=(10, ["first", "beside"]))
    answer = fis.start_experiment(experimentTemplateId=template, tags={"team": "a"})["experiment"]
    assert answer["state"] == {"status": "initiating", "reason": "Experiment is initiating."}
    assert answer["actions"]["first"]["state"] == {"status": "pending", "reason": "Initial state"}
    assert answer["id"].startswith("EXP")
    assert answer["arn"] == f"arn:aws:fis:us-east-1:{ACCOUNT}:experiment/{answer['id']}"
    assert answer["tags"] == {"team": "a"}
    cloud.clock.advance(seconds=1)
    assert states(fis, answer["id"]) == {"": "running", "first": "running", "beside": "running", "second": "pending"}
    cloud.clock.advance(minutes=3)
    assert states(fis, answer["id"]) == {"": "running", "first": "running", "beside": "completed", "second": "pending"}
    cloud.clock.advance(minutes=3)
    assert states(fis, answer["id"])["second"] == "running"
    cloud.clock.advance(minutes=10)
    found = fis.get_experiment(id=answer["id"])["experiment"]
    assert found["state"] == {"status": "completed", "reason": "Experiment completed."}
    assert {action["state"]["status"] for action in found["actions"].values()} == {"completed"}
    first, second = (found["actions"][name] for name in ("first", "second"))
    assert second["startTime"] == first["endTime"]
    assert found["endTime"] - second["startTime"] == timedelta(minutes=10)
    assert first["endTime"] - first["startTime"] == timedelta(minutes=5)


def test_an_experiment_is_stopped(
    cloud: Cloud, fis: Any, role: Role, waiting: Template, refused: Callable[..., Any]
) -> None:
    role()
    id = started(cloud, fis, waiting(one=(5, []), two=(5, ["one"])))
    assert fis.stop_experiment(id=id)["experiment"]["state"]["status"] == "stopping"
    cloud.clock.advance(seconds=0)
    assert states(fis, id) == {"": "stopped", "one": "stopped", "two": "cancelled"}
    with refused("ValidationException", "is not running"):
        fis.stop_experiment(id=id)
    with refused("ResourceNotFoundException", status=404):
        fis.stop_experiment(id="EXPnone")


def test_an_experiment_survives_a_restart(tmp_path: Path) -> None:
    with Cloud(directory=tmp_path) as cloud:
        cloud.client("iam").create_role(
            RoleName="fis", AssumeRolePolicyDocument=trusting({"Service": "fis.amazonaws.com"})
        )
        fis = cloud.client("fis")
        template = fis.create_experiment_template(
            description="d", roleArn=ROLE, stopConditions=NONE, actions={"one": wait(5), "two": wait(5, "one")}
        )["experimentTemplate"]["id"]
        id = started(cloud, fis, template)
        cloud.clock.advance(minutes=6)
    with Cloud(directory=tmp_path) as cloud:
        fis = cloud.client("fis")
        assert states(fis, id) == {"": "running", "one": "completed", "two": "running"}
        cloud.clock.advance(minutes=5)
        assert states(fis, id) == {"": "completed", "one": "completed", "two": "completed"}


def test_the_role_must_let_fis_assume_it(cloud: Cloud, fis: Any, role: Role, waiting: Template) -> None:
    template = waiting(one=(1, []))
    for trust in ("", trusting({"Service": "ec2.amazonaws.com"})):
        if trust:
            role(trust=trust)
        found = fis.get_experiment(id=started(cloud, fis, template))["experiment"]
        assert found["state"]["status"] == "failed"
        assert found["state"]["error"] == {
            "accountId": ACCOUNT,
            "code": "AuthorizationFailure",
            "location": "experiment",
        }
        assert found["actions"]["one"]["state"]["status"] == "cancelled"


def test_a_trust_policy_may_name_the_experiments(cloud: Cloud, fis: Any, role: Role, waiting: Template) -> None:
    """https://docs.aws.amazon.com/fis/latest/userguide/getting-started-iam-service-role.html"""
    role(
        trust=trusting(
            {"Service": "fis.amazonaws.com"},
            StringEquals={"aws:SourceAccount": ACCOUNT},
            ArnLike={"aws:SourceArn": f"arn:aws:fis:us-east-1:{ACCOUNT}:experiment/*"},
        )
    )
    assert states(fis, started(cloud, fis, waiting(one=(1, []))))[""] == "running"


def test_the_first_experiment_makes_the_service_linked_role(
    cloud: Cloud, fis: Any, role: Role, waiting: Template
) -> None:
    """https://docs.aws.amazon.com/fis/latest/userguide/using-service-linked-roles.html"""
    role()
    for _ in range(2):
        started(cloud, fis, waiting(one=(1, [])))
    found = cloud.client("iam").get_role(RoleName="AWSServiceRoleForFIS")["Role"]
    assert found["Path"] == "/aws-service-role/fis.amazonaws.com/"


def test_a_client_token_starts_one_experiment(
    fis: Any, role: Role, waiting: Template, refused: Callable[..., Any]
) -> None:
    role()
    template = waiting(one=(1, []))
    first, again = (fis.start_experiment(experimentTemplateId=template, clientToken="t") for _ in range(2))
    assert first["experiment"]["id"] == again["experiment"]["id"]
    with refused("ConflictException", status=409):
        fis.start_experiment(experimentTemplateId=template, clientToken="t", tags={"other": "1"})


def test_skip_all_looks_for_targets_only(cloud: Cloud, fis: Any, role: Role, waiting: Template) -> None:
    role()
    id = started(cloud, fis, waiting(one=(1, [])), experimentOptions={"actionsMode": "skip-all"})
    assert states(fis, id) == {"": "completed", "one": "skipped"}
    assert fis.get_experiment(id=id)["experiment"]["experimentOptions"]["actionsMode"] == "skip-all"


def test_experiments_are_listed_and_forgotten(cloud: Cloud, fis: Any, role: Role, waiting: Template) -> None:
    role()
    templates = [waiting(one=(1, [])), waiting(one=(2, []))]
    ids = [started(cloud, fis, template) for template in templates for _ in range(2)]
    pages = fis.get_paginator("list_experiments").paginate(PaginationConfig={"PageSize": 3})
    assert sorted(one["id"] for page in pages for one in page["experiments"]) == sorted(ids)
    of_first = fis.list_experiments(experimentTemplateId=templates[0])["experiments"]
    assert sorted(one["id"] for one in of_first) == sorted(ids[:2])
    assert {one["experimentTemplateId"] for one in of_first} == {templates[0]}
    assert fis.list_experiments(maxResults=1, experimentTemplateId=templates[1])["nextToken"]
    assert cloud.client("fis", account="111111111111").list_experiments()["experiments"] == []
    cloud.clock.advance(days=121)
    assert fis.list_experiments()["experiments"] == []


def test_no_more_than_five_experiments_run_at_once(
    cloud: Cloud, fis: Any, role: Role, waiting: Template, refused: Callable[..., Any]
) -> None:
    role()
    template = waiting(one=(1, []))
    for _ in range(5):
        started(cloud, fis, template)
    with refused("ServiceQuotaExceededException", "Active experiments", status=402):
        fis.start_experiment(experimentTemplateId=template)
    cloud.clock.advance(minutes=2)
    fis.start_experiment(experimentTemplateId=template)


def test_the_safety_lever(cloud: Cloud, fis: Any, role: Role, waiting: Template, refused: Callable[..., Any]) -> None:
    role()
    template = waiting(one=(5, []))
    lever = fis.get_safety_lever(id="default")["safetyLever"]
    assert lever["arn"] == f"arn:aws:fis:us-east-1:{ACCOUNT}:safety-lever/default"
    assert lever["state"]["status"] == "disengaged"
    id = started(cloud, fis, template)
    engage = {"status": "engaged", "reason": "Black Friday"}
    answer = fis.update_safety_lever_state(id="default", state=engage)["safetyLever"]
    assert answer["state"] == {"status": "engaging", "reason": "Black Friday"}
    cloud.clock.advance(seconds=0)
    assert states(fis, id)[""] == "stopped"
    assert fis.get_safety_lever(id="default")["safetyLever"]["state"] == engage
    cancelled = fis.start_experiment(experimentTemplateId=template)["experiment"]
    assert cancelled["state"]["status"] == "cancelled"
    assert cancelled["actions"]["one"]["state"]["status"] == "cancelled"
    fis.update_safety_lever_state(id="default", state={"status": "disengaged", "reason": "over"})
    assert states(fis, started(cloud, fis, template))[""] == "running"
    with refused("ResourceNotFoundException", status=404):
        fis.get_safety_lever(id="other")


def test_events_tell_of_each_state(
    cloud: Cloud, fis: Any, role: Role, waiting: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []

    def emit(ctx: Any, kind: str, detail: dict[str, Any], resources: tuple[str, ...]) -> None:
        if ctx.service.name != "fis":
            return
        assert kind == "FIS Experiment State Change"
        assert resources[0].endswith(detail["experiment-id"])
        told.append((detail["old-state"]["status"], detail["new-state"]["status"]))

    role()
    template = waiting(one=(1, []))
    monkeypatch.setattr(cloud.world.bus, "emit", emit)
    started(cloud, fis, template)
    cloud.clock.advance(minutes=2)
    assert told == [("initiating", "running"), ("running", "completed")]


def test_another_takes_over_from_a_driver_that_is_gone(
    cloud: Cloud, fis: Any, role: Role, waiting: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a crash in the midst of a step."""
    role()
    template = waiting(one=(1, []))
    with monkeypatch.context() as patched:
        patched.setattr(cloud.world.agenda, "spawn", lambda work: work.close())
        id = started(cloud, fis, template)
    assert states(fis, id) == {"": "initiating", "one": "pending"}
    cloud.clock.advance(seconds=9)
    assert states(fis, id)[""] == "initiating"
    cloud.clock.advance(seconds=2)
    assert states(fis, id) == {"": "running", "one": "running"}
    cloud.clock.advance(minutes=2)
    assert states(fis, id) == {"": "completed", "one": "completed"}
