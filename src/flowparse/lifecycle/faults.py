"""Floor 4: what can be wrong with rules, and with how a bucket takes them."""

from __future__ import annotations

from flowparse.errors import FlowparseError, SourceError
from flowparse.sources.repeating import answer_of

__all__ = ["LifecycleChangedError", "LifecycleError", "LifecycleKeptError", "explain"]


class LifecycleError(FlowparseError, ValueError):
    """A policy says what S3 would refuse, or would carry out in a way that nobody wants.

    Attributes
    ----------
    problems : tuple of str
        All that is wrong; the message has them one behind the other.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class LifecycleChangedError(FlowparseError, OSError):
    """Somebody has changed the bucket's rules since they were read. Nothing of theirs is touched.

    Attributes
    ----------
    bucket : str
    """

    def __init__(self, message: str, *, bucket: str) -> None:
        super().__init__(message)
        self.bucket = bucket


class LifecycleKeptError(FlowparseError, OSError):
    """The server has accepted rules, and kept others: it drops what it does not know.

    Attributes
    ----------
    bucket : str
    restored : bool
        Whether the bucket has the rules again that it had before.
    """

    def __init__(self, message: str, *, bucket: str, restored: bool) -> None:
        super().__init__(message)
        self.bucket = bucket
        self.restored = restored


def explain(error: Exception, bucket: str, doing: str, right: str) -> SourceError:
    """What a service said, as an error that names the right that may be missing.

    Parameters
    ----------
    error : Exception
        Of botocore.
    bucket : str
    doing : str
        Such as `its lifecycle rules cannot be read`.
    right : str
        The action of IAM.
    """
    code, status = answer_of(error)
    what = str(error).strip().splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    if code in ("AccessDenied", "403", "UnauthorizedOperation"):
        what = f"access is denied: the role needs {right}"
    elif code in ("NoSuchBucket", "404"):
        what = "there is no such bucket: check its name, and the endpoint"
    elif status:
        what = f"the server answers {what}"
    return SourceError(f"s3://{bucket}: {doing}: {what}", source=f"s3://{bucket}")
