"""``qis template|stats|sign|plugins|settings|cache``: what they print and how they exit."""

import json
import os
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from click.testing import CliRunner, Result

from qis_core.catalog.models import Template
from qis_core.contracts.cache import Cache
from qis_core.domain.access import PUBLIC_GROUP_ID
from qis_core.domain.paths import RepositoryPath
from qis_core.plugins import PluginRegistry
from qis_core.services.changes import Changes
from qis_core.services.epochs import Epochs, Subject
from qis_core.services.signing import SignedParts, SigningSettings, UrlSigner
from qis_core.services.statistics import Kind, Observation, Statistics
from qis_core.services.templates import Templates
from qis_core.settings import Secret, Settings
from qis_plugins.memory.cache import MemoryCache
from qis_web.cli import main
from qis_web.cli.cache import COMMANDS as CACHE_COMMANDS
from tests.support.catalogs import add_image, audit_of, catalog_at, prepared_catalog

Qis = Callable[..., Result]
KEY = "a long enough key"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory after its first run; no setting comes from this machine."""
    for name in os.environ:
        if name.startswith("QIS_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "data"
    folder.mkdir()
    with prepared_catalog(folder / "catalog.sqlite3"):
        return folder


@pytest.fixture
def qis(data: Path) -> Qis:
    """Run ``qis ARGUMENTS``; ``code`` is the exit code it must have."""

    def run(*arguments: str, code: int = 0, **variables: str) -> Result:
        result = CliRunner().invoke(main, ["--data", str(data), *arguments], env=variables)
        assert result.exit_code == code, result.output
        return result

    return run


def shown(qis: Qis, *arguments: str, **variables: str) -> Any:
    return json.loads(qis("--json", *arguments, **variables).stdout)


class TestTemplate:
    def test_list(self, qis: Qis) -> None:
        assert qis("template", "list").stdout.splitlines()[0] == "Default (default): Used where no template is named"
        listed = shown(qis, "template", "list")
        assert [one["name"] for one in listed] == ["Default", "Precache", "SmallJpeg"]
        assert [one["is_default"] for one in listed] == [True, False, False]

    def test_list_tells_which_cannot_be_used(self, qis: Qis, data: Path) -> None:
        with closing(catalog_at(data / "catalog.sqlite3")) as catalog, catalog.begin() as session:
            session.add(Template(name="Old", template={"width": {"value": 99999}}))
        assert qis("template", "list").stdout.splitlines()[-1].startswith("Old cannot be used: width: 99999 is out of")
        assert shown(qis, "template", "list")[-1]["name"] == "Old"

    def test_set_and_show(self, qis: Qis) -> None:
        done = qis("template", "set", "Wall", "width=800", "rotation=90", "strip=no", "--description", "For walls")
        assert done.stdout == "template Wall saved\n"
        one = shown(qis, "template", "show", "WALL")
        values = {"width": {"value": 800}, "rotation": {"value": 90.0}, "strip": {"value": False}}
        assert one == {"name": "Wall", "description": "For walls", "is_default": False, "template": values}
        assert qis("template", "show", "wall").stdout.splitlines() == [
            "Wall: For walls",
            "  width = 800",
            "  rotation = 90.0",
            "  strip = False",
        ]

    def test_set_replaces_all_values_and_keeps_the_description(self, qis: Qis) -> None:
        qis("template", "set", "Wall", "width=800", "--description", "For walls")
        qis("template", "set", "wall", "height=5")
        one = shown(qis, "template", "show", "wall")
        assert (one["template"], one["description"]) == ({"height": {"value": 5}}, "For walls")

    def test_blank_texts_are_left_out(self, qis: Qis) -> None:
        qis("template", "set", "Wall", "format=", "width=")
        assert shown(qis, "template", "show", "wall")["template"] == {"width": {"value": 0}}

    def test_locks(self, qis: Qis) -> None:
        qis("template", "set", "Wall", "width=800", "strip=1", "--lock", "width=lte", "--lock", "strip=no")
        stored = shown(qis, "template", "show", "wall")["template"]
        assert stored["width"] == {"value": 800, "override": "lte"}
        assert stored["strip"] == {"value": True, "override": "no"}
        assert "  width = 800 (at most)" in qis("template", "show", "wall").stdout

    @pytest.mark.parametrize(
        ("arguments", "code", "message"),
        [
            (("width=99999",), 2, "qis: width: 99999 is out of range"),
            (("width=wide",), 2, "qis: width: 'wide' is not an integer"),
            (("quality=0",), 2, "qis: quality: 0 is out of range"),
            (("expiry_secs=-2",), 2, "qis: expiry_secs: -2 is out of range"),
            (("nonsense=1",), 2, "qis: nonsense: not a template attribute"),
            (("width=5", "--lock", "height=no"), 2, "qis: height: a lock needs a value"),
            (("width=5", "--lock", "width=perhaps"), 2, "qis: width: override 'perhaps' is not a valid choice"),
            (("strip=1", "--lock", "strip=lte"), 2, "qis: strip: override 'lte' needs a number"),
            (("width",), 1, "'width' is not right; expected KEY=VALUE"),
            (("=5",), 1, "'=5' is not right; expected KEY=VALUE"),
        ],
    )
    def test_case_107_wrong_values(self, qis: Qis, arguments: tuple[str, ...], code: int, message: str) -> None:
        assert message in qis("template", "set", "Wall", *arguments, code=code).stderr
        qis("template", "show", "Wall", code=2)

    def test_default_and_delete(self, qis: Qis) -> None:
        refused = qis("template", "delete", "default", code=2)
        assert "'Default' is the default template; choose another default first" in refused.stderr
        assert qis("template", "default", "smalljpeg").stdout == "template SmallJpeg is the default now\n"
        assert qis("template", "delete", "default").stdout == "template default deleted\n"
        assert [one["name"] for one in shown(qis, "template", "list")] == ["Precache", "SmallJpeg"]

    @pytest.mark.parametrize("command", ["show", "delete", "default"])
    def test_an_unknown_one(self, qis: Qis, command: str) -> None:
        assert "'nope'" in qis("template", command, "nope", code=2).stderr

    def test_the_shell_is_named_in_the_audit(self, qis: Qis, data: Path) -> None:
        qis("template", "set", "Wall", "width=800")
        with closing(catalog_at(data / "catalog.sqlite3")) as catalog:
            assert audit_of(catalog) == [("shell", "create", "template:Wall", "")]


class TestStats:
    @pytest.fixture
    def image(self, data: Path) -> int:
        with closing(catalog_at(data / "catalog.sqlite3")) as catalog:
            image_id = add_image(catalog, "t/l.jpg")
            statistics = Statistics(catalog, Settings.of())
            statistics.record(Observation(image_id, Kind.CACHED, 500, 0.25))
            statistics.record(Observation(image_id, Kind.ORIGINAL, 1000, 0.75, record_image=False))
            statistics.close()
            return image_id

    def test_the_whole_server(self, qis: Qis, image: int) -> None:
        assert qis("stats", "show").stdout.splitlines() == [
            "requests      2",
            "views         1 (1 from the cache)",
            "downloads     1",
            "bytes         1500",
            "seconds       0.500 on average, 0.750 at most",
        ]

    def test_one_image(self, qis: Qis, image: int) -> None:
        counts = shown(qis, "stats", "show", "/t//l.jpg", "--days", "1")
        assert counts == {
            "src": "/t//l.jpg",
            "days": 1.0,
            "requests": 2,
            "views": 1,
            "cached_views": 1,
            "downloads": 0,
            "total_bytes": 500,
            "request_seconds": 0.25,
            "max_request_seconds": 0.25,
        }

    def test_nothing_served_is_no_division(self, qis: Qis) -> None:
        assert "0.000 on average" in qis("stats", "show").stdout

    def test_an_unknown_image(self, qis: Qis) -> None:
        assert "t/none.jpg is not in the catalog" in qis("stats", "show", "t/none.jpg", code=2).stderr

    def test_purge(self, qis: Qis, image: int, data: Path) -> None:
        assert qis("stats", "purge").stdout == "0 rows deleted\n"
        with closing(catalog_at(data / "catalog.sqlite3")) as catalog, catalog.begin() as session:
            from_time = datetime(2001, 1, 1, tzinfo=UTC)
            session.connection().exec_driver_sql(
                "UPDATE system_statistics SET from_time = ?, to_time = ?", (from_time.isoformat(" "),) * 2
            )
        assert shown(qis, "stats", "purge") == {"deleted": 1}


class TestSign:
    SIGNER = UrlSigner(Settings.of(SigningSettings(mode="required", keys=(Secret(KEY),))))

    def check(self, url: str, now: float | None = None) -> None:
        split = urlsplit(url)
        self.SIGNER.check(SignedParts(unquote_to_bytes(split.path), split.query), now=now)

    def test_a_url_is_signed(self, qis: Qis) -> None:
        keys = ",".join(key.replace(" ", "-") for key in (KEY, "an older key of ours"))
        signed = qis("sign", "https://a.example/image?src=a.jpg&width=5", QIS_SIGNING_KEYS=keys).stdout.strip()
        assert signed.startswith("https://a.example/image?src=a.jpg&width=5&sig=")
        UrlSigner(Settings.of(SigningSettings(mode="required", keys=(Secret(KEY.replace(" ", "-")),)))).check(
            SignedParts(b"/image", urlsplit(signed).query)
        )

    def test_an_expiry_counts_from_now(self, qis: Qis) -> None:
        answer = shown(qis, "sign", "/image?src=a.jpg", "--expires-in", "60", QIS_SIGNING_KEYS="k" * 20)
        assert 0 < answer["expires_at"] - time.time() <= 60
        assert f"&until={answer['expires_at']}&sig=" in answer["url"]

    @pytest.mark.parametrize("seconds", ["0", "-5", "soon", "1.5", "99999999999"])
    def test_a_wrong_expiry(self, qis: Qis, seconds: str) -> None:
        assert "--expires-in" in qis("sign", "/image", f"--expires-in={seconds}", code=1).stderr

    def test_without_a_key(self, qis: Qis) -> None:
        assert qis("sign", "/image", code=2).stderr == "qis: no key to sign with; set qis.signing.keys\n"

    def test_a_key_that_is_too_short(self, qis: Qis) -> None:
        refused = qis("sign", "/image", code=2, QIS_SIGNING_KEYS="short")
        assert "a key is too short" in refused.stderr
        assert "short\n" not in refused.output

    def test_a_url_that_is_signed_already(self, qis: Qis) -> None:
        refused = qis("sign", "/image?sig=x", code=2, QIS_SIGNING_KEYS="k" * 20)
        assert "sig: is in the URL already" in refused.stderr


class TestPlugins:
    def test_everything_a_plugin_brings(self, qis: Qis) -> None:
        plugins = {one["name"]: one for one in shown(qis, "plugins")}
        operations = plugins["operations"]
        assert operations["distribution"] == "qis"
        assert operations["version"]
        assert {"crop", "resize", "rotate"} <= set(operations["operations"])
        assert "qis_operations" in operations["hooks"]
        assert {"jpeg", "png"} <= set(plugins["pillow"]["codecs"])
        assert plugins["sqlite"]["databases"] == ["sqlite"]
        assert plugins["sqlite"]["settings"] == ["qis.sqlite"]
        assert "disk" in plugins["disk"]["caches"]

    def test_as_text(self, qis: Qis) -> None:
        lines = qis("plugins").stdout.splitlines()
        title = next(line for line in lines if line.startswith("sqlite"))
        assert title.startswith("sqlite  (qis ")
        assert "  databases: sqlite" in lines
        assert not [line for line in lines if line.endswith(": ")]

    def test_the_order_is_that_of_the_setting(self, qis: Qis) -> None:
        names = [one["name"] for one in shown(qis, "plugins", QIS_PLUGINS="sqlite memory disk")]
        assert names == ["sqlite", "memory", "disk"]

    def test_a_missing_plugin(self, qis: Qis) -> None:
        refused = qis("plugins", code=2, QIS_PLUGINS="nope")
        assert "qis: qis.plugins: no plugin 'nope' is installed" in refused.stderr


class TestSettings:
    def test_values_and_origins(self, qis: Qis) -> None:
        lines = qis("settings", "qis.images", QIS_IMAGES_MAX_DIMENSION="100").stdout.splitlines()
        assert "qis.images.max_dimension = 100  (QIS_IMAGES_MAX_DIMENSION)" in lines
        assert "qis.images.linear_light = True  (default)" in lines
        assert all(line.startswith("qis.images.") for line in lines)

    def test_details(self, qis: Qis) -> None:
        values = {one["name"]: one for one in shown(qis, "settings")}
        one = values["qis.images.max_dimension"]
        assert (one["value"], one["default"], one["origin"]) == (15000, 15000, "default")
        assert (one["environment"], one["type"], one["unit"]) == ("QIS_IMAGES_MAX_DIMENSION", "integer", "px")
        assert (one["minimum"], one["maximum"]) == (1, 65535)
        assert values["qis.cache.tiers"]["value"] == ["memory", "disk"]
        assert values["qis.sqlite.path"]["origin"] == "ini"

    def test_secrets_are_masked(self, qis: Qis, tmp_path: Path) -> None:
        (tmp_path / "keys").write_text(f"{'s3cret' * 4} {'0ther' * 4}", encoding="utf-8")
        variables = {"QIS_SIGNING_KEYS_FILE": str(tmp_path / "keys")}
        for output in (qis("settings", **variables).output, qis("--json", "settings", **variables).output):
            assert "s3cret" not in output
            assert "0ther" not in output
        assert "qis.signing.keys = ***, ***  (QIS_SIGNING_KEYS_FILE)" in qis("settings", **variables).stdout

    def test_only_what_is_set(self, qis: Qis) -> None:
        lines = qis("settings", "--changed", QIS_STATISTICS_KEEP_DAYS="3").stdout.splitlines()
        assert "qis.statistics.keep_days = 3  (QIS_STATISTICS_KEEP_DAYS)" in lines
        assert not [line for line in lines if line.endswith("(default)")]

    def test_all_faults_at_once(self, qis: Qis) -> None:
        refused = qis("settings", code=2, QIS_IMAGES_MAX_DIMENSION="0", QIS_NONSENSE="1", QIS_CACHE_TEIRS="memory")
        assert "qis.images.max_dimension: 0 is out of range; expected 1 to 65535 px" in refused.stderr
        assert "QIS_NONSENSE: unknown setting" in refused.stderr
        assert "QIS_CACHE_TEIRS: unknown setting; did you mean QIS_CACHE_TIERS?" in refused.stderr


class TestCache:
    """On the real command line with the disk cache, and with a memory cache where its content is looked at."""

    @pytest.fixture
    def shop(self, data: Path) -> Any:
        """What commands get, made of real parts, with a memory cache instead of a process of its own."""
        catalog = catalog_at(data / "catalog.sqlite3")
        changes = Changes(catalog)
        cache: Cache = MemoryCache(1_000_000)
        emitted: list[Any] = []
        registry = PluginRegistry.load({}, {})
        yield SimpleNamespace(
            catalog=catalog,
            cache=cache,
            epochs=Epochs(catalog, changes),
            templates=Templates(catalog, registry.parameters, changes),
            emit=lambda value, text: emitted.append(value),
            emitted=emitted,
        )
        catalog.close()

    def run(self, shop: Any, *arguments: str) -> Any:
        result = CliRunner().invoke(CACHE_COMMANDS[0], arguments, obj=shop, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return shop.emitted[-1]

    def fill(self, shop: Any) -> Subject:
        subject = Subject(add_image(shop.catalog, "a/b/c.jpg"), RepositoryPath.parse("a/b"), "Wall")
        shop.cache.set("mine", b"1", tags=list(subject.scopes()))
        shop.cache.set("other", b"2", tags=list(Subject(99, RepositoryPath.parse("z")).scopes()))
        return subject

    def test_purging_frees_space_and_changes_keys(self, shop: Any) -> None:
        subject = self.fill(shop)
        scope = f"image:{subject.image_id}"
        assert self.run(shop, "purge", "--image", "a/b/c.jpg") == {"scope": scope, "removed": 1}
        assert (shop.cache.get("mine"), shop.cache.get("other")) == (None, b"2")
        assert shop.epochs.salt(subject) == f"{scope}=1"

    @pytest.mark.parametrize("folder", ["a/b", "/a", "/"])
    def test_purging_a_folder(self, shop: Any, folder: str) -> None:
        subject = self.fill(shop)
        self.run(shop, "purge", "--folder", folder)
        assert shop.cache.get("mine") is None
        assert shop.epochs.salt(subject) != ""
        assert (shop.cache.get("other") is None) == (folder == "/")

    def test_purging_a_template(self, shop: Any) -> None:
        subject = Subject(1, RepositoryPath.parse("a"), "SmallJpeg")
        shop.cache.set("small", b"1", tags=list(subject.scopes()))
        assert self.run(shop, "purge", "--template", "smallJPEG") == {"scope": "template:smalljpeg", "removed": 1}
        assert shop.epochs.salt(subject) == "template:smalljpeg=1"

    def test_clearing_forgets_everything(self, shop: Any) -> None:
        subject = self.fill(shop)
        assert self.run(shop, "clear") == {"cleared": True}
        assert (shop.cache.get("mine"), shop.cache.get("other")) == (None, None)
        assert shop.epochs.salt(subject) == shop.epochs.salt(Subject(99, RepositoryPath())) == "all=1"

    def test_stats(self, shop: Any, qis: Qis) -> None:
        self.fill(shop)
        (one,) = self.run(shop, "stats")
        assert (one["cache"], one["entries"]) == ("MemoryCache", 2)
        assert one["max_bytes"] > one["size_bytes"] > 0
        tiers = shown(qis, "cache", "stats")
        assert [one["cache"] for one in tiers] == ["MemoryCache", "DiskCache"]
        assert qis("cache", "stats").stdout.splitlines()[1].startswith("DiskCache: 0 entries, 0 of ")

    @pytest.mark.parametrize(
        ("options", "code", "message"),
        [
            ((), 1, "expected one of --image, --folder and --template"),
            (("--image", "a.jpg", "--folder", "a"), 1, "expected one of --image, --folder and --template"),
            (("--image", "none.jpg"), 2, "none.jpg is not in the catalog"),
            (("--image", "../x"), 2, "access denied"),
            (("--folder", "none"), 2, "/none is not in the catalog"),
            (("--template", "nope"), 2, "'nope' is not a valid choice"),
        ],
    )
    def test_wrong_purges(self, qis: Qis, options: tuple[str, ...], code: int, message: str) -> None:
        assert message in qis("cache", "purge", *options, code=code).stderr

    def test_on_the_command_line(self, qis: Qis, data: Path) -> None:
        assert qis("cache", "clear").stdout == "every derivative is forgotten\n"
        assert qis("cache", "purge", "--folder", "/").stdout == "purged folder:/; 0 entries removed\n"
        with closing(catalog_at(data / "catalog.sqlite3")) as catalog:
            assert [entry[:3] for entry in audit_of(catalog)] == [
                ("shell", "purge", "cache:all"),
                ("shell", "purge", "cache:folder:/"),
            ]


def test_the_public_group_is_there_in_the_prepared_catalog(qis: Qis) -> None:
    """The fixture of this file is a real first run."""
    assert PUBLIC_GROUP_ID in {one["id"] for one in shown(qis, "group", "list")}
