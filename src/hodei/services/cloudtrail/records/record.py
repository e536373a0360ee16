"""An event as the record that CloudTrail delivers.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from hodei.kernel.ledger.audit import LARGEST, Event, audited, source_of
from hodei.kernel.manifest import manifest
from hodei.protocol.model import OperationModel, load_model
from hodei.services.cloudtrail.records import dynamodb, members, resources, s3
from hodei.services.cloudtrail.records.identity import invoked_by, user_identity

VERSION = "1.11"
LONGEST = 1024  # characters of a userAgent that are kept
MEMBERS = {"params": "requestParameters", "result": "responseElements"}
BY_SHAPE = ("iam", "sts")
Record = dict[str, Any]


def record_of(event: Event, recipient: str) -> Record:
    """The record of an event that an account gets."""
    found: Record = {
        "eventVersion": VERSION,
        "userIdentity": user_identity(event, recipient),
        "eventTime": members.iso(event.at),
        "eventSource": source_of(event.service),
        "eventName": event_name(event),
        "awsRegion": event.region,
        "sourceIPAddress": invoked_by(event) or event.source_ip,
        "userAgent": invoked_by(event) or event.user_agent[:LONGEST],
    }
    if event.error:
        found |= {"errorCode": error_code(event), "errorMessage": event.message}
    found |= {name: _fitting(name, value) for name, value in _contents(event).items()}
    found |= {MEMBERS[name]: _omitted(MEMBERS[name], size) for name, size in event.omitted.items()}
    if not event.service_event:
        found["requestID"] = event.id
    found |= {"eventID": event_id(event, recipient), "readOnly": read_only(event)}
    if event.resources:
        found["resources"] = _resources(event, recipient)
    found |= {
        "eventType": "AwsServiceEvent" if event.service_event else "AwsApiCall",
        **({"apiVersion": dynamodb.VERSION} if event.service == "dynamodb" else {}),
        "managementEvent": not event.data,
        "recipientAccountId": recipient,
    }
    if len(event.recipients) > 1:
        found["sharedEventID"] = _id(event.id)
    if event.service_event and event.service == "kms":
        found["serviceEventDetails"] = _details(event)
    found["eventCategory"] = "Data" if event.data else "Management"
    if event.tls:
        found["tlsDetails"] = {"clientProvidedHostHeader": event.host}
    return found


def _fitting(name: str, value: Any) -> Any:
    """What is larger than CloudTrail's maximum is not told."""
    if not value or (size := len(msgspec.json.encode(value, enc_hook=str))) <= LARGEST:
        return value
    return _omitted(name, size)


def _omitted(name: str, size: int) -> Record:
    return {"omitted": True, "originalSize": size, "reason": f"{name} too large"}


def error_code(event: Event) -> str:
    """Denials are called alike in all services; IAM and STS have the names of exceptions ("NoSuchEntityException")
    instead of what clients get."""
    if event.error == "AccessDeniedException":
        return "AccessDenied"
    shape = _operation(event).service.error_shape(event.error) if event.service in BY_SHAPE else None
    return shape.name if shape else event.error


def event_name(event: Event) -> str:
    names: Mapping[str, str] = manifest(event.service).audit.get("names", {})
    return names.get(event.operation, event.operation)


def event_id(event: Event, recipient: str) -> str:
    return _id(f"{event.id}/{recipient}")


def _id(text: str) -> str:
    """A UUID of version 5: always the same for the same text."""
    raw = hashlib.sha1(f"cloudtrail/{text}".encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(raw[16], 16) % 4]
    return f"{raw[:8]}-{raw[8:12]}-5{raw[13:16]}-{variant}{raw[17:20]}-{raw[20:32]}"


def read_only(event: Event) -> bool:
    return not event.service_event and audited(event.service, event.operation).read_only


def _contents(event: Event) -> Record:
    """What was asked and answered, and what goes beyond that."""
    if event.service_event:
        found: Record = {"requestParameters": None, "responseElements": None}
        return found if event.service == "kms" else found | {"additionalEventData": _details(event)}
    operation = _operation(event)
    if event.service == "s3":
        found = {
            "requestParameters": s3.request_parameters(event, operation),
            "responseElements": s3.response_elements(event, operation),
        }
        extra = s3.additional(event)
        return found | ({"additionalEventData": extra} if extra else {})
    if event.service == "dynamodb" and event.data:
        return {"requestParameters": dynamodb.request_parameters(event, operation), "responseElements": None}
    return {
        "requestParameters": members.worded(event.service, operation.input, event.params),
        "responseElements": members.worded(event.service, operation.output, event.result),
    }


def _details(event: Event) -> Record:
    return dict(event.result or {})


def _operation(event: Event) -> OperationModel:
    return load_model(manifest(event.service).model).operations[event.operation]


def _resources(event: Event, recipient: str) -> list[Record]:
    found = []
    for arn in event.resources:
        account = arn.split(":", 5)[4] or _owner(event, recipient)
        if event.data == s3.OBJECT:
            found += s3.objects(arn, account)
        else:
            named = {"accountId": account if account.isdigit() else "", "type": resources.type_of(arn), "ARN": arn}
            found.append({name: value for name, value in named.items() if value})
    return found


def _owner(event: Event, recipient: str) -> str:
    """Of what has no account in its ARN: the one besides the caller's, if there is another."""
    others = [account for account in event.recipients if account != event.caller.account]
    return others[0] if others else recipient
