"""An ONNX graph while it is made: nodes and constants enter one by one, an ``onnx.ModelProto`` leaves.

Knows ONNX and nothing of Paddle. Whole numbers are int64 throughout: ONNX wants that type wherever a shape
or an index is needed, so one type saves a Cast at every meeting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from onnxocr.converters.ops.folding import Known, fold, is_partial

if TYPE_CHECKING:
    import onnx

OPSET = 17
IR_VERSION = 8
"""Read by every ONNX Runtime since 1.12; opset 17 needs it."""

NodeAttribute: TypeAlias = int | float | str | Sequence[int] | Sequence[float] | Sequence[str]


@dataclass(frozen=True)
class GraphInput:
    """An input of the graph: name, element type, axis lengths or names."""

    name: str
    dtype: np.dtype[np.generic]
    shape: tuple[int | str, ...]


@dataclass
class _Node:
    op_type: str
    inputs: list[str]
    outputs: list[str]
    attributes: Mapping[str, NodeAttribute]
    name: str


@dataclass
class GraphBuilder:
    """Collects nodes and constants.

    Attributes:
        location: name of what is being converted; new nodes are named after it.
    """

    location: str = ""
    _nodes: list[_Node] = field(default_factory=list)
    _constants: dict[str, npt.NDArray[np.generic]] = field(default_factory=dict)
    _known: dict[str, Known] = field(default_factory=dict)
    _by_content: dict[tuple[str, tuple[int, ...], bytes], str] = field(default_factory=dict)
    _fills: dict[str, float] = field(default_factory=dict)
    _count: int = 0

    def constant(self, array: npt.NDArray[np.generic], name: str | None = None) -> str:
        """Adds a constant and returns its name; equal small constants share one."""
        array = np.asarray(array)
        key = (array.dtype.str, array.shape, array.tobytes() if array.size <= 64 else b"")
        if name is None and array.size <= 64 and key in self._by_content:
            return self._by_content[key]
        chosen = name or self._fresh("const")
        self._constants[chosen] = array
        self._known[chosen] = array
        if name is None and array.size <= 64:
            self._by_content[key] = chosen
        return chosen

    def integers(self, values: Sequence[int]) -> str:
        """Adds a list of whole numbers."""
        return self.constant(np.asarray(values, dtype=np.int64))

    def integer(self, value: int) -> str:
        """Adds one whole number without axes."""
        return self.constant(np.asarray(value, dtype=np.int64))

    def number(self, value: float, dtype: npt.DTypeLike = np.float32) -> str:
        """Adds one number without axes."""
        return self.constant(np.asarray(value, dtype=dtype))

    def node(
        self,
        op_type: str,
        inputs: Sequence[str],
        attributes: Mapping[str, NodeAttribute] | None = None,
    ) -> str:
        """Adds a node with one output, or finds its result out at once; returns the output's name.

        An empty text among the inputs stands for one that is left out.
        """
        known = fold(op_type, [self._known.get(each) for each in inputs], attributes or {})
        if known is not None and not is_partial(known):
            return self.constant(known)
        (output,) = self.nodes(op_type, inputs, attributes, outputs=1)
        if known is not None:
            self._known[output] = known
        return output

    def nodes(
        self,
        op_type: str,
        inputs: Sequence[str],
        attributes: Mapping[str, NodeAttribute] | None = None,
        *,
        outputs: int,
    ) -> tuple[str, ...]:
        """Adds a node and returns the names of its outputs."""
        names = [self._fresh(op_type) for _ in range(outputs)]
        used = list(inputs)
        while used and not used[-1]:
            used.pop()
        self._nodes.append(_Node(op_type, used, names, attributes or {}, names[0]))
        return tuple(names)

    def cast(self, name: str, dtype: npt.DTypeLike) -> str:
        """Returns the value with another element type."""
        known = self.known(name)
        if known is not None and known.size <= 1024:
            return self.constant(known.astype(dtype))
        partial = self._known.get(name)
        output = self.node("Cast", [name], {"to": onnx_type(np.dtype(dtype))})
        if partial is not None and np.dtype(dtype) == np.int64:
            self._known[output] = partial
        return output

    def shape_of(self, name: str, shape: Sequence[int | None]) -> str:
        """Returns the axis lengths of a value, some of which may be known."""
        if all(size is not None for size in shape):
            return self.integers([size for size in shape if size is not None])
        output = self.node("Shape", [name])
        self._known[output] = np.array(list(shape), dtype=np.object_)
        return output

    def known(self, name: str) -> npt.NDArray[np.generic] | None:
        """Returns a value's content if it does not depend on the graph's inputs, else None."""
        known = self._known.get(name)
        return None if known is None or is_partial(known) else known

    def partly_known(self, name: str) -> list[int | None] | None:
        """Returns a list of whole numbers with None for the unknown ones; None if nothing is known."""
        known = self._known.get(name)
        return None if known is None else [None if each is None else int(each) for each in known.ravel()]

    def note_fill(self, name: str, value: float) -> None:
        """Remembers that all elements of a value are equal."""
        self._fills[name] = value

    def fill_of(self, name: str) -> float | None:
        """Returns the number that all elements of a value are equal to, if that is known."""
        known = self.known(name)
        if known is not None and known.size and (known == known.ravel()[0]).all():
            return float(known.ravel()[0])
        return self._fills.get(name)

    def build(
        self, inputs: Sequence[GraphInput], outputs: Mapping[str, tuple[str, GraphInput]]
    ) -> onnx.ModelProto:
        """Returns the model.

        Args:
            inputs: the graph's inputs.
            outputs: by output name, the value and the output's type.
        """
        import onnx

        self._name_outputs({name: value for name, (value, _) in outputs.items()})
        used = {each for node in self._nodes for each in node.inputs} | set(outputs)
        # Filled in place: every helper that takes finished parts copies them, and weights are large.
        model = onnx.ModelProto(ir_version=IR_VERSION)
        model.opset_import.add(domain="", version=OPSET)
        model.graph.name = "paddle"
        model.graph.node.extend(_node_proto(node) for node in self._nodes)
        model.graph.input.extend(_value_info(each) for each in inputs)
        model.graph.output.extend(_value_info(kind) for _, kind in outputs.values())
        for name, array in self._constants.items():
            if name in used:
                _fill_tensor(model.graph.initializer.add(), name, array)
        return model

    def _name_outputs(self, wanted: Mapping[str, str]) -> None:
        """Gives results the names of the outputs; what cannot be renamed is copied by an Identity."""
        produced = {output for node in self._nodes for output in node.outputs}
        renamed: dict[str, str] = {}
        for output, value in wanted.items():
            if value == output:
                continue
            if value in produced and value not in renamed and value not in wanted and output not in produced:
                renamed[value] = output
            else:
                self._nodes.append(_Node("Identity", [value], [output], {}, f"output.{output}"))
        for node in self._nodes:
            node.inputs = [renamed.get(each, each) for each in node.inputs]
            node.outputs = [renamed.get(each, each) for each in node.outputs]

    def _fresh(self, op_type: str) -> str:
        self._count += 1
        return f"{self.location or 'graph'}/{op_type}.{self._count}"


def onnx_type(dtype: np.dtype[np.generic]) -> int:
    """Returns ONNX's number of an element type."""
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype.type)))


def _node_proto(node: _Node) -> onnx.NodeProto:
    from onnx import helper

    attributes: dict[str, Any] = dict(node.attributes)
    return helper.make_node(node.op_type, node.inputs, node.outputs, name=node.name, **attributes)


def _value_info(value: GraphInput) -> onnx.ValueInfoProto:
    from onnx import helper

    return helper.make_tensor_value_info(value.name, onnx_type(value.dtype), list(value.shape))


def _fill_tensor(tensor: onnx.TensorProto, name: str, array: npt.NDArray[np.generic]) -> None:
    tensor.name = name
    tensor.data_type = onnx_type(array.dtype)
    tensor.dims.extend(array.shape)
    tensor.raw_data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
