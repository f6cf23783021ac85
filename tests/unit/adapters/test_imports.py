import gc

import pytest

from veo4k.adapters.imports import uncollected


def test_the_collector_rests_while_something_is_imported_and_never_looks_at_it_again() -> None:
    before = gc.get_freeze_count()
    with uncollected():
        assert not gc.isenabled()
        imported = [[number] for number in range(1000)]

    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(imported)
    gc.unfreeze()


def test_an_import_that_fails_leaves_the_collector_on() -> None:
    with pytest.raises(ImportError), uncollected():
        raise ImportError

    assert gc.isenabled()
    gc.unfreeze()
