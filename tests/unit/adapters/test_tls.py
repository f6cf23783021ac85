import shutil
import ssl
from pathlib import Path
from typing import Any

import certifi
import pytest

from veo4k.adapters import aws
from veo4k.adapters.kie_session import make_session
from veo4k.adapters.pinned_connection import PinnedConnector
from veo4k.adapters.tls import SharedContext, shared_context


def test_the_context_checks_as_much_as_the_default_context() -> None:
    context, default = shared_context(), ssl.create_default_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.verify_flags & default.verify_flags == default.verify_flags
    assert context.options & default.options == default.options


def test_the_roots_are_read_when_the_context_is_made() -> None:
    assert shared_context.__wrapped__().get_ca_certs()


def test_a_bundle_is_read_once_and_another_one_too(tmp_path: Path) -> None:
    context, bundle = SharedContext(ssl.PROTOCOL_TLS_CLIENT), Path(shutil.copy(certifi.where(), tmp_path))
    assert context.get_ca_certs() == []
    context.load_verify_locations(bundle)
    bundle.unlink()
    context.load_verify_locations(cafile=bundle)
    assert context.get_ca_certs()
    with pytest.raises(FileNotFoundError):
        context.load_verify_locations(tmp_path / "none.pem")


def test_all_connections_share_the_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    aws_pools = aws.client("sqs")._endpoint.http_session._manager
    provider: Any = make_session(1).get_adapter("https://api.kie.ai")
    assert aws_pools.connection_pool_kw["ssl_context"] is shared_context()
    assert provider.poolmanager.connection_pool_kw["ssl_context"] is shared_context()
    assert PinnedConnector().tls is shared_context()
