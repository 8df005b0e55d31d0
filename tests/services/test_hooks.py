"""Every hook, used by a plugin written here; a test in tests/architecture counts that none is forgotten."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from PIL import Image

from qis_core import Integer, Stage, hookimpl, operation, param, section, setting
from qis_core.contracts.auth import AuthenticatedUser, AuthProvider
from qis_core.contracts.cache import CacheBackend
from qis_core.contracts.codec import Codec, Encoder, EncodeRequest
from qis_core.contracts.database import DatabaseBackend
from qis_core.contracts.panel import Panel
from qis_core.contracts.storage import StorageBackend
from qis_core.contracts.task import TaskHandler
from qis_core.contracts.url_scheme import UrlScheme
from qis_core.domain.access import AccessLevel, Identity
from qis_core.domain.accounts import AuthType
from qis_core.domain.events import Deleted, Event, Generated, Moved, SignedIn, Uploaded
from qis_core.domain.images import SourceFacts
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import AccessDenied, PluginError
from qis_core.imaging.plan import ImageRequest
from qis_core.plugins import PluginRegistry
from qis_core.settings import Settings
from qis_plugins.memory.cache import MemoryCache
from qis_plugins.memory.storage import MemoryStorage
from qis_plugins.sqlite.database import open_sqlite
from tests.support.application import ADMIN, ask, call, open_application, put_picture

Open = Callable[..., Any]


def plugin(**hooks: Callable[..., object]) -> Mapping[str, object]:
    """A plugin object that implements *hooks*, ready to join the installed ones."""
    members = {name: staticmethod(hookimpl(function)) for name, function in hooks.items()}
    return {"inline": type("Inline", (), members)()}


def registry_with(**hooks: Callable[..., object]) -> PluginRegistry:
    return PluginRegistry.load({}, {}, plugin(**hooks))


@dataclass(frozen=True, slots=True)
class TintParams:
    tint: int = param("tint", Integer(0, 255), default=0, help="How red")


@operation("tint", stage=Stage.EFFECT, params=TintParams)
def tint(image: Image.Image, params: TintParams) -> Image.Image:
    """Make the picture red."""
    return Image.new("RGB", image.size, (params.tint, 0, 0))


def test_hook_qis_settings() -> None:
    @section("inline")
    @dataclass(frozen=True, kw_only=True)
    class InlineSettings:
        strength: int = setting(3, help="Strength")

    registry = PluginRegistry.load({"qis.inline.strength": "7"}, {}, plugin(qis_settings=lambda: (InlineSettings,)))
    assert registry.settings[InlineSettings].strength == 7


def test_hook_qis_operations(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.png")
    with open_application(tmp_path, plugin(qis_operations=lambda: (tint,))) as application:
        answer = ask(application, "a.png", "tint=200")
        (tmp_path / "out.png").write_bytes(answer.content or b"")
        with Image.open(tmp_path / "out.png", formats=["PNG"]) as image:
            assert image.convert("RGB").getpixel((5, 5)) == (200, 0, 0)


def test_hook_qis_operations_gets_the_settings() -> None:
    seen: list[Settings] = []

    def operations(settings: Settings) -> tuple[object, ...]:
        seen.append(settings)
        return (tint,)

    registry = registry_with(qis_operations=operations)
    assert "tint" in registry.operation
    assert seen == [registry.settings]


def test_two_operations_cannot_claim_one_parameter() -> None:
    @dataclass(frozen=True, slots=True)
    class WidthParams:
        width: int = param("width", Integer(0, 9), default=0, help="Taken already")

    @operation("thief", stage=Stage.EFFECT, params=WidthParams)
    def thief(image: Image.Image, params: WidthParams) -> Image.Image:
        return image

    with pytest.raises(PluginError, match=r"'width'.*'resize'.*'thief'"):
        registry_with(qis_operations=lambda: (thief,))


def test_hook_qis_codecs(tmp_path: Path) -> None:
    def encode(frames: Any, request: EncodeRequest) -> bytes:
        return f"{frames[0].size}".encode()

    codec = Codec(
        "sizes", "text/plain", ("sizes",), lambda head: False, encoder=Encoder(encode, {"sizes": ""}, ("RGB",))
    )
    put_picture(tmp_path, "a.jpg", (100, 60))
    with open_application(tmp_path, plugin(qis_codecs=lambda: (codec,))) as application:
        answer = ask(application, "a.jpg", "format=sizes&width=50")
        assert answer.content == b"(50, 30)"
        assert answer.prepared.plan.encode.media_type == "text/plain"


def test_hook_qis_storage_backends(tmp_path: Path) -> None:
    storage = MemoryStorage()
    file = put_picture(tmp_path, "a.png", (40, 30))
    storage.write(RepositoryPath.parse("deep/b.png"), [file.read_bytes()], replace=False)
    backend = StorageBackend("inline", lambda settings: storage, "for a test")
    hooks = plugin(qis_storage_backends=lambda: (backend,))
    with open_application(tmp_path, hooks, repository_storage="inline") as application:
        assert ask(application, "deep/b.png", "width=20").prepared.plan.size == (20, 15)


def test_hook_qis_cache_backends(tmp_path: Path) -> None:
    cache = MemoryCache(1_000_000)
    put_picture(tmp_path, "a.png")
    hooks = plugin(qis_cache_backends=lambda: (CacheBackend("inline", lambda settings: cache, "for a test"),))
    with open_application(tmp_path, hooks, cache_tiers="inline") as application:
        ask(application, "a.png", "width=20")
        assert cache.stats().entries == 1
        assert ask(application, "a.png", "width=20").from_cache


def test_hook_qis_database_backends(tmp_path: Path) -> None:
    opened: list[Settings] = []

    def open_database(settings: Settings) -> Any:
        opened.append(settings)
        return open_sqlite(settings)

    backend = DatabaseBackend("inline", open_database, "for a test")
    hooks = plugin(qis_database_backends=lambda: (backend,))
    with open_application(tmp_path, hooks, database_backend="inline") as application:
        assert opened == [application.settings]


def test_hook_qis_auth_providers(tmp_path: Path) -> None:
    class Doorman:
        def authenticate(self, username: str, password: str) -> AuthenticatedUser | None:
            return AuthenticatedUser(username) if password == f"{username}!" else None

    provider = AuthProvider("doorman", AuthType.LDAP, lambda settings, records: Doorman(), "for a test")
    hooks = plugin(qis_auth_providers=lambda: (provider,))
    with open_application(tmp_path, hooks, auth_providers="passwords doorman") as application:
        assert application.accounts.sign_in("eve", "eve!").username == "eve"


def test_hook_qis_url_schemes(tmp_path: Path) -> None:
    scheme = UrlScheme(
        "short", ("/s/*path",), lambda url, parameters: ImageRequest(url.path), lambda request, parameters: request.src
    )
    registry = registry_with(qis_url_schemes=lambda: (scheme,))
    assert registry.url_schemes["short"] is scheme


def test_hook_qis_task_handlers() -> None:
    handler = TaskHandler("double", lambda params: 2 * params["n"])
    registry = registry_with(qis_task_handlers=lambda: (handler,))
    assert registry.task_handlers["double"].run({"n": 21}) == 42


def test_hook_qis_panels() -> None:
    panel = Panel("hello", "Hello", lambda request: f"<p>{request.identity.username}</p>")
    registry = registry_with(qis_panels=lambda: (panel,))
    assert registry.panels["hello"] is panel


def test_hook_qis_commands() -> None:
    command = click.Command("greet", callback=lambda: None)
    assert command in registry_with(qis_commands=lambda: (command,)).commands


def test_hook_qis_choose_format(tmp_path: Path) -> None:
    def choose(accept: tuple[str, ...], facts: SourceFacts) -> str | None:
        return "gif" if facts.src == "a.png" else None

    put_picture(tmp_path, "a.png")
    put_picture(tmp_path, "b.png")
    with open_application(tmp_path, plugin(qis_choose_format=choose)) as application:
        assert ask(application, "a.png", "format=auto&width=10").prepared.plan.encode.codec == "gif"
        assert ask(application, "b.png", "format=auto&width=10").prepared.plan.encode.codec == "png"


def test_a_format_nobody_writes_is_not_chosen(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.png")
    with open_application(tmp_path, plugin(qis_choose_format=lambda: "eggs")) as application:
        assert ask(application, "a.png", "format=auto&width=10").prepared.plan.encode.codec == "png"


def test_hook_qis_veto(tmp_path: Path) -> None:
    def veto(identity: Identity, access: AccessLevel, path: RepositoryPath) -> bool | None:
        return True if path.src == "secret" else None

    put_picture(tmp_path, "secret/a.png")
    put_picture(tmp_path, "b.png")
    with open_application(tmp_path, plugin(qis_veto=veto)) as application:
        ask(application, "b.png", "width=10")
        for identity in (ADMIN, call(application, "b.png").identity):
            with pytest.raises(AccessDenied):
                ask(application, "secret/a.png", "width=10", identity)


def test_a_veto_that_breaks_refuses(tmp_path: Path) -> None:
    def veto(path: RepositoryPath) -> bool | None:
        raise RuntimeError("broken")

    put_picture(tmp_path, "a.png")
    with open_application(tmp_path, plugin(qis_veto=veto)) as application, pytest.raises(AccessDenied):
        ask(application, "a.png", "width=10")


def test_a_veto_cannot_widen(tmp_path: Path) -> None:
    put_picture(tmp_path, "a.png")
    with open_application(tmp_path, plugin(qis_veto=lambda: False)) as application, pytest.raises(AccessDenied):
        application.delivery.original(call(application, "a.png"))


class Listener:
    """A plugin that writes down the events it hears."""

    def __init__(self) -> None:
        self.heard: list[Event] = []

    def hooks(self, *names: str) -> Mapping[str, object]:
        def hear(event: Event) -> None:
            self.heard.append(event)

        return plugin(**dict.fromkeys(names, hear))


def test_hook_qis_after_upload(tmp_path: Path) -> None:
    listener = Listener()
    put_picture(tmp_path, "a.png")
    with open_application(tmp_path, listener.hooks("qis_after_upload")) as application:
        ask(application, "a.png", "width=10")
        ask(application, "a.png", "width=11")
        put_picture(tmp_path, "a.png", (70, 20))
        ask(application, "a.png", "width=10")
    uploads = [event for event in listener.heard if isinstance(event, Uploaded)]
    assert [(event.path.src, event.replaced) for event in uploads] == [("a.png", False), ("a.png", True)]


def test_hook_qis_after_generate(tmp_path: Path) -> None:
    listener = Listener()
    put_picture(tmp_path, "a.png", (100, 60))
    with open_application(tmp_path, listener.hooks("qis_after_generate")) as application:
        answer = ask(application, "a.png", "width=10")
        ask(application, "a.png", "width=10")
    (event,) = listener.heard
    assert isinstance(event, Generated)
    assert (event.size, event.size_bytes) == ((10, 6), len(answer.content or b""))
    assert event.key == answer.prepared.plan.key


def test_hook_qis_after_delete(tmp_path: Path) -> None:
    listener = Listener()
    file = put_picture(tmp_path, "a.png")
    with open_application(tmp_path, listener.hooks("qis_after_delete")) as application:
        ask(application, "a.png", "width=10")
        file.unlink()
        for _ in range(2):
            with pytest.raises(Exception, match="does not exist"):
                ask(application, "a.png", "width=10")
    assert [type(event) for event in listener.heard] == [Deleted]


def test_hook_qis_after_sign_in(tmp_path: Path) -> None:
    listener = Listener()
    with open_application(tmp_path, listener.hooks("qis_after_sign_in")) as application:
        application.accounts.sign_in("admin", "long enough", "127.0.0.1")
    (event,) = listener.heard
    assert isinstance(event, SignedIn)
    assert (event.identity.username, event.address) == ("admin", "127.0.0.1")


def test_hook_qis_after_move(tmp_path: Path) -> None:
    listener = Listener()
    file = put_picture(tmp_path, "a.png")
    with open_application(tmp_path, listener.hooks("qis_after_move")) as application:
        first = ask(application, "a.png", "width=10").prepared.plan.source.image_id
        file.rename(file.with_name("b.png"))
        assert ask(application, "b.png", "width=10").prepared.plan.source.image_id == first
    (event,) = listener.heard
    assert isinstance(event, Moved)
    assert (event.source.src, event.target.src) == ("a.png", "b.png")


def test_a_plugin_that_fails_stops_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    listener = Listener()

    def fail(event: Generated) -> None:
        raise RuntimeError("broken")

    put_picture(tmp_path, "a.png")
    both = {**listener.hooks("qis_after_generate"), "failing": next(iter(plugin(qis_after_generate=fail).values()))}
    with open_application(tmp_path, both) as application:
        assert ask(application, "a.png", "width=10").content
    assert len(listener.heard) == 1
    assert "plugin failing failed in qis_after_generate" in caplog.text
