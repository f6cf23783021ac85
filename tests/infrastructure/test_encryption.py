"""One key for everything that is stored, where `KmsKeyArn` names one; else the key of each service."""

import pytest

from tests.infrastructure.stack import Resources, Template, of_type, properties

NO_VALUE = {"Ref": "AWS::NoValue"}
OWN_KEY = {"Fn::If": ["HasKmsKey", {"Ref": "KmsKeyArn"}, NO_VALUE]}


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("AWS::SQS::Queue", "KmsMasterKeyId"),
        ("AWS::SecretsManager::Secret", "KmsKeyId"),
        ("AWS::Logs::LogGroup", "KmsKeyId"),
    ],
)
def test_queues_secrets_and_logs_take_the_key(resources: Resources, kind: str, named: str) -> None:
    found = of_type(resources, kind)
    assert {name: store.get(named) for name, store in found.items()} == dict.fromkeys(found, OWN_KEY)
    assert found


def test_the_table_takes_the_key(resources: Resources) -> None:
    own = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "KmsKeyArn"}}
    assert properties(resources, "JobTable")["SSESpecification"] == {"Fn::If": ["HasKmsKey", own, NO_VALUE]}


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
    queues = of_type(resources, "AWS::SQS::Queue")
    by_service = {"Fn::If": ["HasKmsKey", NO_VALUE, True]}
    assert queues
    assert {name: it["SqsManagedSseEnabled"] for name, it in queues.items()} == dict.fromkeys(queues, by_service)


def test_the_bus_keeps_the_key_of_its_service(resources: Resources) -> None:
    """EventBridge loses events that it cannot encrypt after it has accepted them."""
    assert "KmsKeyIdentifier" not in properties(resources, "EventBus")


def test_an_alias_is_refused_because_permissions_are_not_given_on_it(template: Template) -> None:
    assert "alias" in template["Parameters"]["KmsKeyArn"]["ConstraintDescription"]
    assert ":key/" in template["Parameters"]["KmsKeyArn"]["AllowedPattern"]
