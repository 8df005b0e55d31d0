"""What every operation must do, as tests: subclass and give an ``operation`` fixture.

::

    class TestSepia(OperationContract):
        @pytest.fixture
        def operation(self):
            return sepia

A fixture ``settings`` may give the plugin's own; its default has the defaults of every section. Values come from the
declared parameters. A parameter kind of the plugin's own helps with ``examples()``, a tuple of texts that it takes.
"""

import dataclasses
import itertools
import json
import math
import pickle
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from qis_core.contracts.codec import Metadata
from qis_core.contracts.operation import WORKING_MODES, Operation
from qis_core.domain.images import Size
from qis_core.errors import InvalidRequest, RequestError
from qis_core.imaging.params import ParamInfo, declared
from qis_core.imaging.plan import plain
from qis_core.settings import Settings
from qis_core.testing.operation_values import (
    ALPHA_MODES,
    Scene,
    bound_params,
    examples_of,
    scene_strategy,
    scenes,
    strategy_for,
    values_of,
)

#: Results larger than this are planned, but not rendered.
MAX_RENDERED_PIXELS = 2_000_000
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
#: The same examples at each run, so that the verdict on a plugin does not change; they are small enough as they are.
repeatable = hypothesis_settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


class OperationContract:
    """For every operation. Fixtures: ``operation``; ``settings``."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings({})

    def test_is_described(self, operation: Operation[Any]) -> None:
        assert _NAME.fullmatch(operation.name), f"{operation.name!r} is not a name in lower case"
        assert operation.summary.strip(), "has no docstring, whose first line is the summary in the reference"
        assert isinstance(operation.stage, int)
        assert isinstance(operation.revision, int)
        assert operation.revision >= 1

    def test_parameters_are_described(self, operation: Operation[Any], settings: Settings) -> None:
        assert dataclasses.is_dataclass(operation.params), "parameters are a dataclass"
        names = [info.name for info in declared(operation.params)]
        assert len(names) == len(set(names)), "two parameters have one name"
        for info in bound_params(operation, settings):
            _check_described(info)

    @repeatable
    @given(data=st.data())
    def test_parameter_values_survive_their_text(
        self, operation: Operation[Any], settings: Settings, data: st.DataObject
    ) -> None:
        for info in bound_params(operation, settings):
            value = data.draw(strategy_for(info.kind), label=info.name)
            if value is not None:
                _check_round_trip(info, value)

    def test_refuses_by_name(self, operation: Operation[Any], settings: Settings) -> None:
        for info in bound_params(operation, settings):
            with pytest.raises(InvalidRequest) as refused:
                info.check(object())
            assert refused.value.parameter == info.name
            assert info.name in str(refused.value)

    def test_default_values_ask_for_nothing(self, operation: Operation[Any], settings: Settings) -> None:
        if not list(declared(operation.params)):
            return
        for scene in scenes(settings):
            if not scene.has_alpha or scene.output.can_alpha:
                assert scene.resolved(operation) is None, f"resolve gives a step for defaults: {scene}"

    @repeatable
    @given(data=st.data())
    def test_steps_are_plain_values(self, operation: Operation[Any], settings: Settings, data: st.DataObject) -> None:
        scene, step = _drawn(operation, settings, data)
        if step is None:
            return
        _check_value(step)
        assert step == scene.resolved(operation), "resolve is not deterministic"

    @repeatable
    @given(data=st.data())
    def test_plans_in_sane_numbers(self, operation: Operation[Any], settings: Settings, data: st.DataObject) -> None:
        scene, step = _drawn(operation, settings, data)
        if step is None:
            return
        size = operation.output_size(scene.size, step)
        assert isinstance(size, Size)
        assert all(isinstance(side, int) and side >= 1 for side in size), f"output_size is {size}"
        assert 0 <= operation.cost(scene.size, step) < math.inf
        assert 1 <= operation.reduction(step, scene.size) < math.inf
        sources = operation.sources(step)
        assert isinstance(sources, tuple)
        assert all(isinstance(src, str) and src for src in sources)
        assert isinstance(operation.output_alpha(scene.has_alpha, step), bool)

    def test_works_in_every_mode_and_size(self, operation: Operation[Any], settings: Settings) -> None:
        for scene, step in _sampled(operation, settings):
            result = scene.rendered(operation, step)
            assert result.mode in WORKING_MODES, f"mode {result.mode}: {scene}"

    def test_predicts_its_size(self, operation: Operation[Any], settings: Settings) -> None:
        for scene, step in _sampled(operation, settings):
            real = scene.rendered(operation, step).size
            predicted = operation.output_size(scene.size, step)
            assert real == predicted, f"output_size {tuple(predicted)}, real size {real}: {scene}"

    @repeatable
    @given(data=st.data())
    def test_predicts_its_size_for_any_values(
        self, operation: Operation[Any], settings: Settings, data: st.DataObject
    ) -> None:
        scene, step = _drawn(operation, settings, data)
        if step is None:
            return
        predicted = operation.output_size(scene.size, step)
        if math.prod(predicted) <= MAX_RENDERED_PIXELS:
            assert scene.rendered(operation, step).size == predicted

    def test_leaves_the_source_untouched(self, operation: Operation[Any], settings: Settings) -> None:
        for scene, step in _sampled(operation, settings):
            image = scene.picture()
            scene.rendered(operation, step, image)
            assert _fingerprint(image) == _fingerprint(scene.picture()), f"changes the picture it is given: {scene}"

    def test_is_deterministic(self, operation: Operation[Any], settings: Settings) -> None:
        for scene, step in _sampled(operation, settings):
            first, second = scene.rendered(operation, step), scene.rendered(operation, step)
            assert _fingerprint(first) == _fingerprint(second), f"two results differ: {scene}"

    def test_declares_transparency(self, operation: Operation[Any], settings: Settings) -> None:
        for scene, step in _sampled(operation, settings):
            has_alpha = scene.rendered(operation, step).mode in ALPHA_MODES
            declared_alpha = operation.output_alpha(scene.has_alpha, step)
            assert has_alpha == declared_alpha, f"output_alpha {declared_alpha}, real {has_alpha}: {scene}"

    def test_keeps_transparency(self, operation: Operation[Any], settings: Settings) -> None:
        for scene, step in _sampled(operation, settings):
            if scene.has_alpha and operation.output_alpha(True, step):
                clear = Image.new(scene.mode, scene.size)
                lowest, _ = scene.rendered(operation, step, clear).getchannel("A").getextrema()
                assert lowest != 255, f"an invisible picture becomes solid: {scene}"

    def test_metadata_stays_metadata(self, operation: Operation[Any], settings: Settings) -> None:
        for scene, step in _sampled(operation, settings):
            context = scene.context(operation.sources(step))
            before = dataclasses.replace(context.metadata)
            result = operation(scene.picture(), step, context)
            assert isinstance(context.metadata, Metadata)
            assert context.metadata.dpi == before.dpi, f"loses the resolution: {scene}"
            assert "icc_profile" not in result.info, f"the profile belongs into context.metadata: {scene}"

    def test_rescaled_steps_render(self, operation: Operation[Any], settings: Settings) -> None:
        for scene, step in _sampled(operation, settings):
            rescaled = operation.rescale(step, 0.5, 0.5)
            if rescaled is not None:
                half = Size(max(1, scene.size.width // 2), max(1, scene.size.height // 2))
                small = dataclasses.replace(scene, size=half)
                assert small.rendered(operation, rescaled).mode in WORKING_MODES
                _check_value(rescaled)


def _check_described(info: ParamInfo) -> None:
    assert _NAME.fullmatch(info.name), f"{info.name!r}: URL parameters are in lower case"
    assert info.help.strip(), f"{info.name} has no help text"
    assert info.kind.describe().strip(), f"{info.name}: its kind does not describe itself"
    assert json.loads(json.dumps(info.kind.schema())), f"{info.name}: its kind has no JSON Schema"
    assert info.key is None or info.key.strip(), f"{info.name}: an empty template key"
    if info.default is not None:
        assert info.check(info.default) == info.default, f"{info.name}: its default is not a right value"
    _check_nonsense(info)


def _check_nonsense(info: ParamInfo) -> None:
    """Any text is taken, or refused in the parameter's name."""
    for text in ("", " ", "\N{SNOWMAN}" * 3000, "1" * 3000, "\0", "-1e999"):
        try:
            value = info.parse(text)
            if value is not None:
                info.check(value)
        except RequestError as error:
            assert getattr(error, "parameter", info.name) == info.name  # noqa: PT017  accepting is fine too


