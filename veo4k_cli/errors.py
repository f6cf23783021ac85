"""What goes wrong for an operator: what happened, and what to do."""

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError
from requests import RequestException

from veo4k.domain.errors import StorageError, Veo4kError


class OperatorError(Veo4kError):
    """The command cannot be done. The text says why, and what to do."""


EXPECTED = (Veo4kError, aws.BotoCoreError, aws.ClientError, ResponseParserError, RequestException)
"""Errors that are printed as a sentence. Any other error is a bug and shows its traceback."""

_UNUSABLE = "The AWS configuration cannot be used. aws sts get-caller-identity says why."
_ADVICE: tuple[tuple[type[Exception], str], ...] = (
    (aws.NoCredentialsError, "There are no AWS credentials. Run aws configure or aws sso login, or set AWS_PROFILE."),
    (aws.PartialCredentialsError, "The AWS credentials are incomplete. Run aws configure, or set AWS_PROFILE."),
    (aws.NoRegionError, "There is no AWS region. Set AWS_REGION, or give the profile a region."),
    (aws.InvalidRegionError, "AWS_REGION, or the region of the profile, is no name of a region."),
    (aws.MissingDependencyException, "This AWS login needs a library: pipx inject veo4k 'botocore[crt]'."),
    (aws.CredentialRetrievalError, _UNUSABLE),
    (aws.InvalidConfigError, _UNUSABLE),
    (aws.ConfigParseError, _UNUSABLE),
    (aws.ProfileNotFound, "The AWS profile does not exist. aws configure list-profiles shows all profiles."),
    (aws.TokenRetrievalError, "The AWS login has expired. Run aws sso login."),
    (aws.SSOError, "The AWS login has expired. Run aws sso login."),
    (aws.EndpointConnectionError, "AWS cannot be reached. Check the network and the region."),
    (ResponseParserError, "The response is not that of AWS. Check AWS_ENDPOINT_URL and the proxy."),
    (aws.ReadTimeoutError, "AWS did not respond in time. Check the state before you repeat the command."),
)
_NO_RIGHT = "Your AWS credentials lack the right for it."
_EXPIRED = "The AWS credentials have expired. Log in again."
_INVALID = "The AWS credentials are not valid. Check AWS_PROFILE and aws configure."
_MISSING = "The resource does not exist. Was it deleted by hand?"
_REFUSALS = {
    "AccessDenied": _NO_RIGHT,
    "AccessDeniedException": _NO_RIGHT,
    "AuthorizationError": _NO_RIGHT,  # SNS
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "InvalidClientTokenId": _INVALID,
    "UnrecognizedClientException": _INVALID,
    "ResourceNotFoundException": _MISSING,
    "NotFound": _MISSING,  # SNS
    "TooManyRequestsException": "Lambda's concurrency or request rate of the account is used up. Try again.",
}
_BY_NAME = _REFUSALS | {kind.__name__: advice for kind, advice in _ADVICE}
"""Advice by what a StorageError names behind its operation."""


def describe(error: Exception) -> str:
    """Describe an expected error. Of another library's error only the kind is shown: its text may hold a URL."""
    if isinstance(error, StorageError):
        operation, _, kind = str(error).partition(": ")
        return f"{operation} failed. {_BY_NAME[kind]}" if kind in _BY_NAME else str(error)
    if isinstance(error, Veo4kError):
        return str(error)
    if isinstance(error, aws.ClientError):
        code = error.response.get("Error", {}).get("Code", "ClientError")
        return f"AWS refused {error.operation_name}. {_REFUSALS.get(code, f'The code is {code}.')}"
    known = (advice for kind, advice in _ADVICE if isinstance(error, kind))
    return next(known, f"A network request failed ({type(error).__name__}). Try again.")
