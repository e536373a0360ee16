"""Groups with events, filters, queries, and what requests to CloudWatch Logs may name."""

from __future__ import annotations

import json
from typing import Any

from hodei.testing import Cloud

ACCOUNT = "000000000000"
ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:"
STREAM = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/flow"
IDENTIFIERS = ["plain", f"{ARN}log-group:plain", f"{ARN}log-group:plain:*", f"{ARN}log-group:none", "x", "arn:x"]
PATTERNS = ["ERROR", '{ $.a.b = "x*" }', "[a, ..., b]", "?a ?b", "{ $.a", "%a%", "{ $.a[*].b > 1e9 }", '"', "[...]", ""]
QUERIES = [
    "fields @message | sort @timestamp desc | limit 3",
    "filter a.b = 'x' | stats count(*), avg(n), pct(n, 90) by bin(5m), @logStream",
    "parse @message '* *' as a, b | dedup a | display b",
    r"parse @message /(?<x>\d+)/ | filter x like '1' or not ispresent(x)",
    "SOURCE logGroups(namePrefix: ['p']) | filter n in (SOURCE plain | filter n > 3 | fields n) | pattern @message | diff",
    "join type=left left=a right=b where a.n = b.n (SOURCE plain) | stats sum(b.n) as s by a.n | fields s * 2",
    "sort n | accum n as s | autoregress n p=1-3 | filldown * | addtotals col=true | expand a", "countFrequent n, a.b",
    "fields parseDate('x', \"'\"), formatDate(1e300, '%'), hexToDec('z'), round(1, 400), split('a', ''), bin(9999999999d)",
    "filterIndex n in [1, 2] | lookup table n OUTPUT b | display b", "join left=a", "filter a in (", "SOURCE logGroups(",
    "stats", "fields a^9999^9999, 1/0, log(-1)", "pattern @message", "filter @message like /(a+)+$/", "|", "x" * 100,
]  # fmt: skip
TRANSFORMERS: list[Any] = [
    [{"parseJSON": {}}],
    [{"csv": {"delimiter": "\\t"}}, {"listToMap": {"source": "a", "key": "k", "flatten": True}}],
    [{"grok": {"match": "%{IP:a} %{GREEDYDATA:b.c}"}}, {"addKeys": {"entries": [{"key": "b.c.d", "value": "x"}]}}],
    [{"parseKeyValue": {}}, {"substituteString": {"entries": [{"source": "a", "from": "(a+)+$", "to": "$9"}]}}],
    [{"deleteKeys": {"withKeys": ["a"]}}], [{}], [{"parseWAF": {}}],
]  # fmt: skip
PROTECTED = ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"]
PROTECTION = json.dumps(
    {
        "Version": "2021-06-01",
        "Statement": [
            {"DataIdentifier": PROTECTED, "Operation": {"Audit": {"FindingsDestination": {}}}},
            {"DataIdentifier": PROTECTED, "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    }
)
ALLOW = {"Effect": "Allow", "Principal": {"Service": "x.amazonaws.com"}, "Action": "logs:*", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW]})
NAMES: dict[str, list[Any]] = {
    "logGroupName": ["plain", "plain", "rare", "none", "new"],
    "logGroupNames": [["plain"], ["plain", "rare"], ["none"], []],
    "logGroupIdentifier": IDENTIFIERS,
    "logGroupIdentifiers": [[one] for one in IDENTIFIERS],
    "resourceIdentifier": IDENTIFIERS,
    "logStreamName": ["s", "s", "t", "none", "new"],
    "logStreamNames": [["s"], ["s", "t"], ["none"]],
    "logStreamNamePrefix": ["s", "x"],
    "filterName": ["f", "f", "none"],
    "filterPattern": PATTERNS,
    "logEventFilterPattern": PATTERNS,
    "queryString": QUERIES,
    "policyDocument": [
        PROTECTION,
        POLICY,
        "{}",
        "x",
        '{"Fields": ["n"]}',
        '{"Fields": [[]]}',
        json.dumps({"DestinationArn": "x"}),
    ],
    "lookupTableName": ["table", "new"],
    "lookupTableNamePrefix": ["t", "x"],
    "lookupTableArn": [f"{ARN}lookup-table:table", f"{ARN}lookup-table:none", "x"],
    "tableBody": ["n,b\n1,x\n", "n\n\n1,2", '"', "n,n", "\0"],
    "policyName": ["p", "none"],
    "accessPolicy": [POLICY, "x"],
    "destinationName": ["d", "none", "new"],
    "destinationArn": [STREAM, f"{ARN}destination:d", "x", "arn:aws:lambda:us-east-1:000000000000:function:none"],
    "targetArn": [STREAM, "x", "arn:aws:sqs:us-east-1:000000000000:orders"],
    "resourceArn": [f"{ARN}log-group:plain", f"{ARN}destination:d", "x"],
    "destination": ["plain", "none"],
    "retentionInDays": [1, 7, 2, -1],
    "queryLanguage": ["CWLI", "SQL"],
    "scheduleExpression": ["cron(0 * * * ? *)", "cron(x)", "rate(1 hour)"],
    "timezone": ["UTC", "Europe/Madrid", "x"],
    "executionRoleArn": [f"arn:aws:iam::{ACCOUNT}:role/none", "x"],
    "identifier": ["hourly", "none", f"{ARN}scheduled-query:none"],
    "transformerConfig": TRANSFORMERS,
    "kmsKeyId": ["alias/aws/kinesis", "x"],
    "selectionCriteria": ['LogGroupName NOT IN ["plain"]', "x"],
    "tags": [{"a": "b"}, {"aws:x": "y"}, {}],
}


def prime(cloud: Cloud) -> dict[str, list[Any]]:
    cloud.set("logs", "tail-session", 60)
    logs = cloud.client("logs")
    now = int(cloud.clock.now().timestamp() * 1000)
    logs.create_log_group(logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_group(logGroupName="plain")
    tokens = []
    for name in "st":
        logs.create_log_stream(logGroupName="plain", logStreamName=name)
        for number in range(130):
            event = {"timestamp": now - number, "message": json.dumps({"a": {"b": "x"}, "n": number})}
            logs.put_log_events(logGroupName="plain", logStreamName=name, logEvents=[event])
        tokens.append(logs.get_log_events(logGroupName="plain", logStreamName=name)["nextBackwardToken"])
    tokens.append(logs.filter_log_events(logGroupName="plain", limit=1)["nextToken"])
    metric = {"metricName": "m", "metricNamespace": "n", "metricValue": "$.n"}
    logs.put_metric_filter(
        logGroupName="plain", filterName="f", filterPattern="{ $.n > 1 }", metricTransformations=[metric]
    )
    logs.put_destination(destinationName="d", targetArn=STREAM, roleArn=f"arn:aws:iam::{ACCOUNT}:role/none")
    logs.put_resource_policy(policyName="p", policyDocument=POLICY)
    logs.create_lookup_table(lookupTableName="table", tableBody="n,b\n1,x\n")
    logs.put_index_policy(logGroupIdentifier="plain", policyDocument='{"Fields": ["n"]}')
    seconds = now // 1000
    query = logs.start_query(logGroupName="plain", startTime=seconds - 60, endTime=seconds, queryString="limit 1")
    cloud.clock.advance(seconds=1)
    id = query["queryId"]
    pointer = logs.get_query_results(queryId=id)["results"][0][-1]["value"]
    definition = logs.put_query_definition(name="q", queryString="limit 1")["queryDefinitionId"]
    event = {"timestamp": now, "message": '{"_aws": {"Timestamp": 0, "CloudWatchMetrics": [{}]}}'}
    return {
        **NAMES,
        "nextToken": [*tokens, "x", "f/" + "9" * 56 + "/s"],
        "queryId": [id, "x"],
        "queryDefinitionId": [definition, "x"],
        "logRecordPointer": [pointer, "x", "plain:" + "9" * 56],
        "logEvents": [[event], [{"timestamp": 0, "message": "old"}, event], [event, {"timestamp": 1, "message": "x"}]],
        "startTime": [0, seconds - 60, now - 1000],
        "endTime": [seconds, now],
        "metricTransformations": [[metric], [metric | {"defaultValue": 1.0}], [metric | {"metricValue": "$.["}]],
    }
