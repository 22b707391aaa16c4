"""Scripts that build and record Paddle models as references for the converter; they need Paddle.

Two environments, both apart from the one that runs ``onnxocr`` (each takes about 1.5 GB)::

    python3.11 -m venv pd33
    pd33/bin/pip install paddlepaddle==3.3.1 paddlex==3.7.2 paddle2onnx==2.1.0 onnxruntime
    python3.11 -m venv pd30
    pd30/bin/pip install paddlepaddle==3.0.0 paddlex==3.7.2

Every script is run from the repository root as ``<environment>/bin/python -m
benchmarks.paddle_reference.<script>``; ``--help`` names its arguments. ``FLAGS_enable_pir_api=0`` in the
environment makes Paddle write the old format (``inference.pdmodel``): Paddle 3.0.0 does so for all networks
here, Paddle 3.3.1 only for those without a sigmoid, a matrix product or another of the functions that it
moved to C++. ``benchmarks/convert_architectures.py`` reads what the scripts write and needs no Paddle.
"""

from __future__ import annotations
