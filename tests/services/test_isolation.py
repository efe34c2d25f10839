"""The AWS set-up of this machine does not reach the tests, nor what they start."""

from __future__ import annotations

import os

import boto3
import pytest

from services.endpoint import ISOLATED, Endpoint, isolate


def test_variables_of_this_machine_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every AWS variable that was there is gone, and the harmless ones are set."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    isolate(monkeypatch)
    left = {name for name in os.environ if name.startswith("AWS_")}
    assert left == {name for name in ISOLATED if name.startswith("AWS_")}


def test_every_test_here_is_isolated() -> None:
    """A plain boto3 session finds the made-up credentials, without being told."""
    credentials = boto3.Session().get_credentials()
    assert (credentials.access_key, credentials.token) == ("testing", None)


def test_session_leads_to_its_server() -> None:
    """Clients of a server's session go to its URL, with the bucket in the path."""
    server = Endpoint("http://127.0.0.1:9")
    client = server.session().client("s3")
    url = client.generate_presigned_url("get_object", Params={"Bucket": "a-bucket", "Key": "k"})
    assert url.startswith("http://127.0.0.1:9/a-bucket/k?")
    server.close()


def test_environment_leads_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a server's environment a plain session goes to its URL."""
    server = Endpoint("http://127.0.0.1:9", access_key="other")
    isolate(monkeypatch, server.environment())
    client = boto3.Session().client("sqs")
    assert client.meta.endpoint_url == "http://127.0.0.1:9"
    assert client._request_signer._credentials.access_key == "other"
    client.close()
