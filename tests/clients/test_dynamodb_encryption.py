"""Items that are encrypted before they are sent: the DynamoDB Encryption Client for Python, and the key store of the
AWS Cryptographic Material Providers, on which the AWS Database Encryption SDK stands. Both make data keys with KMS.

The AWS Database Encryption SDK, as the former is called now, has no release for Python yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from boto3.dynamodb.types import Binary

from hostile.process import Process

pytest.importorskip("dynamodb_encryption_sdk")
pytest.importorskip("aws_cryptographic_material_providers")

import aws_encryption_sdk
from aws_cryptographic_material_providers.keystore import models as keys
from aws_cryptographic_material_providers.keystore.client import KeyStore
from aws_cryptographic_material_providers.keystore.config import KeyStoreConfig
from aws_cryptographic_material_providers.keystore.errors import ComAmazonawsKms
from aws_cryptographic_material_providers.mpl.client import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import CreateAwsKmsHierarchicalKeyringInput
from dynamodb_encryption_sdk.encrypted.client import EncryptedClient
from dynamodb_encryption_sdk.encrypted.resource import EncryptedResource
from dynamodb_encryption_sdk.encrypted.table import EncryptedTable
from dynamodb_encryption_sdk.exceptions import (
    DynamodbEncryptionSdkError,
    NoKnownVersionError,
    SignatureVerificationError,
    UnwrappingError,
)
from dynamodb_encryption_sdk.identifiers import CryptoAction
from dynamodb_encryption_sdk.material_providers.aws_kms import AwsKmsCryptographicMaterialsProvider
from dynamodb_encryption_sdk.material_providers.most_recent import CachingMostRecentProvider
from dynamodb_encryption_sdk.material_providers.store.meta import MetaStore
from dynamodb_encryption_sdk.structures import AttributeActions

from .conftest import ACCOUNT

pytestmark = pytest.mark.feature("dynamodb.encryption-client")

Connect = Callable[..., Any]

SECRET = "what only the client knows"
ITEM = {"tenant": "7", "order": 1, "card": SECRET, "scan": Binary(b"\x00\xff"), "tags": {"a", "b"}, "state": "open"}
KEY = {"tenant": "7", "order": 1}
TENANT, CONTEXT = "tenant-7", {"tenant": "7"}
ACTIONS = AttributeActions(
    default_action=CryptoAction.ENCRYPT_AND_SIGN, attribute_actions={"state": CryptoAction.DO_NOTHING}
)


@pytest.fixture(autouse=True)
def environment(server: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDKs make clients of their own, by the environment."""
    for name, value in (
        ("AWS_ENDPOINT_URL", server.url),
        ("AWS_ACCESS_KEY_ID", ACCOUNT),
        ("AWS_SECRET_ACCESS_KEY", "any"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)


@pytest.fixture
def kms(connect: Connect) -> Any:
    return connect("kms")


@pytest.fixture
def key(kms: Any) -> str:
    """The ARN of a customer's key."""
    return str(kms.create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def table(connect: Connect) -> Iterator[Any]:
    """An empty table, as a resource that encrypts nothing."""
    name = f"orders-{uuid4().hex}"
    dynamodb = connect("dynamodb")
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "tenant", "AttributeType": "S"},
            {"AttributeName": "order", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "tenant", "KeyType": "HASH"},
            {"AttributeName": "order", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    yield boto3.resource("dynamodb").Table(name)
    dynamodb.delete_table(TableName=name)


def encrypted(table: Any, key: str) -> EncryptedTable:
    provider = AwsKmsCryptographicMaterialsProvider(key_id=key)
    return EncryptedTable(table=table, materials_provider=provider, attribute_actions=ACTIONS)


def test_items_are_ciphertext_to_all_but_the_client(table: Any, key: str) -> None:
    client = encrypted(table, key)
    client.put_item(Item=ITEM)
    raw = table.get_item(Key=KEY)["Item"]
    assert (raw["tenant"], raw["order"], raw["state"]) == ("7", 1, "open")
    assert {"*amzn-ddb-map-sig*", "*amzn-ddb-map-desc*"} <= raw.keys()
    assert all(isinstance(raw[name], Binary) and SECRET.encode() not in raw[name].value for name in ("card", "tags"))
    assert client.get_item(Key=KEY)["Item"] == ITEM
    assert [*client.query(KeyConditionExpression=boto3.dynamodb.conditions.Key("tenant").eq("7"))["Items"]] == [ITEM]


@pytest.mark.parametrize("attribute", ["card", "*amzn-ddb-map-sig*"])
def test_a_tampered_item_is_refused(table: Any, key: str, attribute: str) -> None:
    client = encrypted(table, key)
    client.put_item(Item=ITEM)
    raw = table.get_item(Key=KEY)["Item"]
    content = bytearray(raw[attribute].value)
    content[-1] ^= 1
    table.update_item(
        Key=KEY,
        UpdateExpression="SET #attribute = :content",
        ExpressionAttributeNames={"#attribute": attribute},
        ExpressionAttributeValues={":content": Binary(bytes(content))},
    )
    with pytest.raises(SignatureVerificationError):
        client.get_item(Key=KEY)


def test_an_item_moved_to_another_key_is_refused(table: Any, key: str) -> None:
    """The primary key is signed, and part of the encryption context that KMS binds the data key to."""
    client = encrypted(table, key)
    client.put_item(Item=ITEM)
    table.put_item(Item={**table.get_item(Key=KEY)["Item"], "tenant": "8"})
    with pytest.raises(DynamodbEncryptionSdkError):
        client.get_item(Key={**KEY, "tenant": "8"})


def test_without_the_kms_key_there_is_nothing_to_read(table: Any, key: str, kms: Any) -> None:
    client = encrypted(table, key)
    client.put_item(Item=ITEM)
    kms.disable_key(KeyId=key)
    with pytest.raises(UnwrappingError):
        client.get_item(Key=KEY)
    kms.enable_key(KeyId=key)
    kms.rotate_key_on_demand(KeyId=key)
    assert client.get_item(Key=KEY)["Item"] == ITEM


def test_batches_and_pages(table: Any, key: str) -> None:
    provider = AwsKmsCryptographicMaterialsProvider(key_id=key)
    resource = EncryptedResource(
        resource=boto3.resource("dynamodb"), materials_provider=provider, attribute_actions=ACTIONS
    )
    written = [{**ITEM, "order": number, "card": f"{SECRET} {number}"} for number in range(10)]
    requests = [{"PutRequest": {"Item": item}} for item in written]
    assert not resource.batch_write_item(RequestItems={table.name: requests})["UnprocessedItems"]
    client = EncryptedClient(
        client=resource.meta.client,
        materials_provider=provider,
        attribute_actions=ACTIONS,
        expect_standard_dictionaries=True,
    )
    wanted = [{"tenant": "7", "order": number} for number in (3, 4)]
    found = client.batch_get_item(RequestItems={table.name: {"Keys": wanted}})["Responses"][table.name]
    assert sorted(item["card"] for item in found) == [f"{SECRET} 3", f"{SECRET} 4"]
    pages = client.get_paginator("scan").paginate(TableName=table.name, PaginationConfig={"PageSize": 3})
    assert [item["card"] for page in pages for item in page["Items"]] == [item["card"] for item in written]


def test_keys_of_a_store_in_another_table(table: Any, key: str, connect: Connect) -> None:
    """The most recent provider wraps items under versions of a key that lie in a table, themselves under KMS."""
    name = f"keys-{uuid4().hex}"
    MetaStore.create_table(connect("dynamodb"), name, 5, 5)
    store = MetaStore(
        table=boto3.resource("dynamodb").Table(name),
        materials_provider=AwsKmsCryptographicMaterialsProvider(key_id=key),
    )
    with pytest.raises(NoKnownVersionError):
        store.max_version("orders")
    provider = CachingMostRecentProvider(provider_store=store, material_name="orders", version_ttl=0.0)
    client = EncryptedTable(table=table, materials_provider=provider, attribute_actions=ACTIONS)
    client.put_item(Item=ITEM)
    assert store.max_version("orders") == 0
    store.get_or_create_provider("orders", 1)
    provider.refresh()
    client.put_item(Item={**ITEM, "order": 2})
    assert [client.get_item(Key={**KEY, "order": number})["Item"]["card"] for number in (1, 2)] == [SECRET, SECRET]


@pytest.fixture
def store(kms: Any, key: str, connect: Connect) -> Any:
    """A key store with one branch key."""
    dynamodb, name = connect("dynamodb"), f"branches-{uuid4().hex}"
    configured = KeyStoreConfig(
        ddb_table_name=name,
        logical_key_store_name=name,
        kms_configuration=keys.KMSConfigurationKmsKeyArn(key),
        ddb_client=dynamodb,
        kms_client=kms,
    )
    store = KeyStore(config=configured)
    store.create_key_store(keys.CreateKeyStoreInput())
    store.create_key(keys.CreateKeyInput(branch_key_identifier=TENANT, encryption_context={"tenant": "7"}))
    return store


def active(store: Any) -> Any:
    return store.get_active_branch_key(keys.GetActiveBranchKeyInput(branch_key_identifier=TENANT)).branch_key_materials


def test_branch_keys_and_beacon_keys(store: Any, kms: Any, key: str, connect: Connect) -> None:
    first = active(store)
    beacon = store.get_beacon_key(keys.GetBeaconKeyInput(branch_key_identifier=TENANT)).beacon_key_materials
    assert len(first.branch_key) == len(beacon.beacon_key) == 32
    assert first.encryption_context == {"tenant": "7"}
    store.version_key(keys.VersionKeyInput(branch_key_identifier=TENANT))
    assert active(store).branch_key != first.branch_key
    older = keys.GetBranchKeyVersionInput(branch_key_identifier=TENANT, branch_key_version=first.branch_key_version)
    assert store.get_branch_key_version(older).branch_key_materials.branch_key == first.branch_key
    rows = connect("dynamodb").scan(TableName=store.get_key_store_info(None).key_store_name)["Items"]
    assert len(rows) == 4  # two versions, the active one, the beacon key
    assert not any(first.branch_key in row["enc"]["B"] for row in rows)
    kms.disable_key(KeyId=key)
    with pytest.raises(ComAmazonawsKms):
        active(store)


def test_the_hierarchical_keyring(store: Any, table: Any, kms: Any) -> None:
    """Data keys come from branch keys: KMS is asked once for many items, whose content lies in the table."""
    asked: list[str] = []
    kms.meta.events.register("before-call.kms", lambda model, **_: asked.append(model.name))
    providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
    keyring = providers.create_aws_kms_hierarchical_keyring(
        CreateAwsKmsHierarchicalKeyringInput(key_store=store, branch_key_id=TENANT, ttl_seconds=600)
    )
    client = aws_encryption_sdk.EncryptionSDKClient()
    for number in range(5):
        sealed, _ = client.encrypt(source=f"{SECRET} {number}", keyring=keyring, encryption_context=CONTEXT)
        table.put_item(Item={"tenant": "7", "order": number, "sealed": Binary(sealed)})
    assert len(asked) == 1
    store.version_key(keys.VersionKeyInput(branch_key_identifier=TENANT))
    fresh = providers.create_aws_kms_hierarchical_keyring(
        CreateAwsKmsHierarchicalKeyringInput(key_store=store, branch_key_id=TENANT, ttl_seconds=600)
    )
    for item in table.scan()["Items"]:
        opened, _ = client.decrypt(source=item["sealed"].value, keyring=fresh, encryption_context=CONTEXT)
        assert opened.decode() == f"{SECRET} {item['order']}"
