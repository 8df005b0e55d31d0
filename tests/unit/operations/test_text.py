"""text, textsize, textcolor, textpos, textopacity, textoutline."""

import importlib.metadata
import importlib.resources
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from qis_core.errors import InvalidRequest
from qis_core.settings import Settings
from qis_plugins.operations.fonts import TextSettings, load_font
from qis_plugins.operations.text import MAX_CHARACTERS, MAX_LINES, text
from tests.support.render import Shown, Stage, pixels, plan, show

GROUND = 100


def ground(size: tuple[int, int] = (400, 200), mode: str = "RGB") -> Image.Image:
    return Image.new("RGB", size, (GROUND,) * 3).convert(mode)


def written(words: str = "Hello", *, image: Image.Image | None = None, **texts: str) -> Shown:
    return show(text, image or ground(), text=words, **texts)


def ink(result: Shown) -> tuple[int, int, int, int]:
    """The box of all that was drawn."""
    changed = np.abs(pixels(result.image.convert("L")) - GROUND) > 8
    box = Image.fromarray(changed).getbbox()
    assert box is not None, "nothing was drawn"
    return box


class TestPlace:
    @pytest.mark.parametrize("y", [0, 1, 2])
    @pytest.mark.parametrize("x", [0, 1, 2])
    def test_is_in_its_part_of_the_picture(self, x: int, y: int) -> None:
        position = ("nw", "n", "ne", "w", "c", "e", "sw", "s", "se")[3 * y + x]
        left, top, right, bottom = ink(written(textpos=position, textsize="30"))
        assert abs((left + right) / 2 - (0.12, 0.5, 0.88)[x] * 400) < 24
        assert abs((top + bottom) / 2 - (0.12, 0.5, 0.88)[y] * 200) < 16

    def test_keeps_off_the_edge(self) -> None:
        left, top, right, bottom = ink(written(textsize="40", textpos="se"))
        assert (400 - right, 200 - bottom) == pytest.approx((14, 14), abs=4)
        assert left > 100
        assert top > 100

    def test_is_at_the_south_east_by_default(self) -> None:
        assert plan(text, ground(), text="x").position == "se"


class TestSize:
    def test_percent_is_of_the_shorter_side(self) -> None:
        assert plan(text, ground(), text="x", textsize="10%") == plan(text, ground(), text="x", textsize="20")

    def test_twice_the_size_is_twice_as_high(self) -> None:
        heights = [bottom - top for _, top, _, bottom in (ink(written("H", textsize=size)) for size in ("30", "60"))]
        assert heights[1] / heights[0] == pytest.approx(2, rel=0.15)

    @pytest.mark.parametrize("size", [(400, 200), (60, 400), (33, 9), (8, 8)])
    @pytest.mark.parametrize("words", ["W" * MAX_CHARACTERS, "one two three", "\n".join("W" * MAX_LINES)])
    def test_never_leaves_the_picture(self, size: tuple[int, int], words: str) -> None:
        result = written(words[:MAX_CHARACTERS], image=ground(size), textsize="2000")
        assert result.image.size == size

    def test_too_long_a_line_becomes_smaller(self) -> None:
        left, _, right, _ = ink(written("a rather long line of text", textsize="100", textpos="c"))
        assert 0 < left < 40
        assert 360 < right < 400

    @pytest.mark.parametrize("size", [(1, 1), (1, 50), (3, 2)])
    def test_no_room_is_no_text(self, size: tuple[int, int]) -> None:
        image = ground(size)
        assert written(image=image, textsize="20").image.tobytes() == image.tobytes()

    def test_large_requests_stay_quick(self) -> None:
        start = time.perf_counter()
        written("W" * MAX_CHARACTERS, image=ground((1500, 1000)), textsize="2000")
        assert time.perf_counter() - start < 5


class TestColour:
    def test_letters_have_the_colour(self) -> None:
        result = written("█" * 3, textcolor="f00", textsize="60", textpos="c", textoutline="0")
        assert (pixels(result.image) == (255, 0, 0)).all(axis=2).sum() > 1000

    @pytest.mark.parametrize(("color", "outline"), [("ffffff", 0), ("ffff00", 0), ("000000", 255), ("00f", 255)])
    def test_outline_contrasts(self, color: str, outline: int) -> None:
        assert (pixels(written("H", textcolor=color, textsize="120").image) == outline).all(axis=2).sum() > 50

    def test_outline_can_be_left_away(self) -> None:
        result = written("H", textsize="120", textoutline="0")
        assert result.array.min() == GROUND

    def test_opacity_mixes(self) -> None:
        result = written("█", textsize="120", textpos="c", textopacity="0.5", textoutline="no")
        assert result.array.max() == pytest.approx((GROUND + 255) / 2, abs=1)

    @pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "CMYK"])
    def test_every_mode(self, mode: str) -> None:
        result = show(text, ground(mode=mode), Stage("tiff"), text="█", textsize="150", textpos="c")
        assert result.image.mode == mode
        assert result.image.convert("L").getextrema()[1] == 255

    def test_is_seen_on_nothing(self) -> None:
        clear = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
        result = written("H", image=clear, textsize="60")
        assert result.image.getchannel("A").getextrema() == (0, 255)


