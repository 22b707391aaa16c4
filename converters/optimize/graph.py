"""An ONNX graph that can be edited: nodes with their producers and consumers, constants decoded on demand.

A model goes in and is never changed; ``to_model`` gives the edited one. Tensors are read when a rewrite asks
for them, so that a large model is not held twice as arrays. What a rewrite may not touch stays opaque:
tensors in external files are no constants here, and values that a subgraph captures are protected like graph
outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from onnxocr.converters.optimize.shape_inference import ValueShape, infer_value_shapes

Array: TypeAlias = npt.NDArray[Any]

_STANDARD_DOMAINS = ("", "ai.onnx")
# Shape arithmetic needs the values of small tensors (targets of Reshape, axes, scales).
_MAX_SKELETON_ELEMENTS = 64
_GRAPH_ATTRIBUTES = (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)


@dataclass(eq=False)
class Node:
    """A node of the graph; two nodes are equal only if they are the same object.

    Attributes:
        op_type: operator name.
        inputs: names of the values read; an empty name is an input that is left out.
        outputs: names of the values written.
        attributes: by name.
        name: for messages of the runtimes, not unique.
        domain: operator set; empty for the standard one.
        source: the node of the model it was read from, which carries documentation and metadata.
    """

    op_type: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, onnx.AttributeProto] = field(default_factory=dict)
    name: str = ""
    domain: str = ""
    source: onnx.NodeProto | None = None

    def is_a(self, *op_types: str) -> bool:
        """Whether this is one of these standard operators."""
        return self.op_type in op_types and self.is_standard

    def attribute(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - a number, text, list or tensor
        """The value of an attribute; text comes as str."""
        proto = self.attributes.get(name)
        if proto is None:
            return default
        value = helper.get_attribute_value(proto)
        return value.decode() if isinstance(value, bytes) else value

    def set_attribute(self, name: str, value: object) -> None:
        """Sets an attribute to a number, text or list."""
        self.attributes[name] = helper.make_attribute(name, value)

    def input(self, index: int) -> str:
        """The name of an input, empty where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else ""

    @property
    def output(self) -> str:
        """The name of the first output."""
        return self.outputs[0]

    @property
    def is_standard(self) -> bool:
        """Whether the operator is one of the standard set."""
        return self.domain in _STANDARD_DOMAINS

    @property
    def has_subgraphs(self) -> bool:
        """Whether an attribute holds a graph (If, Loop, Scan)."""
        return any(proto.type in _GRAPH_ATTRIBUTES for proto in self.attributes.values())