def _check_round_trip(info: ParamInfo, value: object) -> None:
    canonical = info.check(value)
    assert info.check(canonical) == canonical, f"{info.name}: the canonical value {canonical!r} changes again"
    text = info.kind.format(canonical)
    again = info.parse(text)
    assert again is not None, f"{info.name}={text!r}: the text of {canonical!r} is read as not given"
    assert info.check(again) == canonical, f"{info.name}={text!r}: not {canonical!r} any more"
    assert json.loads(json.dumps(canonical)) == canonical, f"{info.name}: {canonical!r} cannot be stored in a template"


def _check_value(step: object) -> None:
    """A step value: frozen, comparable, hashable, JSON, and it travels between processes."""
    hash(step)
    json.dumps(plain(step), allow_nan=False)
    assert pickle.loads(pickle.dumps(step)) == step, "a step value changes on its way to a worker process"
    if dataclasses.is_dataclass(step):
        for entry in dataclasses.fields(step):
            with pytest.raises(AttributeError):
                setattr(step, entry.name, None)


def _drawn(operation: Operation[Any], settings: Settings, data: st.DataObject) -> tuple[Scene, object | None]:
    """A scene and its step; None when two tries at values ask for nothing."""
    scene = data.draw(scene_strategy(operation, settings), label="scene")
    step = scene.resolved(operation)
    if step is None:
        values = data.draw(values_of(operation, settings), label="other values")
        scene = dataclasses.replace(scene, values=values)
        step = scene.resolved(operation)
    return scene, step


def _sampled(operation: Operation[Any], settings: Settings) -> list[tuple[Scene, object]]:
    """Scenes of every mode, size and output, each with a few of the notable values, in turn."""
    examples = itertools.cycle(examples_of(operation, settings))
    count = len(list(examples_of(operation, settings)))
    found = []
    for scene in scenes(settings):
        for values in itertools.islice(examples, min(count, 3)):
            asked = dataclasses.replace(scene, values=values)
            step = asked.resolved(operation)
            if step is not None and math.prod(operation.output_size(scene.size, step)) <= MAX_RENDERED_PIXELS:
                found.append((asked, step))
    return found


def _fingerprint(image: Image.Image) -> tuple[str, tuple[int, int], bytes]:
    return image.mode, image.size, image.tobytes()
