"""Floor 2: requests to AWS, sent again where that helps.

boto3's own retries stop at a budget that a bad hour uses up, and know nothing of a body that
breaks off; so a request is sent once by it, and this module decides.

Source: AWS General Reference, "Error retries and exponential backoff"; botocore's exceptions.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import Final, TypeVar

from flowparse.errors import FlowparseError

__all__ = ["answer_of", "is_passing", "repeat"]

Answer = TypeVar("Answer")

#: A server that fails three requests in ten fails one part of a million twelve times in a row.
_ATTEMPTS: Final = 12
#: Waits before a second attempt at most, and before any later one.
_FIRST_WAIT_SECONDS: Final = 0.1
_LONGEST_WAIT_SECONDS: Final = 10.0

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


def repeat(ask: Callable[[], Answer], explain: Callable[[Exception, int], Exception]) -> Answer:
    """The answer to a request, at last.

    Parameters
    ----------
    ask : callable
        Sends the request, once.
    explain : callable
        Takes what was raised and how often it was tried; gives what is to be raised.

    Raises
    ------
    Exception
        What `explain` gives, after an error that does not pass, or twelve that may. Errors of
        flowparse's own are raised as they are.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return ask()
        except FlowparseError:
            raise
        except Exception as error:
            if attempt == _ATTEMPTS or not is_passing(error, attempt):
                raise explain(error, attempt) from error
        time.sleep(_wait_seconds(attempt))
    raise AssertionError("unreachable")


def _wait_seconds(attempt: int) -> float:
    """Longer each time, and never the same for two, so that they do not come back together."""
    most = min(_LONGEST_WAIT_SECONDS, float(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1)))
    return most * random.uniform(0.5, 1.0)


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

    code, status = answer_of(error)
    if status:
        return code in _PASSING or status >= _SERVER_ERROR or status == _TOO_MANY
    if isinstance(error, boto.EndpointConnectionError | boto.SSLError | boto.ProxyConnectionError):
        return attempt < _UNREACHABLE_ATTEMPTS
    if type(error).__module__.startswith("obstore"):
        return attempt < _UNREACHABLE_ATTEMPTS or not _UNREACHABLE.search(str(error))
    broken = (boto.HTTPClientError, boto.ResponseStreamingError, boto.IncompleteReadError)
    return isinstance(error, (*broken, boto.ChecksumError, HTTPError, ConnectionError, EOFError))


def answer_of(error: Exception) -> tuple[str, int]:
    """The code and the status that AWS answered with; nothing where there was no answer.

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
