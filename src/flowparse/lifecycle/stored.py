"""Floor 4: the rules that a bucket has: read whole or not at all, written back, told apart.

S3 has one configuration a bucket, and a write replaces all of it, without a condition: there is
no If-Match. So what others have in it must come back as it was. What boto3 does not know of the
answer it drops without a word; therefore the answer itself is looked at too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree import ElementTree

from flowparse.access import Access
from flowparse.errors import SourceError
from flowparse.lifecycle.faults import explain
from flowparse.lifecycle.rules import Rule, as_s3_takes_it
from flowparse.sources.repeating import answer_of

__all__ = ["Configuration", "Store", "text_of"]

_OPERATION: Final = "GetBucketLifecycleConfiguration"
_ATTEMPTS: Final = 4


@dataclass(frozen=True)
class Configuration:
    """All lifecycle rules of a bucket.

    Attributes
    ----------
    rules : tuple of dict
        As boto3 gives them, in the server's order.
    minimum : str or None
        `TransitionDefaultMinimumObjectSize`; None where the server has none.
    """

    rules: tuple[Rule, ...] = ()
    minimum: str | None = None

    @property
    def fingerprint(self) -> str:
        """The same for the same rules, in whatever order a server lists them."""
        texts = sorted(text_of(rule) for rule in self.rules)
        return hashlib.sha256("\n".join([*texts, self.minimum or ""]).encode()).hexdigest()


def text_of(rule: Rule) -> str:
    """A rule as JSON, a member a line, in an order that does not depend on the server."""
    return json.dumps(rule, indent=2, sort_keys=True, default=_plain, ensure_ascii=False)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    raise TypeError(f"{type(value).__name__} in a rule")


class Store:
    """Reads and writes the rules of one bucket.

    Parameters
    ----------
    bucket : str
    access : Access
    """

    def __init__(self, bucket: str, access: Access) -> None:
        self.bucket = bucket
        self._body = b""
        try:
            self.client = access.client("s3", attempts=_ATTEMPTS)
        except Exception as error:
            raise explain(error, bucket, "cannot be asked", "s3:*") from error
        self.client.meta.events.register(f"before-parse.s3.{_OPERATION}", self._keep_body)

    def _keep_body(self, response_dict: dict[str, Any], **rest: Any) -> None:
        self._body = response_dict["body"]

    def read(self) -> Configuration:
        """What the bucket has.

        Raises
        ------
        SourceError
            It cannot be read, or holds what this version of boto3 would lose.
        """
        doing, right = "its lifecycle rules cannot be read", "s3:GetLifecycleConfiguration"
        try:
            answer = self.client.get_bucket_lifecycle_configuration(Bucket=self.bucket)
        except Exception as error:
            if answer_of(error)[0] == "NoSuchLifecycleConfiguration":
                return Configuration()
            raise explain(error, self.bucket, doing, right) from error
        shape = self.client.meta.service_model.operation_model(_OPERATION).output_shape
        unknown = [*_unknown(ElementTree.fromstring(self._body), shape, "")]
        if unknown:
            raise SourceError(
                f"s3://{self.bucket}: {doing} whole: boto3 does not know {', '.join(unknown)}, "
                "and would drop it from rules that it writes back: upgrade boto3",
                source=f"s3://{self.bucket}",
            )
        minimum = answer.get("TransitionDefaultMinimumObjectSize")
        return Configuration(tuple(answer.get("Rules", ())), minimum)

    def write(self, rules: Sequence[Rule], minimum: str | None) -> None:
        """Replace all rules of the bucket.

        Raises
        ------
        SourceError
            The server refuses, or cannot be reached.
        """
        asked: dict[str, Any] = {"Bucket": self.bucket}
        try:
            if not rules:
                self.client.delete_bucket_lifecycle(**asked)
                return
            if minimum is not None:
                asked["TransitionDefaultMinimumObjectSize"] = minimum
            asked["LifecycleConfiguration"] = {"Rules": [*map(as_s3_takes_it, rules)]}
            self.client.put_bucket_lifecycle_configuration(**asked)
        except Exception as error:
            doing, right = "its lifecycle rules cannot be written", "s3:PutLifecycleConfiguration"
            raise explain(error, self.bucket, doing, right) from error


def _unknown(element: ElementTree.Element, shape: Any, where: str) -> Iterator[str]:
    """The elements of an answer for which a model of boto3 has no member."""
    if shape.type_name == "list":
        shape = shape.member
    if shape.type_name != "structure":
        return
    members = {
        member.serialization.get("name", name): member for name, member in shape.members.items()
    }
    for child in element:
        name = child.tag.rpartition("}")[2]
        if name in members:
            yield from _unknown(child, members[name], f"{where}{name}/")
        else:
            yield f"{where}{name}"
