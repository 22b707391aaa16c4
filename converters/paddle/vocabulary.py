"""What operators, slots and attributes of the old program format are called in PIR. Data only.

The names come from Paddle's op_compat.yaml and ops.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Operand:
    """An input of a PIR operator that the old format may write as attribute, tensor or list of tensors.

    Attributes:
        attribute: name of the attribute, ``""`` if there is none.
        tensor: slot of the tensor that overrules it, if any.
        tensors: slot of the list of tensors that overrules both, if any.
        scalar: whether it is one number and not a list.
        number: ``int64`` or ``float32``.
    """

    attribute: str
    tensor: str = ""
    tensors: str = ""
    scalar: bool = False
    number: str = "int64"


@dataclass(frozen=True)
class OldOperator:
    """How one operator of the old format reads in PIR.

    Attributes:
        type: PIR's name.
        inputs: slots in PIR's order; a text is the slot's old name.
        outputs: old names of the output slots in PIR's order.
        attributes: PIR's name by old name, for those that differ.
    """

    type: str
    inputs: tuple[str | Operand, ...] = ("X",)
    outputs: tuple[str, ...] = ("Out",)
    attributes: Mapping[str, str] = field(default_factory=dict)


_LAYOUT = {"data_layout": "data_format"}
_KEEP = {"keep_dim": "keepdim"}
_XY = ("X", "Y")


def _same(names: str) -> dict[str, OldOperator]:
    return {name: OldOperator(name) for name in names.split()}


def _pairs(names: Mapping[str, str]) -> dict[str, OldOperator]:
    return {old: OldOperator(new, _XY) for old, new in names.items()}


def _renamed(names: Mapping[str, str]) -> dict[str, OldOperator]:
    return {old: OldOperator(new) for old, new in names.items()}


def _interpolations(*kinds: str) -> dict[str, OldOperator]:
    return {
        f"{kind}_interp{suffix}": OldOperator(
            f"{kind}_interp", ("X", "OutSize", "SizeTensor", "Scale"), attributes=_LAYOUT
        )
        for kind in kinds
        for suffix in ("", "_v2")
    }


def _reductions(names: str) -> dict[str, OldOperator]:
    return {
        f"reduce_{name}": OldOperator(name, ("X", Operand("dim")), attributes=_KEEP) for name in names.split()
    }


_SHAPED = ("X", Operand("shape", "Shape", "ShapeTensor"))
_AXES = ("X", Operand("axes", "AxesTensor", "AxesTensorList"))
_BOUNDS = (
    "Input",
    Operand("starts", "StartsTensor", "StartsTensorList"),
    Operand("ends", "EndsTensor", "EndsTensorList"),
)
_DECONVOLUTION = ("Input", "Filter", Operand("output_size"))

OLD_OPERATORS: Mapping[str, OldOperator] = {
    **_same(
        "abs assign atan cast ceil celu channel_shuffle cos elu erf exp expm1 flip floor gelu isnan_v2 log "
        "log10 log1p log2 log_softmax logical_not mish pixel_shuffle pixel_unshuffle reciprocal relu relu6 "
        "round rsqrt selu share_data sigmoid sign silu sin softmax softplus softshrink softsign sqrt square "
        "swish tan tanh "
        "thresholded_relu tril_triu trunc"
    ),
    **_renamed(
        {
            "logsigmoid": "logsigmoid",
            "tanh_shrink": "tanh_shrink",
            "hard_swish": "hardswish",
            "hard_sigmoid": "hardsigmoid",
            "hard_shrink": "hardshrink",
            "sum": "add_n",
            "memcpy_d2h": "assign",
            "memcpy_h2d": "assign",
            "mean": "mean_all",
        }
    ),
    **_pairs(
        {
            "elementwise_add": "add",
            "elementwise_sub": "subtract",
            "elementwise_mul": "multiply",
            "elementwise_div": "divide",
            "elementwise_pow": "elementwise_pow",
            "elementwise_max": "maximum",
            "elementwise_min": "minimum",
            "elementwise_mod": "remainder",
            "elementwise_floordiv": "floor_divide",
            "elementwise_fmax": "fmax",
            "elementwise_fmin": "fmin",
            "equal": "equal",
            "not_equal": "not_equal",
            "less_than": "less_than",
            "less_equal": "less_equal",
            "greater_than": "greater_than",
            "greater_equal": "greater_equal",
            "logical_and": "logical_and",
            "logical_or": "logical_or",
            "logical_xor": "logical_xor",
            "bitwise_and": "bitwise_and",
            "bitwise_or": "bitwise_or",
            "bitwise_xor": "bitwise_xor",
            "bmm": "bmm",
            "mul": "mul",
        }
    ),
    **_reductions("mean sum max min prod all any amax amin"),
    **_interpolations("nearest", "linear", "bilinear", "trilinear", "bicubic"),
    "increment": OldOperator("increment"),
    "logsumexp": OldOperator("logsumexp", attributes=_KEEP),
    "conv2d": OldOperator("conv2d", ("Input", "Filter"), ("Output",)),
    "depthwise_conv2d": OldOperator("depthwise_conv2d", ("Input", "Filter"), ("Output",)),
    "conv2d_transpose": OldOperator("conv2d_transpose", _DECONVOLUTION, ("Output",)),
    "depthwise_conv2d_transpose": OldOperator("conv2d_transpose", _DECONVOLUTION, ("Output",)),
    "pool2d": OldOperator("pool2d", ("X", Operand("ksize"))),
    "max_pool2d_with_index": OldOperator(
        "max_pool2d_with_index", outputs=("Out", "Mask"), attributes={"ksize": "kernel_size"}
    ),
    "batch_norm": OldOperator(
        "batch_norm",
        ("X", "Mean", "Variance", "Scale", "Bias"),
        ("Y", "MeanOut", "VarianceOut", "SavedMean", "SavedVariance", "ReserveSpace"),
        _LAYOUT,
    ),
    "layer_norm": OldOperator("layer_norm", ("X", "Scale", "Bias"), ("Y", "Mean", "Variance")),
    "group_norm": OldOperator("group_norm", ("X", "Scale", "Bias"), ("Y", "Mean", "Variance"), _LAYOUT),
    "instance_norm": OldOperator(
        "instance_norm", ("X", "Scale", "Bias"), ("Y", "SavedMean", "SavedVariance")
    ),
    "p_norm": OldOperator("p_norm"),
    "prelu": OldOperator("prelu", ("X", "Alpha")),
    "leaky_relu": OldOperator("leaky_relu", attributes={"alpha": "negative_slope"}),
    "brelu": OldOperator("hardtanh"),
    "pow": OldOperator("pow", ("X", "FactorTensor"), attributes={"factor": "y"}),
    "matmul_v2": OldOperator("matmul", _XY, attributes={"trans_x": "transpose_x", "trans_y": "transpose_y"}),
    "matmul": OldOperator(
        "matmul", _XY, attributes={"transpose_X": "transpose_x", "transpose_Y": "transpose_y"}
    ),
    "addmm": OldOperator("addmm", ("Input", "X", "Y"), attributes={"Alpha": "alpha", "Beta": "beta"}),
    "einsum": OldOperator("einsum", ("Operands",)),
    "clip": OldOperator(
        "clip",
        (
            "X",
            Operand("min", "Min", scalar=True, number="float32"),
            Operand("max", "Max", scalar=True, number="float32"),
        ),
    ),
    "scale": OldOperator("scale", ("X", Operand("scale", "ScaleTensor", scalar=True, number="float32"))),
    "dropout": OldOperator(
        "dropout",
        ("X", "Seed", Operand("dropout_prob", scalar=True, number="float32")),
        ("Out", "Mask"),
        {"dropout_implementation": "mode"},
    ),
    "reshape": OldOperator("reshape", _SHAPED),
    "reshape2": OldOperator("reshape", _SHAPED, ("Out", "XShape")),
    "flatten_contiguous_range": OldOperator("flatten", outputs=("Out", "XShape")),
    "flatten2": OldOperator("flatten_to_matrix", outputs=("Out", "XShape")),
    "transpose": OldOperator("transpose", attributes={"axis": "perm"}),
    "transpose2": OldOperator("transpose", outputs=("Out", "XShape"), attributes={"axis": "perm"}),
    "squeeze": OldOperator("squeeze", _AXES),
    "squeeze2": OldOperator("squeeze", _AXES, ("Out", "XShape")),
    "unsqueeze": OldOperator("unsqueeze", _AXES),
    "unsqueeze2": OldOperator("unsqueeze", _AXES, ("Out", "XShape")),
    "stack": OldOperator("stack", outputs=("Y",)),
    "unstack": OldOperator("unstack", outputs=("Y",)),
    "unbind": OldOperator("unbind"),
    "concat": OldOperator("concat", ("X", Operand("axis", "AxisTensor", scalar=True))),
    "split": OldOperator(
        "split",
        ("X", Operand("sections", "", "SectionsTensorList"), Operand("axis", "AxisTensor", scalar=True)),
    ),
    "slice": OldOperator("slice", _BOUNDS),
    "strided_slice": OldOperator(
        "strided_slice", (*_BOUNDS, Operand("strides", "StridesTensor", "StridesTensorList"))
    ),
    "expand_v2": OldOperator("expand", ("X", Operand("shape", "Shape", "expand_shapes_tensor"))),
    "expand_as_v2": OldOperator("expand_as", _XY),
    "tile": OldOperator("tile", ("X", Operand("repeat_times", "RepeatTimes", "repeat_times_tensor"))),
    "expand": OldOperator("tile", ("X", Operand("expand_times", "ExpandTimes", "expand_times_tensor"))),
    "gather": OldOperator("gather", ("X", "Index", Operand("axis", "Axis", scalar=True))),
    "gather_nd": OldOperator("gather_nd", ("X", "Index")),
    "index_select": OldOperator("index_select", ("X", "Index"), attributes={"dim": "axis"}),
    "take_along_axis": OldOperator(
        "take_along_axis", ("Input", "Index"), ("Result",), attributes={"Axis": "axis"}
    ),
    "lookup_table_v2": OldOperator("embedding", ("Ids", "W")),
    "one_hot_v2": OldOperator("one_hot", ("X", Operand("depth", "depth_tensor", scalar=True))),
    "roll": OldOperator("roll", ("X", Operand("shifts", "ShiftsTensor"))),
    "set_value": OldOperator(
        "set_value",
        (
            *_BOUNDS,
            Operand("steps", "StepsTensor", "StepsTensorList"),
            "ValueTensor",
        ),
    ),
    "shape": OldOperator("shape", ("Input",)),
    "size": OldOperator("numel", ("Input",)),
    "pad": OldOperator("pad", ("X", Operand("pad_value", scalar=True, number="float32"))),
    "pad2d": OldOperator("pad2d"),
    "pad3d": OldOperator("pad3d", ("X", Operand("paddings", "Paddings")), attributes={"value": "pad_value"}),
    "unfold": OldOperator("unfold", outputs=("Y",)),
    "fill_constant": OldOperator(
        "fill_constant", (Operand("shape", "ShapeTensor", "ShapeTensorList"), "ValueTensor")
    ),
    "fill_constant_batch_size_like": OldOperator("full_batch_size_like", ("Input",)),
    "fill_any_like": OldOperator("full_like", ("X", Operand("value", scalar=True, number="float32"))),
    "fill_zeros_like": OldOperator("zeros_like"),
    "assign_value": OldOperator("assign_value", ()),
    "range": OldOperator("arange", ("Start", "End", "Step")),
    "linspace": OldOperator("linspace", ("Start", "Stop", "Num")),
    "meshgrid": OldOperator("meshgrid"),
    "where": OldOperator("where", ("Condition", "X", "Y")),
    "masked_fill": OldOperator("masked_fill", ("x", "mask", "value"), ("out",)),
    "arg_max": OldOperator("argmax", ("X", Operand("axis", scalar=True))),
    "arg_min": OldOperator("argmin", ("X", Operand("axis", scalar=True))),
    "top_k": OldOperator("topk", ("X", Operand("k", "K", scalar=True)), ("Out", "Indices")),
    "top_k_v2": OldOperator("topk", ("X", Operand("k", "K", scalar=True)), ("Out", "Indices")),
    "argsort": OldOperator("argsort", outputs=("Out", "Indices")),
    "cumsum": OldOperator("cumsum", ("X", Operand("axis", scalar=True))),
    "grid_sampler": OldOperator("grid_sample", ("X", "Grid"), ("Output",)),
    "repeat_interleave": OldOperator("repeat_interleave", attributes={"dim": "axis", "Repeats": "repeats"}),
    "rnn": OldOperator(
        "rnn",
        ("Input", "PreState", "WeightList", "SequenceLength"),
        ("Out", "DropoutState", "State", "Reserve"),
    ),
}
"""Every operator of the old format that has a counterpart here; others keep their old names."""
