"""The operation contract finds the faults that plugin authors make, and nothing in a right operation."""

import inspect
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis.errors import Flaky
from PIL import Image, ImageOps

from qis_core import Boolean, Integer, RenderContext, Stage, Text, operation, param
from qis_core.contracts.codec import Metadata
from qis_core.contracts.operation import Canvas, Operation
from qis_core.domain.images import Size
from qis_core.imaging.profiles import join_alpha, split_alpha
from qis_core.settings import Settings
from qis_core.testing.operation_contract import OperationContract

Render = Callable[[Image.Image], Image.Image]
FAULTS: list[Any] = []


@dataclass(frozen=True, slots=True)
class Params:
    amount: int = param("amount", Integer(0, 100), default=0, unit="%", help="How much")


@dataclass(frozen=True, slots=True)
class TextParams:
    word: str | None = param("word", Text(20), help="A word")


@dataclass(frozen=True, slots=True)
class SwitchParams:
    is_asked: bool = param("switch", Boolean(), default=False, help="On or off")


def inverted(image: Image.Image) -> Image.Image:
    """Right in every mode."""
    color, alpha = split_alpha(image)
    return join_alpha(ImageOps.invert(color) if color.mode != "CMYK" else color.copy(), alpha)


def declared(render: Render = inverted, **details: Any) -> Operation[Any]:
    """An operation that renders so, declared so."""
    params = details.pop("params", Params)

    @operation("sample", stage=Stage.EFFECT, params=params, **details)
    def sample(image: Image.Image, step: object) -> Image.Image:
        """Change the picture."""
        return render(image)

    return sample


def broken_promises(faulty: Operation[Any]) -> Iterator[str]:
    """The names of the contract's tests that fail, without running more than asked for."""
    contract = OperationContract()
    for name, test in inspect.getmembers(contract, inspect.ismethod):
        if name.startswith("test_") and is_broken(test, faulty):
            yield name


def is_broken(test: Callable[..., None], faulty: Operation[Any]) -> bool:
    given: dict[str, object] = {"operation": faulty, "settings": Settings({})}
    wanted = {name: value for name, value in given.items() if name in inspect.signature(test).parameters}
    try:
        test(**wanted)
    except (Exception, pytest.fail.Exception, Flaky):
        return True
    return False


def fault(test: str) -> Callable[[Callable[[], Operation[Any]]], Callable[[], Operation[Any]]]:
    """Mark a maker of a faulty operation with the test that must find it."""

    def mark(make: Callable[[], Operation[Any]]) -> Callable[[], Operation[Any]]:
        FAULTS.append(pytest.param(make, test, id=make.__name__))
        return make

    return mark


@pytest.mark.parametrize("params", [Params, TextParams, SwitchParams], ids=lambda params: params.__name__)
def test_a_right_operation_keeps_every_promise(params: type[object]) -> None:
    assert list(broken_promises(declared(params=params))) == []


def grown(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, 1, 0 if len(image.getbands()) == 1 else (0,) * len(image.getbands()))


def test_a_right_operation_may_change_the_size() -> None:
    larger = declared(grown, output_size=lambda size, _step: Size(size.width + 2, size.height + 2))
    assert list(broken_promises(larger)) == []


def test_a_right_operation_may_take_transparency_away_when_it_says_so() -> None:
    flat = declared(lambda image: split_alpha(image)[0].copy(), output_alpha=lambda _has_alpha, _step: False)
    assert list(broken_promises(flat)) == []


@fault("test_predicts_its_size")
def wrong_size() -> Operation[Any]:
    return declared(grown)


@fault("test_predicts_its_size_for_any_values")
def wrong_size_for_some_values() -> Operation[Any]:
    return declared(output_size=lambda size, step: Size(size.width + (step.amount == 100), size.height))


@fault("test_leaves_the_source_untouched")
def changed_source() -> Operation[Any]:
    def paint(image: Image.Image) -> Image.Image:
        image.paste(0 if len(image.getbands()) == 1 else (0,) * len(image.getbands()), (0, 0, 1, 1))
        return image

    return declared(paint)


@fault("test_is_deterministic")
def noise() -> Operation[Any]:
    def noisy(image: Image.Image) -> Image.Image:
        shift = random.randrange(1, 200)
        return image.point([(level + shift) % 256 for level in range(256)] * len(image.getbands()))

    return declared(noisy)


@fault("test_declares_transparency")
def dropped_transparency() -> Operation[Any]:
    return declared(lambda image: split_alpha(image)[0].copy())


@fault("test_keeps_transparency")
def solid_transparency() -> Operation[Any]:
    def solid(image: Image.Image) -> Image.Image:
        image = image.copy()
        if image.mode in ("LA", "RGBA"):
            image.putalpha(255)
        return image

    return declared(solid)


@fault("test_works_in_every_mode_and_size")
def rgb_only() -> Operation[Any]:
    return declared(lambda image: Image.merge("RGB", image.split()))


@fault("test_works_in_every_mode_and_size")
def tiny_pictures() -> Operation[Any]:
    return declared(lambda image: image.resize((image.width, round(image.height / (image.width - 1)) + 1)))


@fault("test_works_in_every_mode_and_size")
def palette_result() -> Operation[Any]:
    return declared(lambda image: split_alpha(image)[0].convert("RGB").quantize(16))


@dataclass
class OpenStep:
    amount: int = 1


