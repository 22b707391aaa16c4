"""Shapes, slices and copies: what moves numbers without changing them."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import Tensor

from benchmarks.paddle_reference.operators.network import (
    FIXED_IMAGE,
    IMAGE,
    MATRIX,
    SEQUENCE,
    SIGNAL,
    VOLUME,
    Group,
    Input,
)

ONE_ROW = Input((None, 4, 1, None), ((2, 4, 1, 17), (1, 4, 1, 10)))
LENGTHS = Input((None, 4, None, None), ((1, 4, 13, 17), (1, 4, 24, 10)))
TWO_ROWS = Input((None, 12), ((2, 12), (2, 12)))


def reshape_by_shape(x: Tensor) -> Tensor:
    """``(N, C, H, W)`` to ``(N, H, W * C)`` with sizes read from the input."""
    batch, channels, height, width = x.shape
    return x.reshape([batch, height, width * channels])


def reshape_by_tensor(x: Tensor) -> Tensor:
    """Target shape joined from tensors."""
    sizes = paddle.shape(x)
    return paddle.reshape(x, paddle.concat([sizes[:2], sizes[2:3] * sizes[3:4]]))


def attention_layout(x: Tensor) -> Tensor:
    """The split into heads and back that recognisers with attention use."""
    batch, steps, _ = x.shape
    heads = x.reshape([batch, steps, 3, 2, 2]).transpose([2, 0, 3, 1, 4])
    return (heads[0] + heads[1] * heads[2]).transpose([0, 2, 1, 3]).reshape([batch, steps, 4])


def slice_by_tensor(x: Tensor) -> Tensor:
    """The left half, its width computed."""
    return x[:, :, :, : paddle.shape(x)[3] // 2]


def crop_to_other(x: Tensor, other: Tensor) -> Tensor:
    """``x`` cut to the height of ``other``."""
    height = other.shape[2]
    return x[:, :, :height]


def assign_slice(x: Tensor) -> Tensor:
    """A slice overwritten."""
    y = x * 2.0
    y[:, 1:3] = 0.5
    return y


def assign_tensor(x: Tensor) -> Tensor:
    """A slice overwritten by another tensor."""
    y = x * 2.0
    y[:, 0:2] = x[:, 2:4]
    return y


def full_by_shape(x: Tensor) -> Tensor:
    """A constant picture of the input's size added to it."""
    batch, _, height, width = x.shape
    return x[:, :1] * paddle.full([batch, 1, height, width], 2.5)


def positions(x: Tensor) -> Tensor:
    """The column number added to each cell."""
    width = x.shape[3]
    return x + paddle.arange(0, width, dtype="float32")


def reading_order_ratio(x: Tensor) -> Tensor:
    """Height over width as a number multiplied in."""
    sizes = paddle.shape(x)
    return x * (sizes[2].astype("float32") / sizes[3].astype("float32"))


def zigzag(x: Tensor) -> Tensor:
    """Two inputs' coordinates from ``meshgrid``, as in grid prediction."""
    height, width = x.shape[2], x.shape[3]
    rows, columns = paddle.meshgrid(paddle.arange(height), paddle.arange(width))
    return x * paddle.stack([rows, columns, rows + columns, rows * 0 + 1], axis=0).astype("float32")


def expand_by_shape(x: Tensor) -> Tensor:
    """One channel repeated to the size of another tensor's batch."""
    return x[:1, :1].expand([x.shape[0], 5, -1, -1])


def tile_by_tensor(x: Tensor) -> Tensor:
    """The first row repeated as often as there are rows."""
    return paddle.tile(x[:, :, :1], [1, 1, x.shape[2], 1])


def split_by_sections(x: Tensor) -> Tensor:
    """Three unequal parts, put back in another order."""
    first, second, third = paddle.split(x, [1, 2, -1], axis=1)
    return paddle.concat([third, first, second], axis=1)


def split_evenly(x: Tensor) -> Tensor:
    """Two halves multiplied."""
    first, second = paddle.split(x, 2, axis=1)
    return first * second


def unbind_channels(x: Tensor) -> Tensor:
    """Channels taken apart and added."""
    first, second, third, fourth = paddle.unbind(x, axis=1)
    return first + second * third - fourth