class TestLines:
    def test_every_line_is_drawn(self) -> None:
        one, three = ink(written("Hg", textsize="20")), ink(written("Hg\nHg\nHg", textsize="20"))
        assert (three[3] - three[1]) > 2.2 * (one[3] - one[1])

    def test_line_ends_of_all_systems_are_one(self) -> None:
        steps = {plan(text, ground(), text=words) for words in ("a\nb", "a\r\nb", "a\rb", "a  \nb \n")}
        assert len(steps) == 1

    def test_composed_and_decomposed_are_one(self) -> None:
        assert plan(text, ground(), text="é") == plan(text, ground(), text="e\u0301")


class TestUnicode:
    @pytest.mark.parametrize(
        ("words", "font"),
        [
            ("Hello Привет Ελλη", "KurintoSans-Bd"),
            ("שלום مرحبا नमस्ते ไทย", "KurintoSans-Bd"),
            ("水印", "KurintoSansSC-Bd"),
            ("水印です", "KurintoSansJP-Bd"),
            ("한국어", "KurintoSansKR-Bd"),
        ],
    )
    def test_the_font_knows_the_script(self, words: str, font: str) -> None:
        step = plan(text, ground(), text=words)
        assert step.font == font
        loaded = load_font(font, 40, Settings({}))
        unknown = loaded.getmask("\U0010fffd").getbbox()
        for character in words.replace(" ", ""):
            drawn = loaded.getmask(character)
            assert bytes(drawn) != bytes(loaded.getmask("\U0010fffd")) or drawn.getbbox() != unknown, character

    def test_right_to_left_is_shaped(self) -> None:
        joined, apart = written("ببب", textsize="60"), written("ب\u200cب\u200cب", textsize="60")
        assert joined.image.tobytes() != apart.image.tobytes()

    @pytest.mark.parametrize("words", ["\U0001f9d1\u200d\U0001f680", "\U0010fffd", "\u202ex\u202c", "a\u0300" * 50])
    def test_odd_texts_are_drawn_somehow(self, words: str) -> None:
        assert written(words, textsize="20").image.size == (400, 200)

    @settings(max_examples=40, deadline=None)
    @given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30))
    def test_any_text_is_drawn_or_empty(self, words: str) -> None:
        if plan(text, ground((60, 40)), text=words) is not None:
            assert written(words, image=ground((60, 40))).image.size == (60, 40)


class TestRefusals:
    @pytest.mark.parametrize("words", ["a\0b", "a\x1b[31m", "\x7f", "\ud800"])
    def test_control_characters(self, words: str) -> None:
        with pytest.raises(InvalidRequest, match=r"text: U\+[0-9A-F]{4} cannot be drawn"):
            plan(text, ground(), text=words)

    def test_too_long(self) -> None:
        with pytest.raises(InvalidRequest, match="text: 501 is out of range"):
            plan(text, ground(), text="a" * 501)

    def test_too_many_lines(self) -> None:
        with pytest.raises(InvalidRequest, match="text: 21 lines are out of range"):
            plan(text, ground(), text="\n".join("a" * 21))

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("textsize", "2001", "out of range"),
            ("textsize", "101%", "out of range"),
            ("textsize", "-3", "not a length"),
            ("textcolor", "spam", "not a valid choice"),
            ("textpos", "middle", "not a valid choice"),
            ("textopacity", "2", "out of range"),
        ],
    )
    def test_other_values(self, name: str, value: str, message: str) -> None:
        with pytest.raises(InvalidRequest, match=f"{name}: .*{message}"):
            plan(text, ground(), text="x", **{name: value})

    @pytest.mark.parametrize(
        "texts",
        [
            *({}, {"text": ""}, {"text": " \n "}, {"textsize": "40"}),
            *({"text": "x", **unseen} for unseen in ({"textopacity": "0"}, {"textsize": "0"}, {"textcolor": "none"})),
        ],
    )
    def test_what_counts_as_none(self, texts: dict[str, Any]) -> None:
        assert plan(text, ground(), **texts) is None


class TestOwnFont:
    @pytest.fixture
    def font(self, tmp_path: Path) -> Path:
        package = importlib.resources.files("weblate_fonts") / "static" / "weblate_fonts"
        path = tmp_path / "House.ttf"
        path.write_bytes((package / "source-code" / "ttf" / "SourceCodePro-Bold.ttf").read_bytes())
        return path

    def test_takes_the_place_of_all_others(self, font: Path) -> None:
        own = Stage(settings=Settings.of(TextSettings(font=font)))
        assert plan(text, ground(), own, text="Hello").font.startswith("House@")
        assert show(text, ground(), own, text="Hello").image.tobytes() != written("Hello").image.tobytes()

    def test_another_version_of_it_makes_other_steps(self, font: Path) -> None:
        own = Stage(settings=Settings.of(TextSettings(font=font)))
        before = plan(text, ground(), own, text="Hello")
        font.write_bytes(font.read_bytes() + b"\0")
        assert plan(text, ground(), own, text="Hello") != before

    @pytest.mark.parametrize("content", [None, b"no font"])
    def test_a_broken_one_is_replaced(self, content: bytes | None, tmp_path: Path) -> None:
        path = tmp_path / "broken.ttf"
        if content is not None:
            path.write_bytes(content)
        own = Stage(settings=Settings.of(TextSettings(font=path)))
        assert show(text, ground(), own, text="Hello").image.tobytes() == written("Hello").image.tobytes()


def test_fonts_come_with_their_licence() -> None:
    assert importlib.metadata.metadata("weblate-fonts")["License-Expression"] == "OFL-1.1"
    assert isinstance(load_font("KurintoSans-Bd", 12, Settings({})), ImageFont.FreeTypeFont)
