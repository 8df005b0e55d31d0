"""``qis user``, ``qis group``, ``qis permission``: what they print and how they exit."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qis_core.domain.access import AccessLevel
from qis_core.errors import InvalidRequest
from qis_web.cli import main
from qis_web.cli.accounts import level_name, level_of

CHEAP = {"QIS_PASSWORDS_MEMORY_KIB": "8", "QIS_PASSWORDS_PARALLELISM": "1", "QIS_PASSWORDS_TIME_COST": "1"}
Qis = Callable[..., Result]


@pytest.fixture
def qis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Qis:
    """Run ``qis ARGUMENTS`` on a data directory of its own; ``code`` is the exit code it must have."""
    for name, value in {**CHEAP, "QIS_ADMIN_PASSWORD": "first password"}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, stdin: str = "", code: int = 0) -> Result:
        result = CliRunner().invoke(main, ["--data", str(tmp_path / "data"), *arguments], input=stdin)
        assert result.exit_code == code, result.output
        return result

    return run


def shown(qis: Qis, *arguments: str) -> Any:
    return json.loads(qis("--json", *arguments).stdout)


def add_user(qis: Qis, name: str, *options: str, password: str = "long enough") -> Result:
    return qis("user", "add", name, "--password-stdin", *options, stdin=password + "\n")


class TestUser:
    def test_add_and_list(self, qis: Qis) -> None:
        qis("group", "add", "Staff")
        added = add_user(qis, "carla", "--first-name", "Carla", "--group", "staff", "--allow-api")
        assert added.stdout == "user carla added\n"
        users = shown(qis, "user", "list")
        assert [user["username"] for user in users] == ["admin", "carla"]
        assert (users[1]["first_name"], users[1]["allow_api"], users[1]["is_active"]) == ("Carla", True, True)
        assert [group["name"] for group in shown(qis, "user", "groups", "CARLA")] == ["Normal users", "Staff"]
        assert qis("user", "list").stdout.splitlines()[1].split() == ["2", "carla"]

    def test_no_hash_is_ever_shown(self, qis: Qis) -> None:
        add_user(qis, "carla")
        for output in (qis("--json", "user", "list").output, qis("user", "list").output):
            assert "argon2" not in output
            assert "hash" not in output

    def test_password_is_asked_for_twice(self, qis: Qis) -> None:
        qis("user", "add", "carla", stdin="long enough\nlong enough\n")
        assert qis("user", "add", "dora", stdin="long enough\ndifferent\n", code=1).exit_code == 1
        assert [user["username"] for user in shown(qis, "user", "list")] == ["admin", "carla"]

    def test_password_keeps_its_spaces(self, qis: Qis, tmp_path: Path) -> None:
        add_user(qis, "carla", password="  spaces around  ")
        assert qis("user", "password", "carla", "--password-stdin", stdin="  other  \r\n").exit_code == 0
        assert "7 characters" in qis("user", "password", "carla", "--password-stdin", stdin="seven77\n", code=2).output

    def test_edit(self, qis: Qis) -> None:
        add_user(qis, "carla", "--allow-api", "--email", "c@example.org")
        qis("user", "edit", "carla", "--username", "Carlotta", "--no-allow-api")
        user = shown(qis, "user", "list")[1]
        assert (user["username"], user["allow_api"], user["email"]) == ("Carlotta", False, "c@example.org")

    def test_disable_and_enable(self, qis: Qis) -> None:
        add_user(qis, "carla")
        qis("user", "disable", "carla")
        assert qis("user", "list").stdout.splitlines()[1].endswith("closed")
        qis("user", "enable", "carla")
        assert shown(qis, "user", "list")[1]["is_active"] is True

    def test_groups_are_joined_and_left(self, qis: Qis) -> None:
        qis("group", "add", "Staff")
        add_user(qis, "carla")
        joined = qis("user", "groups", "carla", "--add", "Staff", "--remove", "Normal users")
        assert joined.stdout == "Staff\n"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("user", "add", "ADMIN", "--password-stdin"), "taken"),
            (("user", "add", "", "--password-stdin"), "username: 0 characters"),
            (("user", "add", "carla", "--password-stdin", "--group", "nobody"), "there is no group 'nobody'"),
            (("user", "password", "nobody", "--password-stdin"), "there is no user 'nobody'"),
            (("user", "edit", "nobody"), "there is no user 'nobody'"),
            (("user", "disable", "admin"), "the first user cannot be deleted"),
            (("user", "groups", "admin", "--remove", "Administrators"), "the first user must keep"),
            (("group", "add", "public"), "taken"),
            (("group", "delete", "Public"), "belongs to the system"),
            (("permission", "set", "/x", "Public", "15"), "level: '15' is not a level; expected None (0), View (10)"),
            (("permission", "set", "/x", "nobody", "view"), "there is no group 'nobody'"),
            (("permission", "set", "/../x", "Public", "view"), "access denied"),
            (("permission", "remove", "/", "Public"), "root record of a system group"),
            (("permission", "remove", "/x", "Public"), "no permission record"),
            (("permission", "trace", "/", "--user", "nobody"), "there is no user 'nobody'"),
        ],
    )
    def test_what_is_invalid_exits_with_2(self, qis: Qis, arguments: tuple[str, ...], message: str) -> None:
        result = qis(*arguments, stdin="long enough\n", code=2)
        assert message in result.stderr
        assert result.stdout == ""
        assert "Traceback" not in result.output

    @pytest.mark.parametrize(
        "arguments",
        [("user", "add"), ("user", "fly"), ("group", "add", "x", "--flag", "fly"), ("permission", "set", "/")],
    )
    def test_wrong_usage_exits_with_1(self, qis: Qis, arguments: tuple[str, ...]) -> None:
        assert "Usage" in qis(*arguments, code=1).stderr

    def test_user_of_an_unknown_group_is_not_made(self, qis: Qis) -> None:
        qis("user", "add", "carla", "--password-stdin", "--group", "nobody", stdin="long enough\n", code=2)
        assert len(shown(qis, "user", "list")) == 1

    def test_broken_database_exits_with_3(self, qis: Qis, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "catalog.sqlite3").write_bytes(b"no database at all" * 100)
        assert str(tmp_path) not in qis("user", "list", code=3).output


class TestGroup:
    def test_add_edit_delete(self, qis: Qis) -> None:
        qis("group", "add", "Staff", "--description", "all of us", "--flag", "folios", "--flag", "reports")
        group = shown(qis, "group", "list")[-1]
        assert (group["name"], group["description"], group["group_type"]) == ("Staff", "all of us", 2)
        assert group["permissions"] == ["folios", "reports"]
        assert qis("group", "list").stdout.splitlines()[-1].split() == ["4", "Staff", "folios", "reports"]
        qis("group", "edit", "staff", "--name", "Crew")
        assert shown(qis, "group", "list")[1]["permissions"] == ["folios", "reports"]
        qis("group", "edit", "crew", "--flag", "admin_users")
        assert shown(qis, "group", "list")[1]["permissions"] == ["admin_users"]
        qis("group", "edit", "crew", "--no-flags")
        assert shown(qis, "group", "list")[1]["permissions"] == []
        qis("group", "delete", "crew")
        assert [one["name"] for one in shown(qis, "group", "list")] == ["Administrators", "Normal users", "Public"]


class TestPermission:
    def test_set_list_remove(self, qis: Qis) -> None:
        assert qis("permission", "set", "/hr/", "public", "none").stdout == "/hr: Public has None (0)\n"
        qis("permission", "set", "hr/pay", "Normal users", "create-folder")
        assert shown(qis, "permission", "list") == [
            {"path": "/", "group": "Public", "level": 10},
            {"path": "/", "group": "Normal users", "level": 10},
            {"path": "/hr", "group": "Public", "level": 0},
            {"path": "/hr/pay", "group": "Normal users", "level": 60},
        ]
        assert qis("permission", "list").stdout.splitlines()[-1] == "/hr/pay  Normal users  Create folder (60)"
        qis("permission", "remove", "/hr", "Public")
        assert len(shown(qis, "permission", "list")) == 3

    def test_trace_tells_why(self, qis: Qis) -> None:
        qis("group", "add", "Staff", "--flag", "reports")
        add_user(qis, "carla", "--group", "Staff")
        qis("permission", "set", "/hr", "Staff", "upload")
        qis("permission", "set", "/hr", "Public", "0")
        assert qis("permission", "trace", "/hr/pay").stdout == "Public: None (0), from /hr\n/hr/pay: None (0)\n"
        trace = shown(qis, "permission", "trace", "/hr/pay", "--user", "Carla")
        assert (trace["path"], trace["user"], trace["level"], trace["override"]) == ("/hr/pay", "carla", 40, None)
        assert trace["groups"] == [
            {"group": "Public", "flags": [], "level": 0, "from": "/hr"},
            {"group": "Normal users", "flags": [], "level": 10, "from": "/"},
            {"group": "Staff", "flags": ["reports"], "level": 40, "from": "/hr"},
        ]

    def test_trace_of_an_administrator(self, qis: Qis) -> None:
        lines = qis("permission", "trace", "/", "--user", "admin").stdout.splitlines()
        assert lines[2].startswith("Administrators: None (0), no record  [folios reports admin_users")
        assert lines[-1] == "/: Delete folder (70), by admin_files"

    def test_trace_of_a_closed_account_is_invalid(self, qis: Qis) -> None:
        add_user(qis, "carla")
        qis("user", "disable", "carla")
        assert "closed" in qis("permission", "trace", "/", "--user", "carla", code=2).stderr


@pytest.mark.parametrize("level", AccessLevel)
def test_levels_are_read_in_every_spelling(level: AccessLevel) -> None:
    for text in (
        level.name,
        level.name.lower(),
        level_name(level),
        level_name(level).replace(" ", "-"),
        str(int(level)),
    ):
        assert level_of(f" {text} ") is level


@pytest.mark.parametrize("text", ["", "5", "-10", "all", "viewer", "1O"])
def test_other_levels_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^level: "):
        level_of(text)