GROUP = Group()
GROUP.function("reshape_zero_minus_one", lambda x: paddle.reshape(x, [0, 0, -1]))
GROUP.function("reshape_constant", lambda x: paddle.reshape(x, [-1, 2, 2, 12, 16]), FIXED_IMAGE)
GROUP.function("reshape_by_shape", reshape_by_shape)
GROUP.function("reshape_by_tensor", reshape_by_tensor)
GROUP.function("attention_layout", attention_layout, SEQUENCE)
GROUP.function("flatten_all_but_batch", lambda x: paddle.flatten(x, 1))
GROUP.function("flatten_picture", lambda x: paddle.flatten(x, 2, 3))
GROUP.function("flatten_from_start", lambda x: paddle.flatten(x, 0, 1))
GROUP.function("transpose", lambda x: paddle.transpose(x, [0, 2, 3, 1]))
GROUP.function("squeeze", lambda x: paddle.squeeze(x, 2), ONE_ROW)
GROUP.function("squeeze_not_one", lambda x: paddle.squeeze(x, [1, 2]), ONE_ROW)
GROUP.function("unsqueeze", lambda x: paddle.unsqueeze(x, [1, -1]))
GROUP.function("concat", lambda x: paddle.concat([x, x * 2, x[:, :1]], axis=1))
GROUP.function("concat_last", lambda x: paddle.concat([x, x * 2], axis=-1))
GROUP.function("split_by_sections", split_by_sections)
GROUP.function("split_evenly", split_evenly)
GROUP.function("unbind", unbind_channels)
GROUP.function("stack", lambda x: paddle.stack([x, x * 2], axis=2))
GROUP.function("stack_last", lambda x: paddle.stack([x, x * 2], axis=-1))
GROUP.function("slice", lambda x: x[:, 1:3, 2:-1])
GROUP.function("slice_one", lambda x: x[:, 2])
GROUP.function("slice_last", lambda x: x[:, :, -1])
GROUP.function("slice_beyond", lambda x: x[:, 1:100])
GROUP.function("slice_by_tensor", slice_by_tensor)
GROUP.function(
    "crop_to_other", crop_to_other, IMAGE, Input((None, 4, None, None), ((2, 4, 6, 3), (1, 4, 9, 3)))
)
GROUP.function("strided_slice", lambda x: x[:, :, ::2, 1::3])
GROUP.function("strided_slice_backwards", lambda x: x[:, ::-1, :, ::-2])
GROUP.function("expand", lambda x: paddle.expand(x[:, :1], [-1, 5, -1, -1]))
GROUP.function("expand_by_shape", expand_by_shape)
GROUP.function("expand_new_axis", lambda x: paddle.expand(x, [3, 2, 12]), TWO_ROWS)
GROUP.function("expand_as", lambda x: paddle.expand_as(x[:, :1], x))
GROUP.function("tile", lambda x: paddle.tile(x, [1, 2, 1, 3]))
GROUP.function("tile_new_axis", lambda x: paddle.tile(x, [2, 1, 2]), MATRIX)
GROUP.function("tile_by_tensor", tile_by_tensor)
GROUP.function("where", lambda x: paddle.where(x > 0.2, x, x * 0.1))
GROUP.function("where_broadcast", lambda x: paddle.where(x[:, :1] > 0.2, x, paddle.zeros([1])))
GROUP.function("full_by_shape", full_by_shape)
GROUP.function("full_like", lambda x: x + paddle.full_like(x, 1.5))
GROUP.function("zeros_and_ones_like", lambda x: x * paddle.ones_like(x) + paddle.zeros_like(x))
GROUP.function("shape_arithmetic", reading_order_ratio)
GROUP.function("arange", positions)
GROUP.function("linspace", lambda x: x * paddle.linspace(0.0, 1.0, 12), MATRIX, named=False)
GROUP.function("meshgrid", zigzag)
GROUP.function("assign_slice", assign_slice)
GROUP.function("assign_tensor", assign_tensor)
GROUP.function("flip", lambda x: paddle.flip(x, [2, 3]))
GROUP.function("roll", lambda x: paddle.roll(x, [1, -2], [2, 3]), named=False)
GROUP.function("gather", lambda x: paddle.gather(x, paddle.to_tensor([2, 0, 1, 1]), axis=1))
GROUP.function("gather_nd", lambda x: paddle.gather_nd(x, paddle.to_tensor([[0, 1], [0, 3]])), named=False)
GROUP.function("index_select", lambda x: paddle.index_select(x, paddle.to_tensor([2, 0]), axis=1))
GROUP.function("take_along_axis", lambda x: paddle.take_along_axis(x, x.argsort(axis=1), 1), named=False)
GROUP.function("triangle", lambda x: paddle.tril(x) + paddle.triu(x, 1) * 2, named=False)
GROUP.function("one_hot", lambda x: F.one_hot(x.argmax(axis=1), 4), named=False)
GROUP.function("masked_fill", lambda x: paddle.masked_fill(x, x > 0.5, -1.0), named=False)
GROUP.function("repeat_interleave", lambda x: paddle.repeat_interleave(x, 2, axis=1), named=False)
GROUP.function("unfold", lambda x: F.unfold(x, [3, 3], paddings=1))
GROUP.function(
    "unfold_stride", lambda x: F.unfold(x, [2, 3], strides=[2, 1], paddings=[0, 1], dilations=[1, 2])
)
GROUP.function("pixel_shuffle", lambda x: F.pixel_shuffle(x, 2))
GROUP.function("pixel_unshuffle", lambda x: F.pixel_unshuffle(x, 2), FIXED_IMAGE, named=False)
GROUP.function("channel_shuffle", lambda x: F.channel_shuffle(x, 2), named=False)
for mode in ("constant", "reflect", "replicate", "circular"):
    GROUP.function(
        f"pad_{mode}", lambda x, mode=mode: F.pad(x, [1, 2, 3, 0], mode=mode), named=mode != "circular"
    )
GROUP.function("pad_value", lambda x: F.pad(x, [1, 0, 0, 2], value=0.75))
GROUP.function("pad_every_axis", lambda x: F.pad(x, [0, 0, 1, 0, 0, 2, 3, 0], value=-0.5))
GROUP.function("pad_negative", lambda x: F.pad(x, [-1, 2, 0, -2]), named=False)
GROUP.function("pad_signal", lambda x: F.pad(x, [1, 2], mode="reflect", data_format="NCL"), SIGNAL)
GROUP.function(
    "pad_volume",
    lambda x: F.pad(x, [1, 2, 0, 1, 2, 0], mode="replicate", data_format="NCDHW"),
    VOLUME,
)
GROUP.function("cumsum", lambda x: paddle.cumsum(x, axis=2), named=False)
GROUP.function("identity", lambda x: paddle.assign(x), LENGTHS)
