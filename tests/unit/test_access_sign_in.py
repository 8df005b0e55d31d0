"""The guards of the door: back-off, memory of good credentials, a few checks at once."""

import threading
from dataclasses import dataclass

import pytest

from qis_core.errors import Busy, Unavailable
from qis_core.services.sign_in import Backoff, Door, Gate, RecentSignIns, Recognised, network_of

HERE, THERE = "192.0.2.1", "198.51.100.7"
ALICE = Recognised(7, "passwords")


@dataclass
class FakeClock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def backoff(clock: FakeClock) -> Backoff:
    return Backoff(clock)


def wait_of(backoff: Backoff, username: str, address: str) -> int:
    try:
        backoff.check(username, address)
    except Unavailable as error:
        return error.retry_after_seconds
    return 0


def fail(backoff: Backoff, times: int, username: str = "alice", address: str = HERE) -> None:
    for _ in range(times):
        backoff.failed(username, address)


class TestBackoff:
    def test_a_few_mistakes_are_free(self, backoff: Backoff) -> None:
        fail(backoff, 4)
        assert wait_of(backoff, "alice", HERE) == 0

    def test_waits_double_up_to_five_minutes(self, backoff: Backoff, clock: FakeClock) -> None:
        waits = []
        fail(backoff, 4)
        for _ in range(11):
            fail(backoff, 1)
            waits.append(wait_of(backoff, "alice", HERE) - 1)
        assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]

    def test_wait_ends(self, backoff: Backoff, clock: FakeClock) -> None:
        fail(backoff, 6)
        assert wait_of(backoff, "alice", HERE) == 3
        clock.now += 2
        assert wait_of(backoff, "alice", HERE) == 0

    def test_name_is_the_same_in_any_case(self, backoff: Backoff) -> None:
        fail(backoff, 3, "Alice")
        fail(backoff, 3, "ALICE")
        assert wait_of(backoff, "alice", HERE) > 0

    def test_other_addresses_and_accounts_go_on(self, backoff: Backoff) -> None:
        fail(backoff, 20)
        assert (wait_of(backoff, "alice", THERE), wait_of(backoff, "bob", HERE)) == (0, 0)

    def test_guessing_through_many_names_is_slowed_down(self, backoff: Backoff) -> None:
        for number in range(110):
            fail(backoff, 1, f"user {number}")
        assert wait_of(backoff, "yet another", HERE) > 20
        assert wait_of(backoff, "yet another", THERE) == 0

    def test_strangers_cannot_lock_an_account_for_long(self, backoff: Backoff) -> None:
        for number in range(2000):
            fail(backoff, 1, "alice", f"10.0.{number // 250}.{number % 250}")
        assert 0 < wait_of(backoff, "alice", HERE) <= 6

    def test_an_ipv6_network_is_one_address(self, backoff: Backoff) -> None:
        for number in range(110):
            fail(backoff, 1, f"user {number}", f"2001:db8:1:2::{number:x}")
        assert wait_of(backoff, "another", "2001:db8:1:2:ffff::1") > 0
        assert wait_of(backoff, "another", "2001:db8:1:3::1") == 0

    def test_success_forgives_the_account_here_only(self, backoff: Backoff) -> None:
        for number in range(110):
            fail(backoff, 1, f"user {number}")
        fail(backoff, 10)
        backoff.succeeded("Alice", HERE)
        assert wait_of(backoff, "alice", HERE) > 20, "the address itself is not forgiven"
        fail(backoff, 10, address=THERE)
        backoff.succeeded("alice", THERE)
        assert wait_of(backoff, "alice", THERE) == 0

    def test_failures_are_forgotten_after_a_quarter_of_an_hour(self, backoff: Backoff, clock: FakeClock) -> None:
        fail(backoff, 20)
        clock.now += 901
        fail(backoff, 4)
        assert wait_of(backoff, "alice", HERE) == 0

    def test_memory_is_bounded_and_keeps_the_attacker(self, backoff: Backoff) -> None:
        for number in range(15_000):
            fail(backoff, 1, f"user {number}")
        assert len(backoff._failures) == 10_000
        assert wait_of(backoff, "fresh name", HERE) > 20


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::1", "::/64"),
        ("", ""),
        ("unix socket", "unix socket"),
        ("x" * 5000, "x" * 100),
    ],
)
def test_network_of(address: str, network: str) -> None:
    assert network_of(address) == network


