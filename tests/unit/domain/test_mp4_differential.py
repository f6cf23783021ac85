"""A sample of the differential run; `python -m proofs.mp4.differential` takes thousands of files."""

import av

from proofs.mp4.differential import AGREED, run


def test_what_ffmpeg_decodes_at_4k_is_proven_and_nothing_else() -> None:
    av.logging.set_level(av.logging.PANIC)
    report = run(120, seed=1)

    assert (report.unlisted, report.wrongly_passed) == ([], [])
    assert report.outcomes[AGREED] > 60
