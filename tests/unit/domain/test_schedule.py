import pytest

from veo4k.domain.schedule import HOUR, Times, archive_wait, back_off, poll_wait, relook_wait, unknown_wait

TIMES = Times()


@pytest.mark.parametrize(("lost", "seconds"), [(1, 120), (2, 480), (3, 1920), (4, 7680), (5, 30_720), (6, 12 * HOUR)])
def test_each_lost_response_quadruples_the_wait_up_to_twelve_hours(lost: int, seconds: float) -> None:
    assert unknown_wait(lost, TIMES) == seconds


@pytest.mark.parametrize(
    ("age", "chance", "seconds"),
    [(0, 0, 120), (720, 0, 360), (720, 1, 396), (10 * HOUR, 0, 2 * HOUR), (10 * HOUR, 1, 2 * HOUR)],
)
def test_the_next_poll_comes_after_half_the_jobs_age_within_bounds(age: float, chance: float, seconds: float) -> None:
    assert poll_wait(age, chance, TIMES) == pytest.approx(seconds)


@pytest.mark.parametrize(("files", "seconds"), [(0, 600), (1, 600), (2, 1200), (3, 1800), (9, 1800)])
def test_the_record_is_read_again_ever_later(files: int, seconds: float) -> None:
    assert relook_wait(files, TIMES) == seconds


@pytest.mark.parametrize(("tries", "seconds"), [(1, 60), (2, 120), (5, 960), (9, 4 * HOUR), (50, 4 * HOUR)])
def test_the_archive_waits_twice_as_long_after_each_try_up_to_four_hours(tries: int, seconds: float) -> None:
    assert archive_wait(tries, TIMES) == seconds


@pytest.mark.parametrize(("receives", "seconds"), [(1, 2), (5, 32), (12, HOUR), (50, HOUR)])
def test_a_message_that_cannot_be_stored_backs_off_up_to_an_hour(receives: int, seconds: float) -> None:
    assert back_off(receives) == seconds
