"""What goes wrong for an operator, each in one line that says what to do."""

from botocore import exceptions as aws
from requests import RequestException

from veo4k.domain.errors import Veo4kError


class OperatorError(Veo4kError):
    """The command cannot be done; the text says why, and what to do."""


EXPECTED = (Veo4kError, aws.BotoCoreError, aws.ClientError, RequestException)
"""Failures that are told in a line; anything else is a bug and shows its traceback."""

_ADVICE: tuple[tuple[type[Exception], str], ...] = (
    (aws.NoCredentialsError, "no AWS credentials: run aws configure or aws sso login, or set AWS_PROFILE"),
    (aws.PartialCredentialsError, "the AWS credentials are incomplete: run aws configure, or set AWS_PROFILE"),
    (aws.NoRegionError, "no AWS region: set AWS_REGION, or give the profile one"),
    (aws.ProfileNotFound, "the AWS profile does not exist: see aws configure list-profiles"),
    (aws.TokenRetrievalError, "the AWS login has expired: run aws sso login"),
    (aws.SSOError, "the AWS login has expired: run aws sso login"),
    (aws.EndpointConnectionError, "AWS is out of reach: is the network up, is the region right?"),
    (aws.ReadTimeoutError, "AWS did not answer in time: check the state before you repeat the command"),
)
_REFUSALS = {
    "AccessDenied": "your AWS credentials may not do this",
    "AccessDeniedException": "your AWS credentials may not do this",
    "AuthorizationError": "your AWS credentials may not do this",  # SNS
    "ExpiredToken": "the AWS credentials have expired: log in again",
    "ExpiredTokenException": "the AWS credentials have expired: log in again",
    "InvalidClientTokenId": "the AWS credentials are not valid: check AWS_PROFILE and aws configure",
    "UnrecognizedClientException": "the AWS credentials are not valid: check AWS_PROFILE and aws configure",
    "ResourceNotFoundException": "it does not exist; was it deleted by hand?",
    "NotFound": "it does not exist; was it deleted by hand?",  # SNS
    "TooManyRequestsException": "Lambda's concurrency or request rate of the account is used up; try again",
}


def in_words(error: Exception) -> str:
    """Tell an expected failure; of other people's only the kind is quoted, as their text may hold a URL."""
    if isinstance(error, Veo4kError):
        return str(error)
    if isinstance(error, aws.ClientError):
        code = error.response.get("Error", {}).get("Code", "ClientError")
        return f"{error.operation_name} was refused: {_REFUSALS.get(code, code)}"
    known = (advice for kind, advice in _ADVICE if isinstance(error, kind))
    return next(known, f"the network request failed ({type(error).__name__}): try again")
