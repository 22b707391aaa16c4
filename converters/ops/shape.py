"""Functions that only rearrange elements: reshape, transpose, join, part, repeat."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from onnxocr.converters.ops.operator_view import OperatorView
from onnxocr.converters.ops.registry_types import OperatorFunction, Results


def shape(op: OperatorView) -> Results:
    """The axis lengths."""
    return op.graph.shape_of(op.input(0), op.shape(0))


def numel(op: OperatorView) -> Results:
    """The number of elements."""
    return op.graph.node("Size", [op.input(0)])


def reshape(op: OperatorView) -> Results:
    """Other axes over the same elements; 0 keeps a length, -1 is the rest, as in ONNX."""
    graph, target = op.graph, op.input(1)
    parts = graph.partly_known(target)
    if parts is not None and parts.count(None) == 1 and -1 not in parts:
        # One length that depends on the input may as well be the rest: a constant instead of a computed list.
        target = graph.integers([-1 if part is None else part for part in parts])
    return graph.node("Reshape", [op.input(0), target])


def flatten(op: OperatorView) -> Results:
    """Some neighbouring axes become one."""
    graph, x, lengths = op.graph, op.input(0), op.shape(0)
    rank = len(lengths)
    if rank == 0:
        return graph.node("Reshape", [x, graph.integers([-1])])
    start, stop = op.axis(op.integer("start_axis", 1)), op.axis(op.integer("stop_axis", -1))
    op.require(start <= stop, f"joins the axes {start} to {stop}")
    behind = lengths[stop + 1 :]
    if None not in behind:
        target = graph.integers([0] * start + [-1] + [size or 0 for size in behind])
    else:
        rest = graph.node("Slice", [graph.shape_of(x, lengths), *_range(op, stop + 1, rank)])
        front = graph.integers([0] * start + [-1])
        target = graph.node("Concat", [front, rest], {"axis": 0})
    return graph.node("Reshape", [x, target])


def flatten_to_matrix(op: OperatorView) -> Results:
    """A matrix: the axes before ``axis`` and the ones from there on."""
    return op.graph.node("Flatten", [op.input(0)], {"axis": op.integer("axis", 1)})


def transpose(op: OperatorView) -> Results:
    """The axes in another order."""
    perm = [axis % max(op.rank(0), 1) for axis in op.integers("perm", ())]
    op.require(sorted(perm) == list(range(op.rank(0))), f"puts {op.rank(0)} axes into the order {perm}")
    return op.graph.node("Transpose", [op.input(0)], {"perm": perm})


def squeeze(op: OperatorView) -> Results:
    """Drops axes of length 1; given axes of another length stay, as in Paddle."""
    lengths = op.shape(0)
    given = [op.axis(axis) for axis in op.fixed_integers(1, "axis")] or range(len(lengths))
    axes = sorted({axis for axis in given if lengths[axis] == 1})
    unknown = [axis for axis in given if lengths[axis] is None]
    if unknown and op.fixed_integers(1, "axis") and len(op.result_shape()) <= len(lengths) - len(axes) - 1:
        axes = sorted({*axes, *unknown})
    if not axes:
        return op.input(0)
    return op.graph.node("Squeeze", [op.input(0), op.graph.integers(axes)])


def unsqueeze(op: OperatorView) -> Results:
    """Adds axes of length 1, one after the other."""
    rank, places = op.rank(0), list[int]()
    for axis in op.fixed_integers(1, "axis"):
        rank += 1
        place = axis % rank if -rank <= axis < rank else -1
        op.require(place >= 0, f"adds axis {axis} to {rank - 1}")
        places = [each + (each >= place) for each in places] + [place]
    return op.graph.node("Unsqueeze", [op.input(0), op.graph.integers(sorted(places))])


def stack(op: OperatorView) -> Results:
    """Tensors of one shape along a new axis."""
    graph, axis = op.graph, op.integer("axis", 0)
    rank = op.rank(0) + 1
    axis = axis + rank if axis < 0 else axis
    op.require(0 <= axis < rank, f"stacks along axis {axis} of {rank}")
    members = [graph.node("Unsqueeze", [name, graph.integers([axis])]) for name in op.inputs(0)]
    return graph.node("Concat", members, {"axis": axis})


def combine_scalars(op: OperatorView) -> Results:
    """One-element tensors as one list."""
    parts = [op.graph.node("Reshape", [name, op.graph.integers([1])]) for name in op.inputs(0)]
    return op.graph.node("Concat", parts, {"axis": 0})


def unstack(op: OperatorView) -> Results:
    """The slices along an axis, which goes."""
    graph, axis = op.graph, op.axis(op.integer("axis", 0))
    count = len(op.operator.outputs[0])
    attributes = {"axis": axis}
    op.require(count > 0, "has no outputs")
    if count == 1:
        parts: tuple[str, ...] = (op.input(0),)
    else:
        parts = graph.nodes("Split", [op.input(0), graph.integers([1] * count)], attributes, outputs=count)
    return [graph.node("Squeeze", [part, graph.integers([axis])]) for part in parts]


def concat(op: OperatorView) -> Results:
    """Tensors one behind the other along an axis."""
    (axis,) = op.fixed_integers(1, "axis") or [0]
    names = op.inputs(0)
    if len(names) == 1:
        return names[0]
    return op.graph.node("Concat", names, {"axis": op.axis(axis)})


def split(op: OperatorView) -> Results:
    """Parts of given lengths, one of which may be -1, the rest."""
    (axis,) = op.fixed_integers(2, "axis") or [0]
    axis = op.axis(axis)
    sections = op.fixed_integers(1, "sections")
    if not sections:
        return _equal_parts(op, axis)
    if len(sections) == 1:
        return op.input(0)
    if sections.count(-1) == 1:
        length = op.shape(0)[axis]
        op.require(length is not None, "has a part of unknown length")
        rest = (length or 0) - sum(size for size in sections if size >= 0)
        sections = [rest if size == -1 else size for size in sections]
    op.require(min(sections) >= 0, f"has parts of lengths {sections}")
    lengths = op.graph.integers(sections)
    return op.graph.nodes("Split", [op.input(0), lengths], {"axis": axis}, outputs=len(sections))


def split_with_num(op: OperatorView) -> Results:
    """Parts of equal length."""
    (axis,) = op.fixed_integers(1, "axis") or [0]
    return _equal_parts(op, op.axis(axis))


def _equal_parts(op: OperatorView, axis: int) -> Results:
    count, length = op.integer("num"), op.shape(0)[axis]
    op.require(0 < count <= 4096, f"makes {count} parts")
    if count == 1:
        return op.input(0)
    op.require(length is None or length % count == 0, f"cuts a length of {length} into {count} parts")
    inputs = [op.input(0)]
    if length is not None:
        inputs.append(op.graph.integers([length // count] * count))
    return op.graph.nodes("Split", inputs, {"axis": axis}, outputs=count)


def slice_(op: OperatorView) -> Results:
    """A part along some axes; axes in ``decrease_axis`` go."""
    graph = op.graph
    axes = [op.axis(axis) for axis in op.integers("axes", ())]
    bounds = [_list(op, slot, attribute, len(axes)) for slot, attribute in ((1, "starts"), (2, "ends"))]
    output = graph.node("Slice", [op.input(0), *bounds, graph.integers(axes)]) if axes else op.input(0)
    dropped = [op.axis(axis) for axis in op.integers("decrease_axis", ())]
    if not dropped:
        return output
    return graph.node("Squeeze", [_cut_to_one(op, output, axes, dropped), graph.integers(sorted(dropped))])


def _cut_to_one(op: OperatorView, output: str, axes: list[int], dropped: list[int]) -> str:
    """Repairs ``x[-1]``, which Paddle writes as start -1 and end 0 where the index was computed."""
    starts, ends = op.known_integers(1, "starts"), op.known_integers(2, "ends")
    if starts is None or ends is None:
        return output
    fixed = [
        (2**31 - 1) if axis in dropped and start == -1 and end == 0 else end
        for axis, start, end in zip(axes, starts, ends, strict=True)
    ]
    if fixed == ends:
        return output
    graph = op.graph
    inputs = [op.input(0), graph.integers(starts), graph.integers(fixed), graph.integers(axes)]
    return graph.node("Slice", inputs)


def strided_slice(op: OperatorView) -> Results:
    """Every n-th element along some axes, forwards or backwards."""
    graph = op.graph
    axes = [op.axis(axis) for axis in op.integers("axes", ())]
    starts, ends, strides = (
        _list(op, slot, attribute, len(axes))
        for slot, attribute in ((1, "starts"), (2, "ends"), (3, "strides"))
    )
    known_ends, known_strides = graph.known(ends), graph.known(strides)
    if known_ends is not None and known_strides is not None:
        # Backwards to the very beginning: Paddle writes an end below -length, ONNX wants the smallest number.
        ends = graph.integers(
            [
                -(2**31) if int(stride) < 0 and int(end) < -(2**20) else int(end)
                for end, stride in zip(known_ends.ravel(), known_strides.ravel(), strict=True)
            ]
        )
    output = graph.node("Slice", [op.input(0), starts, ends, graph.integers(axes), strides])
    dropped = sorted(op.axis(axis) for axis in op.integers("decrease_axis", ()))
    return graph.node("Squeeze", [output, graph.integers(dropped)]) if dropped else output


def _list(op: OperatorView, slot: int, attribute: str, length: int) -> str:
    name = op.optional(slot)
    if name is None:
        return op.graph.integers(op.integers(attribute))
    known = op.graph.known(name)
    op.require(known is None or known.size == length, f"has {attribute} for another number of axes")
    return name if known is None or known.ndim == 1 else op.graph.constant(known.reshape(-1))


def expand(op: OperatorView) -> Results:
    """Repeats along axes of length 1; -1 keeps a length."""
    graph, target = op.graph, op.input(1)
    known = graph.known(target)
    if known is not None:
        # ONNX keeps a length where 1 is asked for.
        return graph.node("Expand", [op.input(0), graph.constant(np.where(known == -1, 1, known))])
    parts = graph.partly_known(target)
    if parts is None or -1 in parts:
        kept = graph.node("Equal", [target, graph.integer(-1)])
        target = graph.node("Where", [kept, graph.integer(1), target])
    return graph.node("Expand", [op.input(0), target])


def expand_as(op: OperatorView) -> Results:
    """Repeats to the shape of another tensor."""
    graph = op.graph
    if op.optional(1) is None:
        sizes = [1 if size < 0 else size for size in op.integers("target_shape")]
        return graph.node("Expand", [op.input(0), graph.integers(sizes)])
    return graph.node("Expand", [op.input(0), graph.shape_of(op.input(1), op.shape(1))])


def tile(op: OperatorView) -> Results:
    """Repeats whole tensors along axes; missing axes or counts in front are 1."""
    graph, x, repeats = op.graph, op.input(0), op.input(1)
    known = graph.known(repeats)
    count = len(known.ravel()) if known is not None else (op.shape(1)[0] if op.rank(1) == 1 else None)
    op.require(count is not None, "repeats along an unknown number of axes")
    rank = op.rank(0)
    if (count or 0) > rank:
        x = graph.node("Unsqueeze", [x, graph.integers(range((count or 0) - rank))])
    elif (count or 0) < rank:
        ones = graph.integers([1] * (rank - (count or 0)))
        repeats = graph.node("Concat", [ones, repeats], {"axis": 0})
    return graph.node("Tile", [x, repeats])


def repeat_interleave(op: OperatorView) -> Results:
    """Each element several times along an axis."""
    graph, axis = op.graph, op.axis(op.integer("axis", 0))
    repeats, rank = op.integer("repeats"), op.rank(0)
    op.require(0 < repeats <= 4096, f"repeats {repeats} times")
    apart = graph.node("Unsqueeze", [op.input(0), graph.integers([axis + 1])])
    counts = [repeats if place == axis + 1 else 1 for place in range(rank + 1)]
    repeated = graph.node("Tile", [apart, graph.integers(counts)])
    lengths = graph.shape_of(op.input(0), op.shape(0))
    front = graph.node("Slice", [lengths, *_range(op, 0, axis)])
    back = graph.node("Slice", [lengths, *_range(op, axis + 1, rank)])
    target = graph.node("Concat", [front, graph.integers([-1]), back], {"axis": 0})
    return graph.node("Reshape", [repeated, target])


def _range(op: OperatorView, start: int, stop: int) -> list[str]:
    return [op.graph.integers([start]), op.graph.integers([stop]), op.graph.integers([0])]


def flip(op: OperatorView) -> Results:
    """The elements along some axes backwards."""
    graph = op.graph
    axes = [op.axis(axis) for axis in op.integers("axis", ())]
    bounds = [[-1] * len(axes), [-(2**31)] * len(axes), axes, [-1] * len(axes)]
    return graph.node("Slice", [op.input(0), *(graph.integers(each) for each in bounds)])


def roll(op: OperatorView) -> Results:
    """The elements along axes moved on; what falls off comes in at the other end."""
    graph, x = op.graph, op.input(0)
    shifts, axes = op.fixed_integers(1, "shifts"), op.integers("axis", ())
    flat = not axes
    if flat:
        x, axes = graph.node("Reshape", [x, graph.integers([-1])]), [0]
    op.require(len(shifts) == len(axes), f"has {len(shifts)} shifts for {len(axes)} axes")
    for shift, axis in zip(shifts, axes, strict=True):
        length = math.prod(each or 0 for each in op.shape(0)) if flat else op.shape(0)[op.axis(axis)]
        shift = shift % length if length else shift
        if shift:
            x = _moved(op, x, shift, axis if flat else op.axis(axis))
    if flat:
        x = graph.node("Reshape", [x, graph.shape_of(op.input(0), op.shape(0))])
    return x


def _moved(op: OperatorView, x: str, shift: int, axis: int) -> str:
    graph = op.graph
    cut, end, place = graph.integers([-shift]), graph.integers([2**31 - 1]), graph.integers([axis])
    tail = graph.node("Slice", [x, cut, end, place])
    head = graph.node("Slice", [x, graph.integers([0]), cut, place])
    return graph.node("Concat", [tail, head], {"axis": axis})


OPERATORS: Mapping[str, OperatorFunction] = {
    "shape": shape,
    "shape64": shape,
    "numel": numel,
    "reshape": reshape,
    "flatten": flatten,
    "flatten_to_matrix": flatten_to_matrix,
    "transpose": transpose,
    "squeeze": squeeze,
    "unsqueeze": unsqueeze,
    "stack": stack,
    "combine_scalars": combine_scalars,
    "unstack": unstack,
    "unbind": unstack,
    "concat": concat,
    "split": split,
    "split_with_num": split_with_num,
    "slice": slice_,
    "strided_slice": strided_slice,
    "expand": expand,
    "expand_as": expand_as,
    "tile": tile,
    "repeat_interleave": repeat_interleave,
    "flip": flip,
    "roll": roll,
}
