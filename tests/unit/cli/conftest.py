import pytest

from tests.unit.cli.operator import Operator


@pytest.fixture
def operator() -> Operator:
    return Operator()
