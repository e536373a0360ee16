"""What services do: for a caller, in their own name, and of themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import ACCOUNT, REGION, Cloud

from .conftest import BUCKET, Records, trail_arn

pytestmark = pytest.mark.feature("cloudtrail.recording")

INTERNAL = "AWS Internal"


def test_kms_tells_for_which_service_it_was_asked(cloud: Cloud, lookup: Records, user: Any, client_of: Any) -> None:
    cloud.client("s3").create_bucket(Bucket="photos")
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3 = client_of("s3", user("ann", "s3:*", "kms:*"))
    put = s3.put_object(Bucket="photos", Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    s3.get_object(Bucket="photos", Key="k")
    (made,), (opened,) = lookup("GenerateDataKey"), lookup("Decrypt")
    for record in (made, opened):
        assert record["userIdentity"]["userName"] == "ann"
        assert record["userIdentity"]["invokedBy"] == "s3.amazonaws.com"
        assert record["sourceIPAddress"] == record["userAgent"] == "s3.amazonaws.com"
        assert record["resources"] == [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key}]
        assert record["requestParameters"]["encryptionContext"] == {"aws:s3:arn": "arn:aws:s3:::photos/k"}
        assert (record["eventSource"], record["readOnly"]) == ("kms.amazonaws.com", True)
        assert record["requestID"] != put["ResponseMetadata"]["RequestId"]


def test_a_service_that_kms_does_not_let_is_recorded_too(
    cloud: Cloud, lookup: Records, user: Any, client_of: Any, refused: Any
) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    secrets = client_of("secretsmanager", user("ann", "secretsmanager:*"))
    with refused("AccessDeniedException"):
        secrets.create_secret(Name="db", SecretString="x", KmsKeyId=key)
    (record,) = lookup("GenerateDataKey")
    assert record["errorCode"] == "AccessDenied"
    assert record["userIdentity"]["invokedBy"] == "secretsmanager.amazonaws.com"


def test_a_service_in_its_own_name(cloud: Cloud, lookup: Records, logging: Any) -> None:
    logging()
    (record,) = lookup("GetBucketAcl")
    assert record["userIdentity"] == {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}
    assert record["sourceIPAddress"] == record["userAgent"] == "cloudtrail.amazonaws.com"
    assert record["requestParameters"]["bucketName"] == BUCKET


def test_what_kms_does_of_itself(cloud: Cloud, lookup: Records) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    cloud.clock.advance(days=91)
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    cloud.clock.advance(days=8)
    (rotated,), (deleted,) = lookup("RotateKey"), lookup("DeleteKey")
    assert rotated["serviceEventDetails"] == {"keyId": key["KeyId"], "rotationType": "AUTOMATIC"}
    assert deleted["serviceEventDetails"] == {"keyId": key["KeyId"]}
    for record in (rotated, deleted):
        assert record["userIdentity"] == {"accountId": ACCOUNT, "invokedBy": INTERNAL}
        assert record["sourceIPAddress"] == record["userAgent"] == INTERNAL
        assert (record["eventType"], record["readOnly"]) == ("AwsServiceEvent", False)
        assert record["resources"] == [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key["Arn"]}]
        assert record["requestParameters"] is None and "requestID" not in record


def test_what_secrets_manager_does_of_itself(cloud: Cloud, lookup: Records) -> None:
    secrets = cloud.client("secretsmanager")
    made = secrets.create_secret(Name="db", SecretString="x")
    told = {"SecretId": made["ARN"], "SecretVersionId": made["VersionId"]}
    secrets.delete_secret(SecretId="db")
    secrets.restore_secret(SecretId="db")
    secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    cloud.clock.advance(days=8)
    counts = {"StartSecretVersionDelete": 2, "CancelSecretVersionDelete": 1, "EndSecretVersionDelete": 1}
    for name, count in counts.items():
        found = lookup(name)
        assert [record["additionalEventData"] for record in found] == [told] * count
        assert found[0]["eventType"] == "AwsServiceEvent"


def test_a_queue_under_a_key(cloud: Cloud, lookup: Records) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="orders", Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hidden")
    sqs.receive_message(QueueUrl=url)
    asked = [record["userIdentity"]["invokedBy"] for name in ("GenerateDataKey", "Decrypt") for record in lookup(name)]
    assert asked and set(asked) == {"sqs.amazonaws.com"}
    assert "hidden" not in json.dumps(lookup("GenerateDataKey"))


def test_data_events_say_nothing_of_what_is_kept(cloud: Cloud, logging: Any, cloudtrail: Any, files: Any) -> None:
    logging()
    selectors = [
        {
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": [kind]},
            ]
        }
        for kind in ("AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::S3::Object")
    ]
    cloudtrail.put_event_selectors(TrailName="main", AdvancedEventSelectors=selectors)
    secret = "the quick brown fox"
    sqs, dynamodb, s3 = (cloud.client(name) for name in ("sqs", "dynamodb", "s3"))
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=secret)
    sqs.receive_message(QueueUrl=url)
    schema = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    dynamodb.create_table(
        TableName="things", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], **schema
    )
    item = {"id": {"S": "1"}, "text": {"S": secret}}
    dynamodb.put_item(TableName="things", Item=item)
    dynamodb.batch_write_item(RequestItems={"things": [{"PutRequest": {"Item": item}}]})
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "things", "Item": item}}])
    dynamodb.execute_statement(Statement=f"SELECT * FROM things WHERE id = '1' AND text = '{secret}'")
    dynamodb.update_item(
        TableName="things",
        Key={"id": {"S": "1"}},
        UpdateExpression="SET #t = :t",
        ExpressionAttributeNames={"#t": "text"},
        ExpressionAttributeValues={":t": {"S": secret}},
        ReturnValues="ALL_NEW",
    )
    s3.create_bucket(Bucket="photos")
    key = b"0123456789abcdef0123456789abcdef"
    s3.put_object(Bucket="photos", Key="k", Body=secret.encode(), SSECustomerAlgorithm="AES256", SSECustomerKey=key)
    cloud.clock.advance(minutes=5)
    records = [record for file in files().values() for record in file["Records"]]
    assert {record["eventCategory"] for record in records} == {"Data"}
    assert {record["eventName"] for record in records} == {
        "SendMessage", "ReceiveMessage", "PutItem", "BatchWriteItem", "TransactWriteItems", "ExecuteStatement",
        "UpdateItem", "PutObject",
    }  # fmt: skip
    assert secret not in json.dumps(records) and "SSECustomerKey" not in json.dumps(records)
    (sent,) = [record for record in records if record["eventName"] == "SendMessage"]
    assert sent["requestParameters"]["messageBody"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    (updated,) = [record for record in records if record["eventName"] == "UpdateItem"]
    assert updated["requestParameters"]["key"] == {"id": "1"}
    (put,) = [record for record in records if record["eventName"] == "PutItem"]
    assert (put["requestParameters"], put["responseElements"]) == (
        {"tableName": "things", "item": ["id", "text"]},
        None,
    )
    (written,) = [record for record in records if record["eventName"] == "TransactWriteItems"]
    parts = {"operation": "Put", "tableName": "things", "items": ["id", "text"]}
    assert written["requestParameters"]["requestItems"] == [parts]
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/things"
    assert updated["resources"] == [{"accountId": ACCOUNT, "type": "AWS::DynamoDB::Table", "ARN": arn}]
    assert trail_arn("main") not in json.dumps(updated)


def test_a_service_that_a_grant_lets_use_a_key(cloud: Cloud, lookup: Records) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    cloud.client("dynamodb").create_table(
        TableName="things",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    (granted,) = lookup("CreateGrant")
    assert granted["userIdentity"]["invokedBy"] == "dynamodb.amazonaws.com"
    assert granted["requestParameters"]["granteePrincipal"] == f"dynamodb.{REGION}.amazonaws.com"
    own = [record["userIdentity"] for name in ("GenerateDataKey", "Decrypt") for record in lookup(name)]
    assert own and all(one == {"type": "AWSService", "invokedBy": "dynamodb.amazonaws.com"} for one in own)


def test_lambda_names_its_first_operations_with_their_versions(lookup: Records, cloud: Cloud) -> None:
    fn = cloud.client("lambda")
    fn.list_functions()
    fn.list_layers()
    fn.list_code_signing_configs()
    with pytest.raises(ClientError, match="ResourceNotFound"):
        fn.get_function(FunctionName="none")
    for name in ("ListFunctions20150331", "ListLayers20181031", "ListCodeSigningConfigs", "GetFunction20150331v2"):
        (record,) = lookup(name)
        assert record["eventSource"] == "lambda.amazonaws.com"
