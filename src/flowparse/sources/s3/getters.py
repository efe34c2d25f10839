"""Floor 2: who sends the GETs of a bucket.

obstore does, a client in Rust that takes a sixth of boto3's processor time and none of the
interpreter's lock. What it cannot be told (a proxy or certificates of the configuration,
endpoints of other kinds, access points, requests without a signature, keys that are no paths)
leaves the GETs to boto3, which sends the listings in any case.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, Final, Protocol, TypeAlias

from flowparse.access import Access

__all__ = ["Getter", "Pieces", "make_getter"]

#: Bytes as they came, not joined: a part in one piece would be held twice for a moment.
Pieces: TypeAlias = list[memoryview]

#: boto3 renews credentials when a quarter of an hour is left of them.
_CREDENTIALS_KEPT: Final = timedelta(minutes=5)
_CHUNK_BYTES: Final = 1 << 20
#: Longest answer that is taken as one piece: it is not worth going on from its middle.
_WHOLE_BYTES: Final = 256 << 10
_OTHER_ENDPOINTS: Final = ("use_accelerate_endpoint", "use_dualstack_endpoint")


class Getter(Protocol):
    """Gets what objects hold."""

    def get(self, key: str, begin: int, end: int | None, etag: str | None, got: Pieces) -> bool:
        """Add pieces of an object to `got`, as they come.

        Parameters
        ----------
        key : str
        begin, end : int
            The range; no end is the whole object, from its beginning.
        etag : str or None
            That it must have.
        got : list of memoryview
            Keeps what came, also where the answer breaks off and an error is raised.

        Returns
        -------
        bool
            False: the object has another ETag, and nothing was added.
        """


def make_getter(bucket: str, access: Access, client: Any) -> Getter:
    """Who gets the objects of a bucket.

    Parameters
    ----------
    bucket : str
    access : Access
    client : S3 client of boto3
        Its endpoint and its configuration hold for both.
    """
    other = _Boto3Getter(bucket, access, client)
    if _is_plain(bucket, client, access.open_session()):
        store = _open_store(bucket, access, client)
        if store is not None:
            return _ObstoreGetter(store, other)
    return other


def _is_plain(bucket: str, client: Any, session: Any) -> bool:
    """Whether nothing is asked for that obstore does not do."""
    config = client.meta.config
    s3 = config.s3 or {}
    other = (
        config.proxies,
        config.use_fips_endpoint,
        config.use_dualstack_endpoint,
        client.meta.endpoint_url.startswith("https:") and _has_own_certificates(session),
        bucket.startswith("arn:"),
        s3.get("addressing_style") == "virtual",
        *(s3.get(name) for name in _OTHER_ENDPOINTS),
    )
    is_signed_as_usual = config.signature_version in (None, "s3v4")
    return is_signed_as_usual and not any(other)


def _has_own_certificates(session: Any) -> bool:
    """Whether the environment or the profile names those that servers are to be held against."""
    of_botocore = getattr(session, "_session", None)
    told = of_botocore and of_botocore.get_config_variable("ca_bundle")
    return bool(told or os.environ.get("REQUESTS_CA_BUNDLE"))


def _open_store(bucket: str, access: Access, client: Any) -> Any:
    """A store of obstore; None where it is not installed, or there is nothing to sign with."""
    try:
        from obstore.auth.boto3 import Boto3CredentialProvider
        from obstore.store import S3Store
    except ImportError:
        return None
    session = access.open_session()
    if session.get_credentials() is None:
        return None
    given: dict[str, Any] = {}
    url = str(client.meta.endpoint_url)
    is_aws = ".amazonaws.com" in url
    if is_aws:
        given["region"] = _region_of(bucket, client)
        given["virtual_hosted_style_request"] = "." not in bucket
    else:
        given |= {"endpoint": url, "region": client.meta.region_name}
        given["virtual_hosted_style_request"] = False
    if access.requester_pays:
        given["request_payer"] = True
    options: Any = {"allow_http": url.startswith("http://"), **access.timeouts}
    return S3Store(
        bucket,
        credential_provider=Boto3CredentialProvider(session, ttl=_CREDENTIALS_KEPT),
        client_options=options,
        retry_config={"max_retries": 0},
        **given,
    )


def _region_of(bucket: str, client: Any) -> str:
    """Where a bucket is: S3 says so with every answer about it, a refusal too."""
    from botocore.exceptions import ClientError

    try:
        answer = client.head_bucket(Bucket=bucket)
    except ClientError as error:
        answer = error.response
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("x-amz-bucket-region") or client.meta.region_name)


def _is_nameable(key: str) -> bool:
    """Whether obstore takes this key as it stands: to it, keys are paths."""
    folders = key.split("/")
    return key.isprintable() and not any(folder in ("", ".", "..") for folder in folders)


class _ObstoreGetter:
    def __init__(self, store: Any, other: Getter) -> None:
        import obstore

        self._other = other
        self._ask = obstore.get
        self._store = store

    def get(self, key: str, begin: int, end: int | None, etag: str | None, got: Pieces) -> bool:
        if not _is_nameable(key):
            return self._other.get(key, begin, end, etag, got)
        options: Any = {}
        if etag is not None:
            options["if_match"] = etag
        if end is not None:
            options["range"] = (begin, end)
        answer = self._ask(self._store, key, options=options)
        if etag is not None and (answer.meta["e_tag"] or etag) != etag:
            return False
        first, last = answer.range
        if last - first <= _WHOLE_BYTES:
            got.append(memoryview(answer.bytes()))
        else:
            got.extend(map(memoryview, answer.stream(min_chunk_size=_CHUNK_BYTES)))
        return True


class _Boto3Getter:
    def __init__(self, bucket: str, access: Access, client: Any) -> None:
        self._given = {"Bucket": bucket} | access.payer
        self._ask = client.get_object

    def get(self, key: str, begin: int, end: int | None, etag: str | None, got: Pieces) -> bool:
        asked = {"Key": key, **self._given}
        if etag is not None:
            asked["IfMatch"] = etag
        if end is not None:
            asked["Range"] = f"bytes={begin}-{end - 1}"
        answer = self._ask(**asked)
        body = answer["Body"]
        try:
            if etag is not None and answer.get("ETag", etag) != etag:
                return False
            while piece := body.read(_CHUNK_BYTES):
                got.append(memoryview(piece))
            return True
        finally:
            body.close()