@fault("test_steps_are_plain_values")
def mutable_step() -> Operation[Any]:
    return declared(resolve=lambda params, _canvas: OpenStep() if params.amount else None)


@fault("test_steps_are_plain_values")
def unhashable_step() -> Operation[Any]:
    return declared(resolve=lambda params, _canvas: [params.amount] if params.amount else None)


@dataclass(frozen=True)
class PathStep:
    path: Path = Path("x")


@fault("test_steps_are_plain_values")
def step_that_is_no_json() -> Operation[Any]:
    return declared(resolve=lambda params, _canvas: PathStep() if params.amount else None)


@fault("test_steps_are_plain_values")
def step_that_is_not_a_number() -> Operation[Any]:
    return declared(resolve=lambda params, _canvas: float("nan") if params.amount else None)


@fault("test_steps_are_plain_values")
def step_that_stays_in_its_process() -> Operation[Any]:
    @dataclass(frozen=True)
    class Local:
        amount: int

    return declared(resolve=lambda params, _canvas: Local(params.amount) if params.amount else None)


@fault("test_steps_are_plain_values")
def resolve_with_a_memory() -> Operation[Any]:
    counter = itertools.count()
    return declared(resolve=lambda params, _canvas: next(counter) if params.amount else None)


@fault("test_default_values_ask_for_nothing")
def always_asked_for() -> Operation[Any]:
    return declared(resolve=lambda params, _canvas: params)


@fault("test_works_in_every_mode_and_size")
def undeclared_source() -> Operation[Any]:
    @operation("sample", stage=Stage.OVERLAY, params=Params)
    def sample(image: Image.Image, step: object, context: RenderContext) -> Image.Image:
        """Look at another picture."""
        context.open_source("secret/picture.png")
        return image.copy()

    return sample


@fault("test_metadata_stays_metadata")
def lost_resolution() -> Operation[Any]:
    @operation("sample", stage=Stage.EFFECT, params=Params)
    def sample(image: Image.Image, step: object, context: RenderContext) -> Image.Image:
        """Forget everything."""
        context.metadata = Metadata()
        return image.copy()

    return sample


@fault("test_is_described")
def no_summary() -> Operation[Any]:
    return replace(declared(), summary="")


@fault("test_is_described")
def no_revision() -> Operation[Any]:
    return declared(revision=0)


@fault("test_parameters_are_described")
def no_help() -> Operation[Any]:
    @dataclass(frozen=True)
    class Silent:
        amount: int = param("amount", Integer(0, 100), default=0, help="")

    return declared(params=Silent)


@fault("test_parameters_are_described")
def capital_name() -> Operation[Any]:
    @dataclass(frozen=True)
    class Loud:
        amount: int = param("Amount", Integer(0, 100), default=0, help="How much")

    return declared(params=Loud)


@fault("test_parameters_are_described")
def wrong_default() -> Operation[Any]:
    @dataclass(frozen=True)
    class Far:
        amount: int = param("amount", Integer(0, 100), default=101, help="How much")

    return declared(params=Far)


@dataclass(frozen=True, slots=True)
class Percent(Integer):
    """Writes what it cannot read."""

    def format(self, value: object) -> str:
        return f"{value} %"


@fault("test_parameter_values_survive_their_text")
def one_way_text() -> Operation[Any]:
    @dataclass(frozen=True)
    class OneWay:
        amount: int = param("amount", Percent(0, 100), default=0, help="How much")

    return declared(params=OneWay)


class Anything:
    """A kind that checks nothing."""

    def parse(self, text: str) -> str | None:
        return text or None

    def check(self, value: object) -> object:
        return value

    def format(self, value: object) -> str:
        return str(value)

    def describe(self) -> str:
        return "anything"

    def schema(self) -> dict[str, object]:
        return {"type": "string", "examples": ["a", "b"]}

    def bind(self, settings: Settings) -> "Anything":
        return self


@fault("test_refuses_by_name")
def unchecked_values() -> Operation[Any]:
    @dataclass(frozen=True)
    class Open:
        word: str | None = param("word", Anything(), help="A word")

    return declared(params=Open)


@fault("test_plans_in_sane_numbers")
def no_size() -> Operation[Any]:
    return declared(output_size=lambda size, _step: Size(size.width // 2, size.height))


@fault("test_plans_in_sane_numbers")
def endless_reduction() -> Operation[Any]:
    return declared(reduction=lambda _step, _size: 0.5)


@fault("test_rescaled_steps_render")
def rescaled_to_something_else() -> Operation[Any]:
    return declared(rescale=lambda _step, _x, _y: {"mutable": []})


def settings_needed(params: Params, canvas: Canvas) -> object:
    raise KeyError("a fault of the operation, not of the request")


@fault("test_default_values_ask_for_nothing")
def crash_while_planning() -> Operation[Any]:
    return declared(resolve=settings_needed)


@pytest.mark.parametrize(("make", "test"), FAULTS)
def test_the_kit_catches(make: Callable[[], Operation[Any]], test: str) -> None:
    assert is_broken(getattr(OperationContract(), test), make())


def test_every_promise_has_a_fault_that_breaks_it() -> None:
    found = {parameters.values[1] for parameters in FAULTS}
    members = inspect.getmembers(OperationContract, inspect.isfunction)
    assert {name for name, _ in members if name.startswith("test_")} == found
