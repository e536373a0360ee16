"""Functions, layers and what there is of them, and what requests may name of it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from hodei.testing import ACCOUNT, REGION, Cloud

ROLE = f"arn:aws:iam::{ACCOUNT}:role/functions"
HEAD = f"arn:aws:lambda:{REGION}:{ACCOUNT}"
ARN, FLOW, LAYER = f"{HEAD}:function:worker", f"{HEAD}:function:flow", f"{HEAD}:layer:tools"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/fed"
STATEMENT = {
    "Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "lambda:GetFunction", "Resource": ARN
}  # fmt: skip
TO_QUEUE = {"OnFailure": {"Destination": QUEUE}}
FILTERS = {"Filters": [{"Pattern": '{"body": {"a": [{"prefix": "x"}]}}'}]}
UPDATE = {"Id": "a", "Type": "STEP", "Action": "START"}
SIGNERS = {"SigningProfileVersionArns": [f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/p"]}


def prime(cloud: Cloud) -> dict[str, list[Any]]:
    """A function with two versions and an alias, of which there is everything; gives the names of it all."""
    iam, fn = cloud.client("iam"), cloud.client("lambda")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.create_role(RoleName="functions", AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName="functions", PolicyName="all", PolicyDocument=_policy(allow))
    given = {"Runtime": "dotnet8", "Handler": "a.b", "Role": ROLE, "Code": {"ZipFile": _package()}}
    made = fn.create_function(FunctionName="worker", Publish=True, **given)
    fn.update_function_configuration(FunctionName="worker", Timeout=5)
    fn.publish_version(FunctionName="worker")
    weights = {"AdditionalVersionWeights": {"2": 0.5}}
    alias = fn.create_alias(FunctionName="worker", Name="live", FunctionVersion="1", RoutingConfig=weights)
    let = {"Action": "lambda:GetFunction", "Principal": "111111111111"}
    fn.add_permission(FunctionName="worker", StatementId="s", **let)
    fn.publish_layer_version(LayerName="tools", Content={"ZipFile": _package()}, CompatibleRuntimes=["python3.12"])
    fn.add_layer_version_permission(
        LayerName="tools", VersionNumber=1, StatementId="s", Action="lambda:GetLayerVersion", Principal="*"
    )
    fn.put_function_concurrency(FunctionName="worker", ReservedConcurrentExecutions=0)  # it is never run
    fn.put_function_event_invoke_config(FunctionName="worker", MaximumRetryAttempts=1)
    fn.create_function_url_config(FunctionName="worker", AuthType="NONE")
    uuid = fn.create_event_source_mapping(FunctionName="worker", EventSourceArn=QUEUE, Enabled=False)["UUID"]
    fed = _fed_from_a_stream(cloud)
    signing = fn.create_code_signing_config(AllowedPublishers=SIGNERS)["CodeSigningConfig"]["CodeSigningConfigArn"]
    execution = _execution(fn, given)
    arns = [ARN, f"{HEAD}:event-source-mapping:{uuid}", signing]
    return {
        "FunctionName": ["worker", "worker", ARN, FLOW, "flow:1", f"{ARN}:1", "worker:live", f"{ACCOUNT}:function:worker", "new", "x!"],
        "Qualifier": ["1", "2", "live", "$LATEST", "none", "9"],
        "Name": ["live", "live", "new", "1"],
        "FunctionVersion": ["1", "2", "$LATEST", "ALL", "9"],
        "RoutingConfig": [weights, {}, {"AdditionalVersionWeights": {"9": 1.0}}],
        "Runtime": ["dotnet8", "ruby3.4", "dotnet10", "python2.7"],  # none that runs here: what is in flight is tested elsewhere
        "Handler": ["a.b", "x"],
        "Role": [ROLE, f"{ROLE}x"],
        "Code": [{"ZipFile": _package()}, {"ZipFile": b"x"}, {"S3Bucket": "plain", "S3Key": "a"}, {"ImageUri": "i"}, {"ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/a:b"}, {}],
        "Content": [{"ZipFile": _package()}, {"S3Bucket": "plain", "S3Key": "none"}, {}],
        "ZipFile": [_package(), b"PK"],
        "S3Bucket": ["plain", "hot-reload", "none-such"],
        "S3Key": ["a", "/", "none"],
        "Layers": [[f"{LAYER}:1"], [], [f"{LAYER}:9"], [f"{LAYER}:1"] * 6],
        "LayerName": ["tools", "tools", LAYER, "new"],
        "VersionNumber": [1, 1, 2, 0, -1, 2**62],
        "Arn": [f"{LAYER}:1", LAYER],
        "StatementId": ["s", "t"],
        "Action": ["lambda:GetFunction", "lambda:InvokeFunction", "lambda:GetLayerVersion", "*"],
        "Principal": ["s3.amazonaws.com", "111111111111", "*", ROLE, "nobody"],
        "RevisionId": [made["RevisionId"], alias["RevisionId"], "x"],
        "UUID": [uuid, uuid, fed, fed, "0" * 36],
        "EventSourceArn": [
            QUEUE, STREAM, f"{STREAM}/consumer/c:1", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/x",
            f"{QUEUE}.fifo", f"{QUEUE}x", "arn:aws:s3:::plain", f"arn:aws:kafka:{REGION}:{ACCOUNT}:c",
        ],
        "StartingPosition": ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"],
        "ParallelizationFactor": [1, 10, 2],
        "TumblingWindowInSeconds": [0, 0, 60],
        "MaximumRecordAgeInSeconds": [-1, 60, 59, 604800],
        "FilterCriteria": [FILTERS, {}, {"Filters": [{"Pattern": "x"}]}, {"Filters": [{}]}],
        "DestinationConfig": [TO_QUEUE, {"OnSuccess": {"Destination": ARN}}, {"OnFailure": {}}, {}],
        "DeadLetterConfig": [{"TargetArn": QUEUE}, {"TargetArn": ""}, {}],
        "CodeSigningConfigArn": [signing, f"{signing[:-1]}0"],
        "AllowedPublishers": [SIGNERS, {}],
        "Resource": [*arns, f"{ARN}:1", f"{LAYER}:1", f"{HEAD}:capacity-provider:c"],
        "ResourceArn": [ARN, f"{ARN}:live", f"{ARN}x", f"{HEAD}:runtime/r"],
        "Policy": [_policy(STATEMENT), _policy(STATEMENT | {"Resource": "*"}), "{}", "[]", "x"],
        "Tags": [{"a": "b"}, {}, {"aws:x": "y"}],
        "TagKeys": [["a"], []],
        "LoggingConfig": [{"LogFormat": "JSON"}, {"LogGroup": "g"}, {}],
        "Environment": [{"Variables": {"ab": "c"}}, {}, {"Variables": {"AWS_REGION": "x"}}],
        "MaximumBatchingWindowInSeconds": [0, 1],
        "DurableConfig": [{"ExecutionTimeout": 3600}, {"RetentionPeriodInDays": 1}, {}],
        "DurableExecutionArn": [execution, execution, f"{execution}x", f"{FLOW}:1/durable-execution/a/b"],
        "DurableExecutionName": ["mine", "new", "x!"],
        "CheckpointToken": ["bm9uc2Vuc2U=", "x"],
        "CallbackId": ["bm9uc2Vuc2U=", "x"],
        "Updates": [[UPDATE], [UPDATE, UPDATE], []],
        "ReservedConcurrentExecutions": [0, 901, 2**31],
    }  # fmt: skip


def _execution(fn: Any, given: dict[str, Any]) -> str:
    """The ARN of an execution of a durable function, which is never run."""
    fn.create_function(FunctionName="flow", Publish=True, DurableConfig={"ExecutionTimeout": 3600}, **given)
    fn.put_function_concurrency(FunctionName="flow", ReservedConcurrentExecutions=0)
    started = fn.invoke(FunctionName="flow:1", InvocationType="Event", DurableExecutionName="mine")
    return str(started["DurableExecutionArn"])


def _fed_from_a_stream(cloud: Cloud) -> str:
    """The UUID of a mapping that waits in vain: nothing of the function may run."""
    cloud.client("kinesis").create_stream(StreamName="fed", ShardCount=2)
    cloud.client("kinesis").put_record(StreamName="fed", PartitionKey="a", Data=b"{}")
    given = {"FunctionName": "worker", "EventSourceArn": STREAM, "StartingPosition": "TRIM_HORIZON"}
    uuid: str = cloud.client("lambda").create_event_source_mapping(**given)["UUID"]
    return uuid


def _package() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.py", "def b(event, context): pass")
    return packed.getvalue()


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
