"""What tests know of a server that speaks AWS's protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from flowparse.aws import Access

REGION = "us-east-1"


@dataclass(frozen=True)
class Endpoint:
    """Its address, and credentials that it takes."""

    url: str
    access_key: str = "testing"
    secret_key: str = "testing"

    def session(self, **changed: str) -> boto3.Session:
        """A session of the user that the server knows."""
        keys = {"aws_access_key_id": self.access_key, "aws_secret_access_key": self.secret_key}
        return boto3.Session(region_name=REGION, **(keys | changed))

    def client(self, service: str = "s3") -> Any:
        """A client of boto3, to prepare what is tested."""
        config = Config(s3={"addressing_style": "path"})
        return self.session().client(service, endpoint_url=self.url, config=config)

    def access(self, **options: Any) -> Access:
        """What flowparse takes as `session=`."""
        session = options.pop("session", None) or self.session()
        return Access(session, endpoint_url=options.pop("endpoint_url", self.url), **options)
