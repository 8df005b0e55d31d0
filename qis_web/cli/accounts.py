"""``qis user``, ``qis group``, ``qis permission``: accounts and rights from the shell (spec management §11)."""

import sys
from dataclasses import asdict
from typing import Any, Protocol

import click

from qis_core.catalog.audit import Actor
from qis_core.domain.access import (
    ANONYMOUS,
    AccessLevel,
    AccessTrace,
    Identity,
    RuleUsed,
    SystemPermission,
    union_of,
)
from qis_core.domain.accounts import GroupAccount, GroupChanges, NewUser, UserAccount, UserChanges
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import InvalidRequest, NotFound
from qis_core.services.accounts import Accounts
from qis_core.services.rights import Rights

SHELL = Actor(None, "shell")


class AccountsCli(Protocol):
    """What these commands need of the command line's shared object."""

    @property
    def rights(self) -> Rights: ...

    @property
    def accounts(self) -> Accounts: ...

    def emit(self, value: Any, text: str) -> None:
        """Print *value* as JSON when that was asked for, else *text*."""
        ...


def level_of(text: str) -> AccessLevel:
    """A level by its name (``view``, ``Create-folder``) or number; raises `InvalidRequest`."""
    name = text.strip().upper().replace("-", "_").replace(" ", "_")
    for level in AccessLevel:
        if name in (level.name, str(level.value)):
            return level
    choices = ", ".join(f"{level_name(level)} ({level.value})" for level in AccessLevel)
    raise InvalidRequest(f"{text!r} is not a level; expected {choices}", parameter="level")


def level_name(level: AccessLevel) -> str:
    """``Create folder`` for CREATE_FOLDER."""
    return level.name.replace("_", " ").capitalize()


_PASSWORD_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
_FLAG_NAMES = [str(flag.name).lower() for flag in SystemPermission]
_FLAGS = click.option("--flag", "flags", multiple=True, type=click.Choice(_FLAG_NAMES), help="A system permission.")


@click.group("user")
def user_commands() -> None:
    """Users: add, change, close."""


@user_commands.command("add")
@click.argument("username")
@click.option("--first-name", default="", help="First name.")
@click.option("--last-name", default="", help="Last name.")
@click.option("--email", default="", help="E-mail address.")
@click.option("--allow-api", is_flag=True, help="May get API tokens.")
@click.option("--group", "groups", multiple=True, help="A group to join, besides Normal users.")
@_PASSWORD_STDIN
@click.pass_obj
def add_user(cli: AccountsCli, /, username: str, groups: tuple[str, ...], password_stdin: bool, **names: Any) -> None:
    """Make a local user. The password is asked for, or read from standard input."""
    for group in groups:
        cli.accounts.groups.get(group)
    password = _read_password(from_stdin=password_stdin)
    user = cli.accounts.add_user(SHELL, NewUser(username=username, password=password, **names))
    for group in groups:
        cli.accounts.groups.add_member(SHELL, group, username)
    cli.emit(_user_json(user), f"user {user.username} added")


@user_commands.command("edit")
@click.argument("username")
@click.option("--username", "new_name", help="New name.")
@click.option("--first-name", help="First name.")
@click.option("--last-name", help="Last name.")
@click.option("--email", help="E-mail address.")
@click.option("--allow-api/--no-allow-api", default=None, help="May get API tokens.")
@click.pass_obj
def edit_user(cli: AccountsCli, /, username: str, new_name: str | None, **changes: Any) -> None:
    """Change what the options name; the rest stays."""
    user = cli.accounts.edit_user(SHELL, username, UserChanges(username=new_name, **changes))
    cli.emit(_user_json(user), f"user {user.username} changed")


@user_commands.command("password")
@click.argument("username")
@_PASSWORD_STDIN
@click.pass_obj
def set_password(cli: AccountsCli, username: str, password_stdin: bool) -> None:
    """Give a user a new password; their sessions end."""
    user = cli.accounts.get_user(username)
    cli.accounts.set_password(SHELL, username, _read_password(from_stdin=password_stdin))
    cli.emit({"username": user.username}, f"password of {user.username} changed")


