"""One small network per operator: built, saved and recorded by Paddle.

Nothing but the tables in ``operators/`` enters; for each network ``<output>/<name>/<format>/`` leaves, with
the model and two cases, or with ``not_written.txt`` where Paddle itself cannot save or run it.

    python -m benchmarks.paddle_reference.operator_networks --output FOLDER [--only NAME ...]

``FLAGS_enable_pir_api=0`` in the environment writes the old format, ``--label`` names the folder.
"""

from __future__ import annotations

import argparse
import json
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from benchmarks.paddle_reference.operators import (
    activation,
    arithmetic,
    convolution,
    legacy,
    normalization,
    pooling,
    recurrent,
    resampling,
    shape,
)
from benchmarks.paddle_reference.operators.network import Input, Network
from benchmarks.paddle_reference.record import record_cases
from benchmarks.paddle_reference.save import (
    perturb_vectors,
    save_network,
    take_batch_statistics,
    write_in_child,
    written_format,
)

NETWORKS: tuple[Network, ...] = tuple(
    network
    for module in (
        convolution,
        pooling,
        normalization,
        activation,
        shape,
        arithmetic,
        resampling,
        recurrent,
        legacy,
    )
    for network in module.GROUP.networks
)


def make_array(description: Input, case: int, generator: np.random.Generator) -> np.ndarray[Any, Any]:
    """Random numbers of the described shape and range."""
    size = description.shapes[case]
    if description.content == "positive":
        values = generator.uniform(0.2, 3.0, size)
    elif description.content == "unit":
        values = generator.uniform(-0.9, 0.9, size)
    elif description.content == "wide":
        values = generator.uniform(-1.4, 1.4, size)
    else:
        values = generator.normal(0.0, 1.0, size)
    return values.astype(np.float32)


def write_network(network: Network, folder: Path) -> None:
    """Build, save and record one network."""
    seed = zlib.crc32(network.name.encode())
    generator = np.random.default_rng(seed)
    paddle.seed(seed % 2**31)
    cases = [
        [make_array(description, case, generator) for description in network.inputs]
        for case in range(len(network.inputs[0].shapes))
    ]
    layer = network.build()
    perturb_vectors(layer, generator, 0.3 if "norm" in network.name or "prelu" in network.name else 0.05)
    if "batch_norm" in network.name:
        take_batch_statistics(layer, *[paddle.to_tensor(array) for array in cases[0]])
    names = ["x" if index == 0 else f"x{index + 1}" for index in range(len(network.inputs))]
    save_network(layer, folder, list(zip(names, (i.open_shape for i in network.inputs), strict=True)))
    record_cases(folder, cases)


def main() -> None:
    """Write every asked-for network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--label", default=written_format())
    parser.add_argument("--only", nargs="*", choices=[network.name for network in NETWORKS])
    arguments = parser.parse_args()
    for network in NETWORKS:
        if arguments.only is None or network.name in arguments.only:
            write_in_child(
                partial(write_network, network),
                arguments.output / network.name / arguments.label,
                network.name,
            )
    promised = sorted(network.name for network in NETWORKS if network.named)
    (arguments.output / "promised.json").write_text(json.dumps(promised, indent=1), "utf-8")
    print(f"{len(NETWORKS)} networks, {len({n.name for n in NETWORKS})} names")


if __name__ == "__main__":
    main()
