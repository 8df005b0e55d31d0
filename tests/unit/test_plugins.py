"""The plugin registry: found, loaded, checked and called, from real distributions and from inline plugins."""

import importlib
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from qis_core import API_VERSION, Boolean, Integer, Stage, hookimpl, operation, param, section, setting
from qis_core.contracts.cache import CacheBackend
from qis_core.contracts.codec import Codec, Encoder
from qis_core.contracts.operation import Operation
from qis_core.contracts.panel import Panel
from qis_core.contracts.storage import StorageBackend
from qis_core.contracts.task import TaskHandler
from qis_core.discovery import GROUP
from qis_core.domain.access import ANONYMOUS, AccessLevel
from qis_core.domain.events import Deleted
from qis_core.domain.images import Fingerprint, ImageFacts, Size, SourceFacts
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import PluginError, SettingsError
from qis_core.plugins import PluginRegistry
from qis_core.settings import Settings

FACTS = SourceFacts(1, "a.jpg", Fingerprint("f"), Size(2, 2), ImageFacts("jpeg", Size(2, 2)), 10, 1)

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Make importable distributions: entry point name → source of its module."""
    counter = iter(range(100))

    def make(distribution: str = "acme", version: str = "1.2", **sources: str) -> None:
        folder = tmp_path / f"{distribution}{next(counter)}"
        info = folder / f"{distribution}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        lines = [f"{name} = qis_try_{distribution}_{name}" for name in sources]
        (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines]))
        for name, source in sources.items():
            monkeypatch.delitem(sys.modules, f"qis_try_{distribution}_{name}", raising=False)
            (folder / f"qis_try_{distribution}_{name}.py").write_text(source)
        monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
        importlib.invalidate_caches()

    return make


@pytest.fixture
def load(install: Install) -> Callable[..., PluginRegistry]:
    """Load inline plugins beside one that brings nothing, so that no built-in is there."""
    install("nothing", nothing_at_all="")

    def registry(ini: Mapping[str, str] | None = None, /, **plugins: object) -> PluginRegistry:
        return PluginRegistry.load({"qis.plugins": "nothing_at_all", **(ini or {})}, {}, plugins)

    return registry


def plugin(**hooks: Callable[..., Any]) -> SimpleNamespace:
    """An inline plugin from its hook implementations."""
    return SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})


def lamp(name: str = "lamp", parameter: str = "lamp", stage: int = Stage.EFFECT) -> Operation[Any]:
    @dataclass(frozen=True, slots=True)
    class LampParams:
        percent: int = param(parameter, Integer(0, 100), default=0, help="Light")

    @operation(name, stage=stage, params=LampParams)
    def light(image: Image.Image, params: LampParams) -> Image.Image:
        """Make it lighter."""
        return image

    return light


def codec(name: str, **words: str) -> Codec:
    encoder = Encoder(lambda frames, request: b"", words, ("RGB",)) if words else None
    return Codec(name, f"image/{name}", (name,), lambda head: False, None, encoder)


def error_of(load: Callable[..., PluginRegistry], *args: Any, **plugins: object) -> str:
    with pytest.raises(PluginError) as caught:
        load(*args, **plugins)
    return str(caught.value)


class TestFinding:
    def test_named_plugins_are_loaded_in_their_order(self, install: Install) -> None:
        install("acme", "3.1", first="", second="", third="")
        registry = PluginRegistry.load({"qis.plugins": "third, first\nthird"}, {})
        assert [(one.name, one.distribution, one.version) for one in registry.plugins] == [
            ("third", "acme", "3.1"),
            ("first", "acme", "3.1"),
        ]

    def test_only_named_plugins_are_imported(self, install: Install) -> None:
        install(good="", bad="raise RuntimeError('imported')")
        PluginRegistry.load({"qis.plugins": "good"}, {})
        assert "qis_try_acme_bad" not in sys.modules

    def test_a_star_means_all_others(self, install: Install) -> None:
        install(zebra="", aardvark="")
        registry = PluginRegistry.load({"qis.plugins": "zebra *"}, {})
        names = [one.name for one in registry.plugins]
        assert names[0] == "zebra"
        assert names.count("zebra") == 1
        assert {"aardvark", "sqlite", "operations"} < set(names)

    def test_without_a_list_all_are_loaded(self, install: Install) -> None:
        install(zebra="")
        assert "zebra" in {one.name for one in PluginRegistry.load({}, {}).plugins}

    def test_the_environment_names_plugins_too(self, install: Install) -> None:
        install(zebra="", aardvark="")
        registry = PluginRegistry.load({"qis.plugins": "zebra"}, {"QIS_PLUGINS": "aardvark"})
        assert [one.name for one in registry.plugins] == ["aardvark"]

    def test_a_missing_plugin_stops_the_start(self, install: Install) -> None:
        install(zebra="")
        with pytest.raises(PluginError, match=r"^qis\.plugins: no plugin 'zebar' is installed; installed are .*zebra"):
            PluginRegistry.load({"qis.plugins": "zebar"}, {})

    @pytest.mark.parametrize(
        "source", ["import no_such_module", "raise ValueError('no_such_module')", "no_such_module ="]
    )
    def test_an_unimportable_plugin_stops_the_start(self, install: Install, source: str) -> None:
        install(zebra=source)
        with pytest.raises(PluginError, match=r"^plugin 'zebra' \(qis_try_acme_zebra\) cannot be imported: ") as caught:
            PluginRegistry.load({"qis.plugins": "zebra"}, {})
        assert caught.value.__cause__ is not None

    def test_two_distributions_cannot_give_one_name(self, install: Install) -> None:
        install("acme", zebra="")
        install("evil", zebra="")
        with pytest.raises(PluginError, match=r"^plugin 'zebra' is given by .*; uninstall one of them$") as caught:
            PluginRegistry.load({"qis.plugins": "zebra"}, {})
        assert {"acme", "evil"} <= set(str(caught.value).split(" by ")[1].split(";")[0].split(" and "))

    def test_one_module_cannot_be_two_plugins(self, load: Callable[..., PluginRegistry]) -> None:
        one = plugin()
        assert error_of(load, a=one, b=one) == "plugin 'a' is there already, by this or another name"

    def test_inline_plugins_have_no_distribution(self, load: Callable[..., PluginRegistry]) -> None:
        inline = load(own=plugin(qis_operations=lambda: ())).plugins[-1]
        assert (inline.name, inline.distribution, inline.version, inline.hooks) == ("own", "", "", ("qis_operations",))


class TestVersions:
    def test_the_present_version_fits(self, load: Callable[..., PluginRegistry]) -> None:
        assert load(own=SimpleNamespace(QIS_API_VERSION=API_VERSION)).plugins[-1].name == "own"

    @pytest.mark.parametrize("version", [0, API_VERSION + 1, "1"])
    def test_another_version_stops_the_start(self, load: Callable[..., PluginRegistry], version: object) -> None:
        message = error_of(load, own=SimpleNamespace(QIS_API_VERSION=version))
        assert message == f"plugin 'own' is made for plugin API {version}; this server has {API_VERSION}"

    def test_an_unknown_hook_stops_the_start(self, load: Callable[..., PluginRegistry]) -> None:
        message = error_of(load, own=plugin(qis_operation=lambda: ()))
        assert message.startswith("plugin 'own' does not fit the hooks: unknown hook 'qis_operation'")

    def test_an_unknown_argument_stops_the_start(self, load: Callable[..., PluginRegistry]) -> None:
        def qis_operations(canvas: object) -> tuple[()]:
            return ()

        assert error_of(load, own=plugin(qis_operations=qis_operations)).startswith(
            "plugin 'own' does not fit the hooks"
        )


class TestClashes:
    def test_two_operations_cannot_claim_one_parameter(self, load: Callable[..., PluginRegistry]) -> None:
        one = plugin(qis_operations=lambda: (lamp("lamp", "light"),))
        other = plugin(qis_operations=lambda: (lamp("torch", "light"),))
        assert error_of(load, a=one, b=other) == "parameter 'light' is claimed by 'lamp' and by 'torch'"

    def test_no_operation_can_claim_a_parameter_of_the_core(self, load: Callable[..., PluginRegistry]) -> None:
        own = plugin(qis_operations=lambda: (lamp("lamp", "quality"),))
        assert error_of(load, own=own) == "parameter 'quality' is claimed by 'qis' and by 'lamp'"

    def test_two_operations_cannot_share_a_name(self, load: Callable[..., PluginRegistry]) -> None:
        one, other = (plugin(qis_operations=lambda name=name: (lamp("lamp", name),)) for name in ("a", "b"))
        assert error_of(load, a=one, b=other) == "operation 'lamp' is given by two plugins"

    @pytest.mark.parametrize(
        ("hook", "value", "what"),
        [
            ("qis_codecs", codec("x"), "codec"),
            ("qis_storage_backends", StorageBackend("x", lambda settings: None, ""), "storage backend"),
            ("qis_cache_backends", CacheBackend("x", lambda settings: None, ""), "cache backend"),
            ("qis_task_handlers", TaskHandler("x", lambda given: None), "task handler"),
            ("qis_panels", Panel("x", "X", lambda request: ""), "panel"),
        ],
    )
    def test_no_two_plugins_give_one_name(
        self, load: Callable[..., PluginRegistry], hook: str, value: object, what: str
    ) -> None:
        one, other = (plugin(**{hook: lambda: (value,)}) for _ in range(2))
        assert error_of(load, a=one, b=other) == f"{what} 'x' is given by two plugins"
        assert load(a=one).given_by("a", hook) == (value,)


class TestSettings:
    def test_a_plugin_brings_its_section(self, load: Callable[..., PluginRegistry]) -> None:
        registry = load({"qis.lamp.watts": "7"}, own=_with_settings())
        assert registry.settings[LampSettings].watts == 7

    def test_an_unknown_setting_stops_the_start(self, load: Callable[..., PluginRegistry]) -> None:
        with pytest.raises(SettingsError) as caught:
            load({"qis.lamp.wats": "7"}, own=_with_settings())
        assert caught.value.faults == ("qis.lamp.wats: unknown setting; did you mean qis.lamp.watts?",)

    def test_without_the_plugin_its_settings_are_unknown(self, load: Callable[..., PluginRegistry]) -> None:
        with pytest.raises(SettingsError, match=r"^qis\.lamp\.watts: unknown setting"):
            load({"qis.lamp.watts": "7"})

    def test_registering_hooks_may_use_the_settings(self, load: Callable[..., PluginRegistry]) -> None:
        def qis_operations(settings: Settings) -> tuple[Operation[Any], ...]:
            return (lamp(f"lamp{settings[LampSettings].watts}"),)

        own = _with_settings()
        own.qis_operations = hookimpl(qis_operations)
        assert [one.name for one in load({"qis.lamp.watts": "9"}, own=own).operations] == ["lamp9"]


class TestCollections:
    def test_operations_are_sorted_by_stage_then_name(self, load: Callable[..., PluginRegistry]) -> None:
        late, early = lamp("a", "a", Stage.TILE), lamp("z", "z", Stage.FLIP)
        same = lamp("b", "b", Stage.FLIP)
        registry = load(one=plugin(qis_operations=lambda: (late, early)), two=plugin(qis_operations=lambda: (same,)))
        assert [one.name for one in registry.operations] == ["b", "z", "a"]
        assert registry.operation["z"] is early

    def test_a_new_operation_brings_its_parameter(self, load: Callable[..., PluginRegistry]) -> None:
        registry = load(own=plugin(qis_operations=lambda: (lamp(parameter="watts"),)))
        assert "watts" in registry.parameters
        assert registry.parameters.parse([("watts", "5")]) == {"watts": 5}
        assert {one.owner for one in registry.parameters} == {"qis", "lamp"}

    def test_codecs_bring_their_format_words(self, load: Callable[..., PluginRegistry]) -> None:
        registry = load(own=plugin(qis_codecs=lambda: (codec("x", xx="", pxx="progressive"), codec("y"))))
        assert registry.format_names == ("xx", "pxx", "auto")
        assert registry.parameters.parse([("format", "PXX")]) == {"format": "pxx"}
        assert set(registry.codecs) == {"x", "y"}

    def test_what_is_given_is_told_by_plugin(self, load: Callable[..., PluginRegistry]) -> None:
        light = lamp()
        registry = load(one=plugin(qis_operations=lambda: (light,)), two=_with_settings())
        assert registry.given_by("one", "qis_operations") == (light,)
        assert registry.given_by("two", "qis_operations") == ()
        assert registry.given_by("two", "qis_settings") == (LampSettings,)
        assert registry.given_by("nothing_at_all", "qis_codecs") == ()

    def test_commands_join(self, load: Callable[..., PluginRegistry]) -> None:
        assert load(own=plugin(qis_commands=lambda: ("one", "two"))).commands == ("one", "two")


class TestDeciders:
    def test_the_first_named_plugin_is_asked_first(self, load: Callable[..., PluginRegistry]) -> None:
        formats = plugin(qis_codecs=lambda: (codec("x", xx="", yy="other"),))
        first, second = (plugin(qis_choose_format=lambda accept, facts, word=word: word) for word in ("xx", "yy"))
        silent = plugin(qis_choose_format=lambda accept, facts: None)
        assert load(f=formats, a=first, b=second).choose_format((), FACTS) == "xx"
        assert load(f=formats, b=second, a=first).choose_format((), FACTS) == "yy"
        assert load(f=formats, s=silent, b=second).choose_format((), FACTS) == "yy"
        assert load(f=formats, s=silent).choose_format((), FACTS) is None

    @pytest.mark.parametrize("word", ["eggs", "auto", ""])
    def test_a_format_nobody_writes_is_no_answer(self, load: Callable[..., PluginRegistry], word: str) -> None:
        chooser = plugin(qis_choose_format=lambda accept, facts: word, qis_codecs=lambda: (codec("x", xx=""),))
        assert load(own=chooser).choose_format(("image/x",), FACTS) is None

    @pytest.mark.parametrize(("answer", "vetoed"), [(True, True), (False, False), (None, False)])
    def test_a_plugin_can_refuse_access(
        self, load: Callable[..., PluginRegistry], answer: bool | None, vetoed: bool
    ) -> None:
        registry = load(own=plugin(qis_veto=lambda identity, access, path: answer))
        assert registry.has_veto
        assert registry.is_vetoed(ANONYMOUS, AccessLevel.VIEW, ROOT) is vetoed

    def test_the_veto_sees_who_wants_what(self, load: Callable[..., PluginRegistry]) -> None:
        def qis_veto(access: AccessLevel, path: RepositoryPath) -> bool:
            return access > AccessLevel.VIEW and path.is_within(RepositoryPath(("secret",)))

        registry = load(own=plugin(qis_veto=qis_veto))
        secret, open_ = RepositoryPath(("secret", "a.jpg")), RepositoryPath(("a.jpg",))
        assert registry.is_vetoed(ANONYMOUS, AccessLevel.DOWNLOAD, secret)
        assert not registry.is_vetoed(ANONYMOUS, AccessLevel.VIEW, secret)
        assert not registry.is_vetoed(ANONYMOUS, AccessLevel.DOWNLOAD, open_)

    def test_a_broken_lock_is_a_closed_door(
        self, load: Callable[..., PluginRegistry], caplog: pytest.LogCaptureFixture
    ) -> None:
        def qis_veto() -> bool:
            raise RuntimeError("broken")

        assert load(own=plugin(qis_veto=qis_veto)).is_vetoed(ANONYMOUS, AccessLevel.VIEW, ROOT)
        assert "a plugin failed in qis_veto; access refused" in caplog.text

    def test_without_a_veto_nobody_is_asked(self, load: Callable[..., PluginRegistry]) -> None:
        registry = load()
        assert not registry.has_veto
        assert not registry.is_vetoed(ANONYMOUS, AccessLevel.VIEW, ROOT)


class TestEvents:
    def test_everybody_is_told_in_order_whoever_fails(
        self, load: Callable[..., PluginRegistry], caplog: pytest.LogCaptureFixture
    ) -> None:
        told: list[object] = []

        def broken(event: Deleted) -> None:
            told.append("broken")
            raise RuntimeError("no")

        registry = load(
            first=plugin(qis_after_delete=_teller(told)),
            second=plugin(qis_after_delete=broken),
            third=plugin(qis_after_delete=lambda: told.append("third")),
            other=plugin(qis_after_upload=lambda event: told.append("upload")),
        )
        event = Deleted(path=ROOT, identity=ANONYMOUS)
        with caplog.at_level(logging.ERROR):
            registry.notify("qis_after_delete", event)
        assert told == [event, "broken", "third"]
        assert "plugin second failed in qis_after_delete" in caplog.text


@section("lamp")
@dataclass(frozen=True, kw_only=True)
class LampSettings:
    """Light."""

    watts: int = setting(5, minimum=1, help="Power")


def _teller(told: list[object]) -> Callable[[Deleted], None]:
    def tell(event: Deleted) -> None:
        told.append(event)

    return tell


def _with_settings() -> SimpleNamespace:
    return plugin(qis_settings=lambda: (LampSettings,))


def test_kinds_of_parameters_are_part_of_the_api() -> None:
    """What plugin authors import from the package itself."""
    assert Boolean().parse("yes") is True
    assert Integer(0, 1).describe() == "an integer from 0 to 1"


def test_two_codecs_cannot_claim_one_format_word() -> None:
    def codec(name: str, extension: str) -> Codec:
        encoder = Encoder(lambda frames, request: b"", {"eggs": ""}, ("RGB",))
        return Codec(name, "image/eggs", (extension,), lambda head: False, encoder=encoder)

    with pytest.raises(PluginError, match=r"format 'eggs' is claimed by 'one' and by 'two'"):
        registry_of(qis_codecs=lambda: (codec("one", "a1"), codec("two", "a2")))


def test_two_codecs_cannot_claim_one_extension() -> None:
    def codec(name: str) -> Codec:
        return Codec(name, "image/eggs", ("eggs",), lambda head: False)

    with pytest.raises(PluginError, match=r"extension 'eggs' is claimed by 'one' and by 'two'"):
        registry_of(qis_codecs=lambda: (codec("one"), codec("two")))


def test_a_plugin_that_fails_while_registering_is_named() -> None:
    def fail() -> tuple[object, ...]:
        raise RuntimeError("no eggs left")

    with pytest.raises(PluginError, match=r"plugin 'inline' failed in qis_codecs: no eggs left"):
        registry_of(qis_codecs=fail)


def test_two_plugins_cannot_declare_one_section() -> None:
    def declare() -> type[object]:
        @section("eggs")
        @dataclass(frozen=True, kw_only=True)
        class Eggs:
            count: int = setting(1, help="How many")

        return Eggs

    with pytest.raises(SettingsError, match=r"qis\.eggs: two plugins declare this section"):
        registry_of(qis_settings=lambda: (declare(), declare()))


def registry_of(**hooks: Callable[..., object]) -> PluginRegistry:
    plugin = type("Inline", (), {name: staticmethod(hookimpl(function)) for name, function in hooks.items()})()
    return PluginRegistry.load({}, {}, {"inline": plugin})
