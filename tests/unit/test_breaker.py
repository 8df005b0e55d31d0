"""Doing without a back end that does not answer."""

import logging
import threading
import time

import pytest

from qis_core.services.breaker import Breaker, BreakerLimits, Unreachable
from qis_core.testing.threads import run_together

RETRY_SECONDS = 0.15


@pytest.fixture
def breaker() -> Breaker:
    return Breaker("cache", BreakerLimits(calls=2, wait_seconds=0.05, retry_seconds=RETRY_SECONDS), (OSError,))


def fail(breaker: Breaker) -> None:
    with pytest.raises(Unreachable, match=r"^cache: lost$"), breaker.calling():
        raise OSError("lost")


def can_call(breaker: Breaker) -> bool:
    try:
        with breaker.calling():
            return True
    except Unreachable:
        return False


def test_fault_is_the_cause(breaker: Breaker) -> None:
    with pytest.raises(Unreachable) as caught, breaker.calling():
        raise ConnectionResetError
    assert isinstance(caught.value.__cause__, ConnectionResetError)
    assert breaker.is_down


def test_other_errors_pass_and_mean_nothing(breaker: Breaker) -> None:
    with pytest.raises(ZeroDivisionError), breaker.calling():
        raise ZeroDivisionError
    assert not breaker.is_down
    assert can_call(breaker)


def test_nobody_calls_for_a_while_after_a_fault(breaker: Breaker) -> None:
    fail(breaker)
    assert not can_call(breaker)
    time.sleep(RETRY_SECONDS + 0.02)
    assert can_call(breaker)
    assert not breaker.is_down
    assert can_call(breaker)


def test_one_tries_again_while_others_go_without(breaker: Breaker) -> None:
    fail(breaker)
    time.sleep(RETRY_SECONDS + 0.02)
    with breaker.calling():
        assert run_together(6, lambda _: can_call(breaker)) == [False] * 6
    assert can_call(breaker)


def test_failed_try_begins_another_pause(breaker: Breaker) -> None:
    fail(breaker)
    time.sleep(RETRY_SECONDS + 0.02)
    fail(breaker)
    assert not can_call(breaker)


def test_no_more_calls_at_once_than_allowed(breaker: Breaker) -> None:
    with breaker.calling(), breaker.calling():
        started = time.monotonic()
        with pytest.raises(Unreachable, match="all 2 connections are in use"), breaker.calling():
            pass
        assert time.monotonic() - started >= 0.04
        assert not breaker.is_down, "busy is not down"
    assert can_call(breaker)


def test_turns_are_given_back_after_faults(breaker: Breaker) -> None:
    for _ in range(5):
        fail(breaker)
        time.sleep(RETRY_SECONDS + 0.02)
    assert can_call(breaker)
    with breaker.calling(), breaker.calling():
        assert not breaker.is_down


def test_who_waited_for_a_turn_hears_of_a_fault_meanwhile() -> None:
    patient = Breaker("cache", BreakerLimits(calls=1, wait_seconds=5, retry_seconds=5), (OSError,))
    heard: list[bool] = []
    waiting = threading.Thread(target=lambda: heard.append(can_call(patient)))
    with pytest.raises(Unreachable), patient.calling():
        _lose(waiting)
    waiting.join(5)
    assert heard == [False]


def test_log_hears_of_it_once_a_minute(breaker: Breaker, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            fail(breaker)
            breaker.complain("something else")
            time.sleep(RETRY_SECONDS + 0.02)
        can_call(breaker)
    assert [record.message for record in caplog.records] == [
        "cache: does not answer (lost); going on without it",
        "cache: answers again",
    ]


def _lose(waiting: threading.Thread) -> None:
    waiting.start()
    time.sleep(0.05)
    raise OSError("lost")