class TestRecentSignIns:
    @pytest.fixture
    def recent(self, clock: FakeClock) -> RecentSignIns:
        return RecentSignIns(ttl_seconds=60, clock=clock)

    def test_remembers_for_a_minute(self, recent: RecentSignIns, clock: FakeClock) -> None:
        recent.remember("alice", "secret", user=ALICE, epoch=recent.epoch)
        clock.now += 59.9
        assert recent.find("ALICE", "secret") == ALICE
        clock.now += 0.1
        assert recent.find("alice", "secret") is None

    @pytest.mark.parametrize("other", [("alice", "Secret"), ("alices", "ecret"), ("alic", "esecret"), ("alice", "")])
    def test_other_credentials_are_unknown(self, recent: RecentSignIns, other: tuple[str, str]) -> None:
        recent.remember("alice", "secret", user=ALICE, epoch=recent.epoch)
        assert recent.find(*other) is None

    def test_clear_forgets(self, recent: RecentSignIns) -> None:
        recent.remember("alice", "secret", user=ALICE, epoch=recent.epoch)
        recent.clear()
        assert recent.find("alice", "secret") is None

    def test_a_check_that_began_before_a_change_is_not_remembered(self, recent: RecentSignIns) -> None:
        epoch = recent.epoch
        recent.clear()
        recent.remember("alice", "old password", user=ALICE, epoch=epoch)
        assert recent.find("alice", "old password") is None

    def test_passwords_are_nowhere_in_memory(self, recent: RecentSignIns) -> None:
        recent.remember("alice", "secret", user=ALICE, epoch=recent.epoch)
        assert "secret" not in repr(vars(recent))

    def test_memory_is_bounded(self, recent: RecentSignIns) -> None:
        for number in range(10_500):
            recent.remember("alice", f"password {number}", user=ALICE, epoch=recent.epoch)
        assert len(recent._entries) <= 10_000
        assert recent.find("alice", "password 10499") == ALICE

    def test_lone_surrogates_do_no_harm(self, recent: RecentSignIns) -> None:
        recent.remember("\ud800", "\udfff", user=ALICE, epoch=recent.epoch)
        assert recent.find("\ud800", "\udfff") == ALICE


class TestGate:
    def test_lets_only_so_many_in_at_once(self) -> None:
        gate, inside, leave = Gate(slots=2, wait_seconds=0.05), threading.Barrier(3), threading.Event()

        def stay() -> None:
            with gate.enter():
                inside.wait(timeout=10)
                leave.wait(timeout=10)

        threads = [threading.Thread(target=stay) for _ in range(2)]
        for thread in threads:
            thread.start()
        inside.wait(timeout=10)
        with pytest.raises(Busy), gate.enter():
            pass
        leave.set()
        for thread in threads:
            thread.join(timeout=10)
        with gate.enter():
            pass

    def test_place_is_given_back_after_an_error(self) -> None:
        gate = Gate(slots=1, wait_seconds=0.05)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError), gate.enter():
                _ = 1 // 0


class TestNews:
    def test_same_sign_in_is_told_once_in_a_quarter_of_an_hour(self, clock: FakeClock) -> None:
        door = Door(clock)
        assert [door.is_news(7, HERE), door.is_news(7, HERE), door.is_news(7, THERE), door.is_news(8, HERE)] == [
            True,
            False,
            True,
            True,
        ]
        clock.now += 900
        assert door.is_news(7, HERE)

    def test_memory_is_bounded(self, clock: FakeClock) -> None:
        door = Door(clock)
        assert all(door.is_news(number, HERE) for number in range(10_500))
        assert len(door._told) <= 10_000
