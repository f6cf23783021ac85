"""One key for everything that is stored, where `KmsKeyArn` names one; else the key of each service."""

from typing import Any

import pytest

from tests.infrastructure.stack import Resources, of_type, properties

NO_VALUE = {"Ref": "AWS::NoValue"}
OWN_KEY = {"Fn::If": ["HasKmsKey", {"Ref": "KmsKeyArn"}, NO_VALUE]}

STORES = {
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
    "AWS::Logs::LogGroup": "KmsKeyId",
}


@pytest.mark.parametrize(("kind", "named"), STORES.items())
def test_whatever_keeps_something_takes_the_key(resources: Resources, kind: str, named: str) -> None:
    found = of_type(resources, kind)
    assert {name: store.get(named) for name, store in found.items()} == dict.fromkeys(found, OWN_KEY)
    assert found


def test_bus_and_functions_keep_the_keys_of_their_services(resources: Resources) -> None:
    """EventBridge loses events that it cannot encrypt after it has accepted them; settings hold no secrets."""
    assert "KmsKeyIdentifier" not in properties(resources, "EventBus")
    assert not [n for n, function in of_type(resources, "AWS::Lambda::Function").items() if "KmsKeyArn" in function]


def test_the_table_takes_the_key(resources: Resources) -> None:
    assert properties(resources, "JobTable")["SSESpecification"] == {
        "Fn::If": [
            "HasKmsKey",
            {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "KmsKeyArn"}},
            NO_VALUE,
        ]
    }


def test_the_bucket_uses_the_key_and_a_bucket_key_for_many_objects(resources: Resources) -> None:
    [rule] = properties(resources, "ArchiveBucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {
        "ServerSideEncryptionByDefault": {
            "SSEAlgorithm": {"Fn::If": ["HasKmsKey", "aws:kms", "AES256"]},
            "KMSMasterKeyID": OWN_KEY,
        },
        "BucketKeyEnabled": {"Fn::If": ["HasKmsKey", True, NO_VALUE]},
    }


def test_without_a_key_the_queues_are_encrypted_by_their_service(resources: Resources) -> None:
    for queue in of_type(resources, "AWS::SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["HasKmsKey", NO_VALUE, True]}


def test_an_alias_is_refused_because_permissions_are_not_given_on_it(template: dict[str, Any]) -> None:
    assert "alias" in template["Parameters"]["KmsKeyArn"]["ConstraintDescription"]
    assert ":key/" in template["Parameters"]["KmsKeyArn"]["AllowedPattern"]
