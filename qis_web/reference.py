"""Reference pages written from what the code and the installed plugins declare, so that they cannot drift."""

import inspect
from collections.abc import Callable, Iterable, Iterator

import click

from qis_core import errors, hookspecs
from qis_core.errors import QisError
from qis_core.imaging.parameters import CORE_OWNER, OwnedParam
from qis_core.plugins import PluginRegistry
from qis_core.settings import Secret
from qis_web.errors import STATUSES

_NOTE = "<!-- Written by `qis reference`; change the declarations instead. -->\n"


def parameters_page(registry: PluginRegistry) -> Iterator[str]:
    """Every URL parameter: by operation in the order they run, then those of the request as a whole."""
    yield "# URL parameters\n"
    yield "Parameters of `/image?src=…` and `/images/…`, by the operation that they belong to, in the order in which"
    yield "operations run whatever the order in the URL. Names and numbers are explained in"
    yield "[the pipeline](../explanation/pipeline.md).\n"
    by_owner: dict[str, list[OwnedParam]] = {}
    for param in registry.parameters:
        by_owner.setdefault(param.owner, []).append(param)
    for operation in registry.operations:
        if operation.name in by_owner:
            yield f"## {operation.name}\n\n{operation.summary} Stage {operation.stage}.\n"
            yield from _parameter_table(by_owner[operation.name])
    yield "## The request\n\nWhat is decoded, how it is stored, how the answer is handled.\n"
    yield from _parameter_table(by_owner[CORE_OWNER])


def _parameter_table(params: Iterable[OwnedParam]) -> Iterator[str]:
    yield "| Parameter | Template key | Value | Default | Meaning |\n|---|---|---|---|---|"
    for param in params:
        info = param.info
        key = f"`{info.key}`" if info.key else "not in templates"
        name = f"`{info.name}`" if info.url else f"`{info.name}` (templates only)"
        unit = f", in {info.unit}" if info.unit else ""
        default = "not set" if info.default is None else f"`{info.kind.format(info.default)}`"
        yield f"| {name} | {key} | {_cell(info.kind.describe())}{unit} | {default} | {_cell(info.help)} |"
    yield ""


def settings_page(registry: PluginRegistry) -> Iterator[str]:
    """Every setting with its type, default and range."""
    yield "# Settings\n"
    yield "In an .ini file below `[app:main]`, or in the environment, which wins. A variable that ends in `_FILE` names"
    yield "a file that holds the value. Beside these, `qis.plugins` (`QIS_PLUGINS`) lists the plugins to load, `*` for"
    yield "all, and `QIS_ADMIN_PASSWORD` gives the first administrator's password.\n"
    section = ""
    for value in registry.settings.values():
        name = value.name.split(".")[1]
        if name != section:
            section = name
            yield f"\n## qis.{section}\n\n| Setting | Environment | Type | Default | Meaning |\n|---|---|---|---|---|"
        bounds = _bounds(value.info.minimum, value.info.maximum, value.info.unit)
        default = "***" if isinstance(value.default, Secret) else _shown(value.default)
        yield (
            f"| `{value.name}` | `{value.environment}` | {_cell(value.type_text)}{bounds} | {default} "
            f"| {_cell(value.info.help)} |"
        )


def _bounds(minimum: float | None, maximum: float | None, unit: str) -> str:
    low = f", from {minimum}" if minimum is not None else ""
    high = f", to {maximum}" if maximum is not None else ""
    return f"{low}{high}{f' {unit}' if unit else ''}"


def _shown(default: object) -> str:
    if default is None or default == ():
        return "not set"
    return f"`{' '.join(default) if isinstance(default, tuple) else default}`"


def hooks_page(_registry: PluginRegistry) -> Iterator[str]:
    """Every hook with its exact signature."""
    yield "# Hooks\n"
    yield (inspect.getdoc(hookspecs) or "") + "\n"
    for name, function in hook_functions():
        yield f"## {name}\n\n```python\n{name}{inspect.signature(function)}\n```\n\n{inspect.getdoc(function)}\n"


def hook_functions() -> list[tuple[str, Callable[..., object]]]:
    """The hooks in the order of the file that declares them."""
    functions = inspect.getmembers(hookspecs, inspect.isfunction)
    hooks = [(name, function) for name, function in functions if name.startswith("qis_")]
    return sorted(hooks, key=lambda pair: pair[1].__code__.co_firstlineno)


def errors_page(_registry: PluginRegistry) -> Iterator[str]:
    """Every error class and its status."""
    yield "# Errors\n"
    yield "```text\n" + (inspect.getdoc(errors) or "").split("::\n")[1].split("The numbers")[0].strip("\n") + "\n```\n"
    yield "| Class | Status | Meaning |\n|---|---|---|"
    for kind in error_classes():
        status, title = next(STATUSES[one] for one in kind.__mro__ if one in STATUSES)
        yield f"| `{kind.__name__}` | {status} {title} | {_cell((inspect.getdoc(kind) or '').partition(chr(10))[0])} |"


def error_classes() -> list[type[QisError]]:
    """All of `qis_core.errors`."""
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, QisError)]


def cli_page(_registry: PluginRegistry) -> Iterator[str]:
    """Every command with its options; for use inside a command, whose root is described."""
    yield "# Command line\n"
    yield "Exit codes: 0 ok, 1 usage, 2 invalid, 3 a back end failed. `--json` before the command prints JSON.\n"
    yield from _command(click.get_current_context().find_root().command, "qis", 2)


def _command(command: click.Command, name: str, depth: int) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    yield f"{'#' * min(depth, 4)} {name}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from _command(found, f"{name} {child}", depth + 1)


def formats_page(registry: PluginRegistry) -> Iterator[str]:
    """Every codec: what it reads and writes."""
    yield "# File formats\n"
    yield "| Codec | Media type | Extensions | Reads | Writes | `format=` | Animation |\n|---|---|---|---|---|---|---|"
    for codec in registry.codecs.values():
        encoder = codec.encoder
        names = ", ".join(f"`{name}`" for name in encoder.names) if encoder else ""
        extensions = ", ".join(codec.extensions)
        marks = (_yes(codec.decoder), _yes(encoder), names, _yes(encoder and encoder.can_animate))
        yield f"| {codec.name} | {codec.media_type} | {extensions} | {' | '.join(marks)} |"


def _yes(value: object) -> str:
    return "yes" if value else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


PAGES: dict[str, Callable[[PluginRegistry], Iterator[str]]] = {
    "url-parameters": parameters_page,
    "settings": settings_page,
    "hooks": hooks_page,
    "errors": errors_page,
    "cli": cli_page,
    "formats": formats_page,
}


def page_text(name: str, registry: PluginRegistry) -> str:
    """One reference page as Markdown."""
    return _NOTE + "\n".join(PAGES[name](registry)).rstrip() + "\n"