class Graph:
    """The main graph of a model, open for editing.

    Attributes:
        opset: version of the standard operator set; setting it does not change the nodes.
        ir_version: version of the file format.
        has_functions: whether the model defines operators of its own.
        inputs: names of the graph inputs.
        outputs: names of the graph outputs.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        """Reads the nodes of a model; the model itself is not changed."""
        self._model = model
        self.opset = next(
            (item.version for item in model.opset_import if item.domain in _STANDARD_DOMAINS), 0
        )
        self.ir_version = model.ir_version
        self.has_functions = len(model.functions) > 0
        self.inputs = tuple(value.name for value in model.graph.input)
        self.outputs = tuple(value.name for value in model.graph.output)
        self._tensors = {
            tensor.name: tensor for tensor in model.graph.initializer if tensor.name not in self.inputs
        }
        self._arrays: dict[str, Array] = {}
        self._dtypes: dict[str, np.dtype[Any]] = {}
        self._factors: dict[str, list[Array]] = {}
        self._nodes: dict[Node, None] = {}
        self._producers: dict[str, Node] = {}
        self._consumers: dict[str, dict[Node, None]] = {}
        self._shapes: dict[str, ValueShape] | None = None
        self._names = _all_names(model.graph)
        captured = {name for proto in model.graph.node for name in _captured_names(proto)}
        self._protected = captured | set(self.outputs)
        for proto in model.graph.node:
            self.add(_node_from(proto))

    # Reading

    @property
    def nodes(self) -> list[Node]:
        """All nodes, in the order of the model with new ones at the end; a copy that edits do not disturb."""
        return list(self._nodes)

    def nodes_of(self, *op_types: str) -> Iterator[Node]:
        """Nodes of these standard operators that are still in the graph when their turn comes."""
        return (node for node in self.nodes if node.is_a(*op_types) and node in self._nodes)

    def producer(self, name: str) -> Node | None:
        """The node that writes a value; None for inputs and constants."""
        return self._producers.get(name)

    def consumers(self, name: str) -> list[Node]:
        """The nodes that read a value, each once."""
        return list(self._consumers.get(name, ()))

    def is_protected(self, name: str) -> bool:
        """Whether something else than a node of this graph needs the value under this name."""
        return name in self._protected

    def only_consumer(self, name: str) -> Node | None:
        """The one node that reads a value which nothing else needs; None if there is none or more."""
        consumers = self._consumers.get(name, {})
        return next(iter(consumers)) if len(consumers) == 1 and name not in self._protected else None

    def is_constant(self, name: str) -> bool:
        """Whether a value is stored in the model and can be read."""
        if name in self._arrays:
            return True
        tensor = self._tensors.get(name)
        return tensor is not None and tensor.data_location != onnx.TensorProto.EXTERNAL

    def constant(self, name: str) -> Array | None:
        """The array of a constant, not to be written to; None if the value is no constant."""
        array = self._stored(name)
        if array is None or (name not in self._factors and name not in self._dtypes):
            return array
        exact = self.exact_constant(name)
        return None if exact is None else exact.astype(self._dtypes.get(name, array.dtype))

    def exact_constant(self, name: str) -> Array | None:
        """A constant in float64, before rounding to the type that it is stored with."""
        array = self._stored(name)
        if array is None:
            return None
        exact = array.astype(np.float64)
        for factor in self._factors.get(name, ()):
            exact *= factor
        return exact

    def constant_dtype(self, name: str) -> np.dtype[Any] | None:
        """The type that a constant is stored with, without decoding it."""
        if name in self._arrays:
            return self._dtypes.get(name, self._arrays[name].dtype)
        is_tensor = name in self._tensors
        return helper.tensor_dtype_to_np_dtype(self._tensors[name].data_type) if is_tensor else None

    def _stored(self, name: str) -> Array | None:
        if name in self._arrays:
            return self._arrays[name]
        return numpy_helper.to_array(self._tensors[name]) if self.is_constant(name) else None

    def constant_names(self) -> list[str]:
        """Names of all constants that can be read."""
        return [name for name in (*self._tensors, *self._arrays) if self.is_constant(name)]

    def constant_size(self, name: str) -> int:
        """Number of elements of a constant, without decoding it."""
        if name in self._arrays:
            return int(self._arrays[name].size)
        return int(np.prod(self._tensors[name].dims, dtype=np.int64))

    def scalar(self, name: str) -> float | None:
        """The number in a constant of one element; None for everything else."""
        if not self.is_constant(name) or self.constant_size(name) != 1:
            return None
        array = self.constant(name)
        return None if array is None else float(array.reshape(-1)[0])

    def shape(self, name: str) -> ValueShape:
        """Sizes of a value, names of dynamic sizes, None where unknown; None if the rank is unknown."""
        array = self._arrays.get(name)
        if array is not None:
            return tuple(array.shape)
        if name in self._tensors:
            return tuple(self._tensors[name].dims)
        if self._shapes is None or name not in self._shapes:
            # A name keeps its shape through every rewrite, so only new names need another inference.
            known = self._shapes or {}
            self._shapes = {**dict.fromkeys(self._producers), **infer_value_shapes(self._skeleton()), **known}
        return self._shapes.get(name)

    def forget_unknown_shapes(self) -> None:
        """Lets shapes that could not be inferred be tried again; edits may have made them known."""
        if self._shapes is not None:
            self._shapes = {name: shape for name, shape in self._shapes.items() if shape is not None}

    # Editing

    def add(self, node: Node) -> Node:
        """Adds a node; where it stands in the file is decided when the model is written."""
        self._nodes[node] = None
        self._names.update(node.outputs)
        for name in node.outputs:
            self._producers[name] = node
        for name in node.inputs:
            self._consumers.setdefault(name, {})[node] = None
        return node

    def remove(self, node: Node) -> None:
        """Removes a node."""
        del self._nodes[node]
        for name in node.outputs:
            if self._producers.get(name) is node:
                del self._producers[name]
        for name in node.inputs:
            self._consumers[name].pop(node, None)

    def set_input(self, node: Node, index: int, name: str) -> None:
        """Lets a node read another value, filling left-out inputs before it."""
        old = node.input(index)
        node.inputs.extend([""] * (index + 1 - len(node.inputs)))
        node.inputs[index] = name
        if old not in node.inputs:
            self._consumers.get(old, {}).pop(node, None)
        self._consumers.setdefault(name, {})[node] = None

    def set_inputs(self, node: Node, names: Iterable[str]) -> None:
        """Replaces all inputs of a node."""
        for name in node.inputs:
            self._consumers.get(name, {}).pop(node, None)
        node.inputs = list(names)
        for name in node.inputs:
            self._consumers.setdefault(name, {})[node] = None

    def set_output(self, node: Node, name: str) -> None:
        """Lets a node write its only output under another name, whose former producer must be gone."""
        self._producers.pop(node.output, None)
        node.outputs = [name]
        self._producers[name] = node

    def replace_uses(self, old: str, new: str) -> None:
        """Lets every node that reads ``old`` read ``new``."""
        for node in self.consumers(old):
            self.set_inputs(node, [new if name == old else name for name in node.inputs])

    def bypass(self, node: Node, source: str) -> bool:
        """Removes a node whose only output equals the value ``source``; False if names forbid it."""
        output = node.output
        if not self.is_protected(output):
            self.replace_uses(output, source)
            self.remove(node)
            return True
        producer = self.producer(source)
        if producer is None or self.is_protected(source) or len(producer.outputs) != 1:
            return False
        # The output keeps its name, so the value gets it from where it is made.
        self.remove(node)
        self.set_output(producer, output)
        self.replace_uses(source, output)
        return True

    def add_constant(self, array: Array, hint: str) -> str:
        """Stores an array under a new name like ``hint`` and returns that name."""
        name = self.new_name(hint)
        self._arrays[name] = array
        return name

    def set_constant(self, name: str, array: Array, dtype: np.dtype[Any] | None = None) -> None:
        """Replaces the array of a constant for all its users.

        Args:
            name: the constant.
            array: its new content.
            dtype: the type it is stored with in the end, if not that of the array.
        """
        self.remove_constant(name)
        self._arrays[name] = array
        if dtype is not None and dtype != array.dtype:
            self._dtypes[name] = dtype

    def scale_constant(self, name: str, factor: Array) -> None:
        """Multiplies a constant for all its users.

        Factors are collected and applied once, when the constant is read or written: weights that several
        scales go into are rounded once, and are not held in double precision meanwhile.

        Args:
            name: the constant.
            factor: float64, of the constant's rank, broadcastable to its shape.
        """
        factors = self._factors.setdefault(name, [])
        for index, former in enumerate(factors):
            if former.shape == factor.shape:
                factors[index] = former * factor
                return
        factors.append(factor)

    def remove_constant(self, name: str) -> None:
        """Removes a constant that nothing reads."""
        for table in (self._tensors, self._arrays, self._dtypes, self._factors):
            table.pop(name, None)

    def new_name(self, hint: str) -> str:
        """A name that no value has."""
        name, number = hint, 0
        while name in self._names:
            number += 1
            name = f"{hint}_{number}"
        self._names.add(name)
        return name

    # Writing

    def to_model(self) -> onnx.ModelProto:
        """The edited model: nodes in an order in which they can run, everything else as it was."""
        model = self._model_without_weights()
        graph = model.graph
        # One by one: each copy lives in the new model only.
        for tensor in self._model.graph.initializer:
            is_kept = tensor.name in self._tensors and tensor.name not in self._factors
            if is_kept or tensor.name in self.inputs:
                graph.initializer.append(tensor)
        for name in dict.fromkeys((*self._arrays, *self._factors)):
            array = self.constant(name)
            if array is not None:
                graph.initializer.append(_tensor_from(array, name))
        graph.value_info.extend(item for item in self._model.graph.value_info if item.name in self._producers)
        return model

    def _model_without_weights(self) -> onnx.ModelProto:
        model = onnx.ModelProto()
        _copy_fields(self._model, model, ("graph",))
        for item in model.opset_import:
            if item.domain in _STANDARD_DOMAINS:
                if item.version != self.opset:
                    required = helper.OP_SET_ID_VERSION_MAP["ai.onnx", self.opset]
                    model.ir_version = max(self.ir_version, required)
                item.version = self.opset
        _copy_fields(self._model.graph, model.graph, ("node", "initializer", "value_info"))
        model.graph.node.extend(_node_proto(node) for node in self._in_running_order())
        return model

    def _skeleton(self) -> onnx.ModelProto:
        """The model with every large weight turned into an input of its shape, for shape inference."""
        model = self._model_without_weights()
        tensors = [tensor for tensor in self._model.graph.initializer if tensor.name in self._tensors]
        for tensor in tensors:
            is_external = tensor.data_location == onnx.TensorProto.EXTERNAL
            if self.constant_size(tensor.name) <= _MAX_SKELETON_ELEMENTS and not is_external:
                model.graph.initializer.append(tensor)
            else:
                model.graph.input.append(
                    helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
                )
        for name, array in self._arrays.items():
            if array.size <= _MAX_SKELETON_ELEMENTS and name not in self._dtypes:
                model.graph.initializer.append(_tensor_from(array, name))
            else:
                data_type = helper.np_dtype_to_tensor_dtype(self._dtypes.get(name, array.dtype))
                model.graph.input.append(helper.make_tensor_value_info(name, data_type, array.shape))
        return model

    def _in_running_order(self) -> list[Node]:
        """Nodes with producers first; the order of the model where that leaves a choice."""
        ordered: dict[Node, None] = {}
        # Nodes on the way to the current one; a damaged graph may run in a circle.
        started: set[Node] = set()
        for start in self._nodes:
            stack = [] if start in ordered else [(start, iter(self._needed_by(start)))]
            started.add(start)
            while stack:
                node, needed = stack[-1]
                missing = next((other for other in needed if other not in started), None)
                if missing is not None:
                    started.add(missing)
                    stack.append((missing, iter(self._needed_by(missing))))
                else:
                    ordered[node] = None
                    stack.pop()
        return list(ordered)

    def _needed_by(self, node: Node) -> list[Node]:
        names: Iterable[str] = node.inputs
        if node.has_subgraphs and node.source is not None:
            names = [*node.inputs, *_captured_names(node.source)]
        return [self._producers[name] for name in names if name in self._producers]


def _node_from(proto: onnx.NodeProto) -> Node:
    return Node(
        op_type=proto.op_type,
        inputs=list(proto.input),
        outputs=list(proto.output),
        attributes={item.name: item for item in proto.attribute},
        name=proto.name,
        domain=proto.domain,
        source=proto,
    )


def _node_proto(node: Node) -> onnx.NodeProto:
    proto = onnx.NodeProto()
    if node.source is not None:
        _copy_fields(node.source, proto, ("input", "output", "attribute"))
    proto.op_type, proto.domain, proto.name = node.op_type, node.domain, node.name
    proto.input.extend(node.inputs)
    proto.output.extend(node.outputs)
    proto.attribute.extend(node.attributes.values())
    return proto


def _tensor_from(array: Array, name: str) -> onnx.TensorProto:
    # ascontiguousarray turns a scalar into a vector.
    return numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)


def _copy_fields(source: Any, target: Any, left_out: tuple[str, ...]) -> None:  # noqa: ANN401 - any message
    """Copies the fields of a protobuf message one by one, so that the large ones are never copied."""
    for descriptor, value in source.ListFields():
        if descriptor.name in left_out:
            continue
        if hasattr(value, "MergeFrom") or hasattr(value, "extend"):
            getattr(target, descriptor.name).MergeFrom(value)
        else:
            setattr(target, descriptor.name, value)


def _captured_names(proto: onnx.NodeProto) -> Iterator[str]:
    """Names that the subgraphs of a node read, with names of their own values among them."""
    for attribute in proto.attribute:
        for graph in (attribute.g, *attribute.graphs):
            yield from (value.name for value in graph.output)
            for node in graph.node:
                yield from node.input
                yield from _captured_names(node)


def _all_names(graph: onnx.GraphProto) -> set[str]:
    names = {value.name for value in (*graph.input, *graph.output, *graph.value_info)}
    names.update(tensor.name for tensor in graph.initializer)
    names.update(tensor.values.name for tensor in graph.sparse_initializer)
    for node in graph.node:
        names.update((*node.input, *node.output, *_captured_names(node)))
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                names.update(_all_names(inner))
    return names
