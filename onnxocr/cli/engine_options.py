"""Command line options made from the arguments of a public class, so that each is written and explained once.

Names are PaddleOCR's (``--text_det_thresh``); hyphens may stand for underscores. Help comes from the class's
own docstring.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer

from onnxocr.modules.engine_arguments import ENGINE_ARGUMENTS, EngineArguments

TRUE_WORDS = ("true", "yes", "t", "y", "1")
FALSE_WORDS = ("false", "no", "f", "n", "0")

NOT_ON_THE_COMMAND_LINE = ("self", "input_limits", "engine_config")

CONTEXT_SETTINGS = {
    "help_option_names": ["-h", "--help"],
    "token_normalize_func": lambda token: token.replace("-", "_"),
}


def parse_bool(word: str) -> bool:
    """Returns the truth value of a word such as ``True`` or ``no``; anything else is a usage error."""
    if word.lower() in TRUE_WORDS:
        return True
    if word.lower() in FALSE_WORDS:
        return False
    raise typer.BadParameter(f"{word!r} is neither true nor false.")


def engine_parameters(engine: type, further: type | None = None) -> list[inspect.Parameter]:
    """Returns one option for each constructor argument of a public class.

    Args:
        engine: the class.
        further: a TypedDict of keyword arguments that are not in its signature.
    """
    constructor = engine.__init__  # type: ignore[misc]
    namespace = vars(sys.modules[engine.__module__])
    described = {**_described(EngineArguments), **_described(further), **_described(constructor)}
    # Annotations are postponed (PEP 563), and those behind ** are only known to type checkers.
    listed = {
        name: eval(str(parameter.annotation), namespace)
        for name, parameter in inspect.signature(constructor).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD and name not in NOT_ON_THE_COMMAND_LINE
    }
    common = get_type_hints(further or EngineArguments)
    hidden = set(common) - set(ENGINE_ARGUMENTS)
    types = {**listed, **{name: common[name] for name in common if name not in NOT_ON_THE_COMMAND_LINE}}
    return [
        option(name, kind, described.get(name, ""), hidden=name in hidden) for name, kind in types.items()
    ]


def option(name: str, kind: Any, text: str, *, hidden: bool = False) -> inspect.Parameter:  # noqa: ANN401
    """Returns an optional command line option for a value of a type such as ``float | None``."""
    value_type = next(part for part in (*get_args(kind), kind) if part is not type(None))
    settings: dict[str, Any] = {"help": text, "hidden": hidden, "show_default": False}
    if value_type is bool:
        value_type, settings = str, {**settings, "metavar": "BOOL", "callback": _bool_callback}
    elif get_origin(value_type) is Literal:
        value_type, settings = str, {**settings, "metavar": "|".join(get_args(value_type))}
    elif get_origin(value_type) is Sequence:
        value_type, settings = tuple[int, int, int], {**settings, "metavar": "C H W"}
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[value_type | None, typer.Option(f"--{name}", **settings)],
    )


def with_parameters(
    function: Callable[..., None], parameters: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    """Returns a function with the named parameters of ``function`` followed by ``parameters``.

    ``function`` takes the further ones as ``**arguments``.
    """
    own = [
        parameter.replace(annotation=get_type_hints(function, include_extras=True)[name])
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]

    def command(**values: Any) -> None:  # noqa: ANN401 - whatever the options hold
        function(**values)

    command.__doc__ = function.__doc__
    command.__signature__ = inspect.Signature([*own, *parameters])  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *parameters)}
    return command


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options that were given on the command line."""
    return {name: value for name, value in values.items() if value is not None}


def _bool_callback(value: str | None) -> bool | None:
    return None if value is None else parse_bool(value)


def _described(source: Any) -> dict[str, str]:  # noqa: ANN401 - a class or a function
    """Returns the explanations in the ``Args`` or ``Attributes`` section of a docstring."""
    text = inspect.getdoc(source) or "" if source is not None else ""
    section = re.search(r"^(?:Args|Attributes):\n((?: +.*\n?|\n)*)", text, re.MULTILINE)
    entries = re.split(r"\n?^    (?=\S)", section[1], flags=re.MULTILINE) if section else []
    pairs = (entry.partition(":") for entry in entries if ":" in entry)
    return {name: " ".join(explanation.replace("``", "").split()) for name, _, explanation in pairs}
