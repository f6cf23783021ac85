"""Resources that an account may have before the stack: a key, a bucket, a permissions boundary, a network."""

import json
from typing import Any, NamedTuple

from local.cloud.aws import client

BUCKET = "videos-of-the-account"


class Account(NamedTuple):
    """ARNs and ids as the template's parameters take them."""

    key: str
    boundary: str
    no_table: str
    subnets: str
    groups: str
    bucket: str = BUCKET

    def filled(self, option: dict[str, str]) -> dict[str, str]:
        """Return parameters with the account's values in place of `{field}`."""
        return {name: value.format(**self._asdict()) for name, value in option.items()}


def prepared(endpoint: str) -> Account:
    """Create the resources; `boundary` allows all that the stack needs, `no_table` denies the table."""
    ec2, iam = client(endpoint, "ec2"), client(endpoint, "iam")
    client(endpoint, "s3").create_bucket(Bucket=BUCKET)
    return Account(
        key=client(endpoint, "kms").create_key()["KeyMetadata"]["Arn"],
        boundary=_policy(iam, "boundary"),
        no_table=_policy(iam, "no-table", {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}),
        subnets=",".join(subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]),
        groups=ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"],
    )


def _policy(iam: Any, name: str, *more: dict[str, str]) -> str:
    statements = [{"Effect": "Allow", "Action": "*", "Resource": "*"}, *more]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return str(iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"])