@user_commands.command("enable")
@click.argument("username")
@click.pass_obj
def enable_user(cli: AccountsCli, username: str) -> None:
    """Open a closed account again."""
    user = cli.accounts.set_active(SHELL, username, active=True)
    cli.emit(_user_json(user), f"user {user.username} enabled")


@user_commands.command("disable")
@click.argument("username")
@click.pass_obj
def disable_user(cli: AccountsCli, username: str) -> None:
    """Close an account; the name stays taken, nothing of it is lost."""
    user = cli.accounts.set_active(SHELL, username, active=False)
    cli.emit(_user_json(user), f"user {user.username} disabled")


@user_commands.command("list")
@click.pass_obj
def list_users(cli: AccountsCli) -> None:
    """All users, closed accounts too."""
    users = cli.accounts.list_users()
    lines = [f"{user.id:>6}  {user.username:<30}  {'' if user.is_active else 'closed'}".rstrip() for user in users]
    cli.emit([_user_json(user) for user in users], "\n".join(lines))


@user_commands.command("groups")
@click.argument("username")
@click.option("--add", "joined", multiple=True, metavar="GROUP", help="Join a group.")
@click.option("--remove", "left", multiple=True, metavar="GROUP", help="Leave a group.")
@click.pass_obj
def user_groups(cli: AccountsCli, username: str, joined: tuple[str, ...], left: tuple[str, ...]) -> None:
    """The groups of a user, after joining and leaving what the options name."""
    groups = cli.accounts.groups
    for name in joined:
        groups.add_member(SHELL, name, username)
    for name in left:
        groups.remove_member(SHELL, name, username)
    mine = groups.of_user(username)
    cli.emit([_group_json(group) for group in mine], "\n".join(group.name for group in mine))


@click.group("group")
def group_commands() -> None:
    """Groups: add, change, delete."""


@group_commands.command("add")
@click.argument("name")
@click.option("--description", default="", help="What the group is for.")
@_FLAGS
@click.pass_obj
def add_group(cli: AccountsCli, name: str, description: str, flags: tuple[str, ...]) -> None:
    """Make a group."""
    changes = GroupChanges(name=name, description=description, permissions=_flags_of(flags))
    group = cli.accounts.groups.add(SHELL, changes)
    cli.emit(_group_json(group), f"group {group.name} added")


@group_commands.command("edit")
@click.argument("name")
@click.option("--name", "new_name", help="New name.")
@click.option("--description", help="What the group is for.")
@click.option("--no-flags", is_flag=True, help="Take away every system permission.")
@_FLAGS
@click.pass_obj
def edit_group(cli: AccountsCli, /, name: str, no_flags: bool, flags: tuple[str, ...], **texts: str | None) -> None:
    """Change what the options name; --flag replaces all flags by those given."""
    permissions = _flags_of(flags) if flags or no_flags else None
    changes = GroupChanges(name=texts["new_name"], description=texts["description"], permissions=permissions)
    group = cli.accounts.groups.edit(SHELL, name, changes)
    cli.emit(_group_json(group), f"group {group.name} changed")


@group_commands.command("delete")
@click.argument("name")
@click.pass_obj
def delete_group(cli: AccountsCli, name: str) -> None:
    """Delete a group with its memberships and permissions."""
    cli.accounts.groups.delete(SHELL, name)
    cli.emit({"name": name}, f"group {name} deleted")


@group_commands.command("list")
@click.pass_obj
def list_groups(cli: AccountsCli) -> None:
    """All groups with their flags."""
    groups = cli.accounts.groups.list()
    lines = [f"{group.id:>6}  {group.name:<30}  {' '.join(_flag_names(group.permissions))}" for group in groups]
    cli.emit([_group_json(group) for group in groups], "\n".join(line.rstrip() for line in lines))


@click.group("permission")
def permission_commands() -> None:
    """Folder permissions: who may do what, and why."""


@permission_commands.command("set")
@click.argument("path")
@click.argument("group")
@click.argument("level")
@click.pass_obj
def set_permission(cli: AccountsCli, path: str, group: str, level: str) -> None:
    """Give GROUP a LEVEL in the folder PATH and below, by name (view) or number (10)."""
    folder, account, access = RepositoryPath.parse(path), cli.accounts.groups.get(group), level_of(level)
    cli.rights.set_rule(SHELL, folder, account.id, access)
    value = {"path": folder.folder_path, "group": account.name, "level": int(access)}
    cli.emit(value, f"{folder.folder_path}: {account.name} has {level_name(access)} ({int(access)})")


