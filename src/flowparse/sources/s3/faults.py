"""Floor 2: what S3 and the way there say is wrong, in words that help.

Source: Amazon S3 API Reference, "Error responses"; botocore's exceptions.
"""

from __future__ import annotations

from typing import Final

from flowparse.errors import SourceError
from flowparse.sources.repeating import answer_of

__all__ = ["changed_error", "explain_error"]

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
    code, status = answer_of(error)
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


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
