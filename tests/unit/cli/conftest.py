import pytest

from tests.unit.cli.operator import Operator

KEYS = {"token": "a-token-key-of-some-length", "webhook": "a-webhook-key-of-some-length"}


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
def with_keys(operator: Operator) -> Operator:
    operator.secrets.values |= KEYS
    return operator
