"""The kinds of parameters that the geometry operations bring: they parse, check, format and describe themselves."""

import re

import pytest

from qis_core.imaging.color import Colour
from qis_core.imaging.params import Kind, declared
from qis_core.imaging.settings import ImagesSettings
from qis_core.settings import Settings
from qis_plugins.operations import GEOMETRY
from qis_plugins.operations.focus import Focus
from qis_plugins.operations.placement import Alignment
from qis_plugins.operations.tile import TileSpec

DEFAULTS = Settings.of(ImagesSettings())
TILE = TileSpec(lambda settings: settings[ImagesSettings].max_grid_tiles).bind(DEFAULTS)
KINDS: dict[str, tuple[Kind, list[str]]] = {
    "colour": (Colour(allow_auto=True), ["ff0000", "00000000", "ff000080", "auto"]),
    "alignment": (Alignment("LCR"), ["L0", "C0.5", "R0.33333"]),
    "focus": (Focus(), ["smart", "0.5,0.25", "0,1"]),
    "tile": (TILE, ["1:1", "2:9", "256:256"]),
}


@pytest.mark.parametrize("name", KINDS)
def test_canonical_values_stay_what_they_are(name: str) -> None:
    kind, values = KINDS[name]
    for value in values:
        assert kind.check(value) == value
        assert kind.check(kind.parse(kind.format(value))) == value


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_blank_is_not_given(name: str, text: str) -> None:
    assert KINDS[name][0].parse(text) is None


@pytest.mark.parametrize("name", KINDS)
def test_schemas_hold_for_canonical_values(name: str) -> None:
    kind, values = KINDS[name]
    schema = kind.schema()
    assert schema["type"] == "string"
    pattern = str(schema.get("pattern", "^.{3,32}$"))
    assert all(re.search(pattern, value) for value in values)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("value", [None, 7, 1.5, ("a",), b"x", ["1:4"]])
def test_values_of_other_types_are_refused(name: str, value: object) -> None:
    """Templates are stored as JSON, which may hold anything."""
    with pytest.raises(ValueError, match="expected"):
        KINDS[name][0].check(value)


@pytest.mark.parametrize("name", KINDS)
def test_descriptions_show_how_to_write_one(name: str) -> None:
    kind, _ = KINDS[name]
    assert kind.describe()
    assert kind.bind(DEFAULTS) == kind


def test_the_tile_bound_comes_from_the_settings() -> None:
    unbound = TileSpec(lambda settings: settings[ImagesSettings].max_grid_tiles)
    assert unbound.bind(Settings.of(ImagesSettings(max_grid_tiles=4))).max_grid == 4
    assert "up to 256" in TILE.describe()


def test_every_parameter_of_the_geometry_is_documented_and_named_once() -> None:
    infos = [info for operation in GEOMETRY for info in declared(operation.params)]
    assert sorted(info.name for info in infos) == sorted(
        [
            *("flip", "angle", "left", "top", "right", "bottom", "autocropfit", "focus", "tile", "fill"),
            *("width", "height", "autosizefit", "fit", "dpr", "halign", "valign"),
        ]
    )
    assert all(len(info.help) > 10 for info in infos)


def test_template_keys_are_those_of_the_specification() -> None:
    keys = {info.name: info.key for operation in GEOMETRY for info in declared(operation.params)}
    renamed = {name: key for name, key in keys.items() if name != key}
    assert renamed == {
        "angle": "rotation",
        "autocropfit": "crop_fit",
        "autosizefit": "size_fit",
        "halign": "align_h",
        "valign": "align_v",
    }
