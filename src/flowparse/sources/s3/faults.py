"""Floor 2: what S3 and the way there say is wrong, in words that help.

Source: Amazon S3 API Reference, "Error responses"; botocore's exceptions.
"""

from __future__ import annotations

import re
from typing import Final

from flowparse.errors import SourceError

__all__ = ["changed_error", "explain_error", "is_passing"]

_PASSING: Final = frozenset(
    "InternalError InternalServerError OperationAborted RequestTimeout ServiceUnavailable "
    "SlowDown Throttling ThrottlingException ThrottledException RequestThrottled "
    "RequestThrottledException RequestLimitExceeded TooManyRequestsException "
    "BandwidthLimitExceeded ProvisionedThroughputExceededException".split()
)
#: In the text of an error of obstore.
_STATUS: Final = re.compile(r"status code: ([1-5][0-9]{2})")
_CODE: Final = re.compile(r"<Code>([A-Za-z0-9.]+)</Code>")
_UNREACHABLE: Final = re.compile(r"refused|dns error|certificate", re.IGNORECASE)
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429
#: Nobody listens, or the name is unknown: that is mostly a wrong endpoint.
_UNREACHABLE_ATTEMPTS: Final = 4

_RENEW: Final = "renew them (`aws sso login`, or a new role session) and read again"
_ADVICE: Final = {
    "NoSuchBucket": "there is no such bucket: check its name, and the endpoint",
    "NoSuchKey": "the object is gone since it was listed: a lifecycle rule may have removed it",
    "AccessDenied": "access is denied: {action}",
    "AllAccessDisabled": "access is denied: {action}",
    "ExpiredToken": f"the credentials have expired: {_RENEW}",
    "ExpiredTokenException": f"the credentials have expired: {_RENEW}",
    "TokenRefreshRequired": f"the credentials have expired: {_RENEW}",
    "InvalidToken": f"the session token is not valid: {_RENEW}",
    "InvalidAccessKeyId": "the access key is unknown: check the profile and the AWS_* variables",
    "SignatureDoesNotMatch": "the secret key is wrong: check the profile and the AWS_* variables",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it",
    "InvalidObjectState": "the object is archived: restore it first, or filter it out by time",
    "PreconditionFailed": "the object changed since it was listed: read it again",
    "InvalidRange": "the object changed since it was listed: read it again",
    "PermanentRedirect": "the bucket is in another region: pass Access(region=...)",
    "AuthorizationHeaderMalformed": "the bucket is in another region: pass Access(region=...)",
    "IllegalLocationConstraintException": "the bucket is in another region: pass "
    "Access(region=...)",
    "InvalidBucketName": "no bucket can have this name",
    "KMS.DisabledException": "its KMS key is disabled",
}
#: Codes of answers without a body, which have only a status.
_BY_STATUS: Final = {"403": "AccessDenied", "404": "NoSuchKey", "412": "PreconditionFailed"}
_RIGHTS: Final = {
    True: "the role needs s3:ListBucket on the bucket",
    False: "the role needs s3:GetObject on the object, and kms:Decrypt where it is encrypted "
    "with a key of KMS; a bucket of others may want requester_pays",
}


def changed_error(where: str) -> SourceError:
    """An object is no longer the one that was listed."""
    return SourceError(f"{where}: cannot be read: {_ADVICE['PreconditionFailed']}", source=where)


def is_passing(error: Exception, attempt: int) -> bool:
    """Whether the same request may succeed a little later.

    Parameters
    ----------
    error : Exception
        What boto3 raised, or reading the body.
    attempt : int
        How often it was sent, from 1.
    """
    from botocore import exceptions as boto  # here, because whoever reads files needs none of it
    from urllib3.exceptions import HTTPError

    code, status = _answer_of(error)
    if status:
        return code in _PASSING or status >= _SERVER_ERROR or status == _TOO_MANY
    if isinstance(error, boto.EndpointConnectionError | boto.SSLError | boto.ProxyConnectionError):
        return attempt < _UNREACHABLE_ATTEMPTS
    if type(error).__module__.startswith("obstore"):
        return attempt < _UNREACHABLE_ATTEMPTS or not _UNREACHABLE.search(str(error))
    broken = (boto.HTTPClientError, boto.ResponseStreamingError, boto.IncompleteReadError)
    return isinstance(error, (*broken, boto.ChecksumError, HTTPError, ConnectionError, EOFError))


def explain_error(error: Exception, where: str, attempts: int, *, listing: bool) -> SourceError:
    """What is wrong with an object or a listing, and what to do.

    Parameters
    ----------
    error : Exception
    where : str
        Address of the object or the prefix.
    attempts : int
        How often it was tried.
    listing : bool
        Whether it is a listing.
    """
    from botocore import exceptions as boto

    what = _first_line(error)
    code, status = _answer_of(error)
    if status:
        code = _BY_STATUS.get(code, code)
        advice = _ADVICE.get(code, "").format(action=_RIGHTS[listing])
        what = f"{advice} ({code})" if advice else f"S3 answers {code}: {what}"
    elif isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        what = (
            "no AWS credentials found: set AWS_PROFILE or the AWS_* variables, or pass "
            "session=boto3.Session(...)"
        )
    elif isinstance(error, boto.ProfileNotFound | boto.NoRegionError):
        what = f"{what}: check the AWS configuration, or pass session="
    elif isinstance(error, boto.EndpointConnectionError):
        what = f"{what}: check the endpoint, the region and the network"
    tried = f", tried {attempts} times" if attempts > 1 else ""
    verb = "cannot be listed" if listing else "cannot be read"
    return SourceError(f"{where}: {verb}: {what}{tried}", source=where)


def _answer_of(error: Exception) -> tuple[str, int]:
    """The code and the status that S3 answered with; nothing where there was no answer.

    obstore has both in its text alone: the answer is in it, below the status.
    """
    answer = getattr(error, "response", None)
    if isinstance(answer, dict):
        status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        code = str(answer.get("Error", {}).get("Code", ""))
        return code, status or int(bool(code))
    said = _STATUS.search(str(error))
    if said is None:
        return "", 0
    told = _CODE.search(str(error))
    return told[1] if told else said[1], int(said[1])


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
