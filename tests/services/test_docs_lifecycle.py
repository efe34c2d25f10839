"""The examples of the page on lifecycle rules run, on a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs/lifecycle.md"


@pytest.mark.skipif(not PAGE.is_file(), reason="docs are not beside these tests")
def test_the_page_on_lifecycle_rules_runs(
    moto: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each example prints what the page says, in a bucket with flow logs and another's rule."""
    client = moto.client("s3")
    moto.reset()
    client.create_bucket(Bucket="flow-logs")
    key = "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/11/01/a.log.gz"
    client.put_object(Bucket="flow-logs", Key=key, Body=b"")
    rule = {"ID": "clean up", "Prefix": "tmp/", "Status": "Enabled", "Expiration": {"Days": 3}}
    client.put_bucket_lifecycle_configuration(
        Bucket="flow-logs", LifecycleConfiguration={"Rules": [rule]}
    )
    for name, value in moto.environment().items():
        monkeypatch.setenv(name, value)
    namespace: dict[str, Any] = {}
    blocks = PAGE.read_text().split("```")
    examples = [block for block in blocks if block.startswith(("python\n", "text\n"))]
    assert len(examples) == 6
    for code, shown in zip(examples[::2], examples[1::2], strict=True):
        exec(code.removeprefix("python\n"), namespace)
        assert capsys.readouterr().out.strip() == shown.removeprefix("text\n").strip()