@permission_commands.command("remove")
@click.argument("path")
@click.argument("group")
@click.pass_obj
def remove_permission(cli: AccountsCli, path: str, group: str) -> None:
    """Remove the record of GROUP in the folder PATH itself, so that it inherits."""
    folder, account = RepositoryPath.parse(path), cli.accounts.groups.get(group)
    cli.rights.remove_rule(SHELL, folder, account.id)
    cli.emit({"path": folder.folder_path, "group": account.name}, f"{folder.folder_path}: {account.name} inherits")


@permission_commands.command("list")
@click.pass_obj
def list_permissions(cli: AccountsCli) -> None:
    """Every record, by folder."""
    groups = cli.rights.groups()
    records = [
        (folder.folder_path, groups[group_id].name, level)
        for folder, rules in sorted(cli.rights.rules().items())
        for group_id, level in sorted(rules.items())
    ]
    lines = [f"{path}  {group}  {level_name(level)} ({int(level)})" for path, group, level in records]
    values = [{"path": path, "group": group, "level": int(level)} for path, group, level in records]
    cli.emit(values, "\n".join(lines))


@permission_commands.command("trace")
@click.argument("path")
@click.option("--user", "username", help="Whose level; without it, the level of everybody.")
@click.pass_obj
def trace_permission(cli: AccountsCli, path: str, username: str | None) -> None:
    """Say what a user may do in the folder PATH, and which records decide."""
    identity = _identity(cli, username) if username else ANONYMOUS
    trace, groups = cli.rights.trace(identity, RepositoryPath.parse(path)), cli.rights.groups()
    rules = [(groups[rule.group_id], rule) for rule in trace.rules]
    value = {
        "path": trace.folder.folder_path,
        "user": identity.username or None,
        "level": int(trace.level),
        "override": str(trace.override.name).lower() if trace.override else None,
        "groups": [_rule_json(group, rule) for group, rule in rules],
    }
    lines = [_rule_text(group, rule) for group, rule in rules]
    cli.emit(value, "\n".join([*lines, _result_text(trace)]))


COMMANDS: tuple[click.Command, ...] = (user_commands, group_commands, permission_commands)


def _read_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _identity(cli: AccountsCli, username: str) -> Identity:
    user = cli.accounts.get_user(username)
    identity = cli.rights.find_identity(user.id)
    if identity is None:
        raise NotFound(f"the account of {user.username!r} is closed")
    return identity


def _flags_of(names: tuple[str, ...]) -> SystemPermission:
    return union_of(SystemPermission[name.upper()] for name in names)


def _flag_names(flags: SystemPermission) -> list[str]:
    return [str(flag.name).lower() for flag in flags]


def _user_json(user: UserAccount) -> dict[str, Any]:
    return {**asdict(user), "auth_type": int(user.auth_type)}


def _group_json(group: GroupAccount) -> dict[str, Any]:
    return {**asdict(group), "group_type": int(group.group_type), "permissions": _flag_names(group.permissions)}


def _rule_json(group: GroupAccount, rule: RuleUsed) -> dict[str, Any]:
    found = rule.folder.folder_path if rule.folder is not None else None
    flags = _flag_names(group.permissions)
    return {"group": group.name, "flags": flags, "level": int(rule.level), "from": found}


def _rule_text(group: GroupAccount, rule: RuleUsed) -> str:
    found = f"from {rule.folder.folder_path}" if rule.folder is not None else "no record"
    flags = f"  [{' '.join(_flag_names(group.permissions))}]" if group.permissions else ""
    return f"{group.name}: {level_name(rule.level)} ({int(rule.level)}), {found}{flags}"


def _result_text(trace: AccessTrace) -> str:
    because = f", by {str(trace.override.name).lower()}" if trace.override else ""
    return f"{trace.folder.folder_path}: {level_name(trace.level)} ({int(trace.level)}){because}"
