"""Every operator computes what Paddle computes, from both formats, as it is and rewritten for speed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest

from onnxocr.converters.ops.lowering import to_onnx
from onnxocr.converters.optimize import optimize_model
from onnxocr.converters.paddle.model_files import find_paddle_files, read_program
from tests.converters.recorded_networks import recorded_networks

RELATIVE_ERROR = 1e-5


def run(model: onnx.ModelProto, x: npt.NDArray[np.float32]) -> list[npt.NDArray[np.generic]]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, {"x": x}))


def assert_same(got: npt.NDArray[np.generic], expected: npt.NDArray[np.generic]) -> None:
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    finite = np.isfinite(expected) if expected.dtype.kind == "f" else np.ones(expected.shape, bool)
    largest = float(np.abs(expected[finite].astype(np.float64)).max(initial=0.0))
    np.testing.assert_allclose(
        got.astype(np.float64), expected.astype(np.float64), rtol=0, atol=RELATIVE_ERROR * max(largest, 1.0)
    )


@pytest.mark.parametrize("name", sorted(recorded_networks()))
def test_an_operator_computes_what_paddle_computes(name: str, tmp_path: Path) -> None:
    network = recorded_networks()[name]
    model = to_onnx(read_program(find_paddle_files(network.write(tmp_path))))
    onnx.checker.check_model(model)
    for candidate in (model, optimize_model(model)[0]):
        outputs = run(candidate, network.x)
        assert len(outputs) == len(network.outputs)
        for got, expected in zip(outputs, network.outputs, strict=True):
            assert_same(got, expected)
