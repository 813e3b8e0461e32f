#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the inputs of the programs, for the image as bytes and for `pto run` as .npy: make_inputs.py DIRECTORY.

The same call gives the same bytes on every machine. Values are those of the examples' own programs where these have
more than one; elsewhere no two elements are alike, so that a result in the wrong place is a wrong result."""
import array
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cholesky"))
import make_spd  # noqa: E402 (it lies in the folder of its example)

CODES = {"<f4": "f", "<i4": "i", "<u8": "Q", "|i1": "b", "<f8": "d"}


def numbers(seed=1):
    """The generator of the examples, which print it as 32 bits."""
    state = seed
    while True:
        state = (state * 1664525 + 1013904223) & 0xffffffff
        yield state


def write(directory, name, dtype, shape, values):
    """NAME.bin and NAME.npy."""
    data = array.array(CODES[dtype], values)
    count = 1
    for extent in shape:
        count *= extent
    if len(data) != count:
        sys.exit(f"{name}: {len(data)} elements do not have the shape {shape}")
    if sys.byteorder != "little":
        data.byteswap()
    extents = "".join(f"{extent}, " for extent in shape)
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({extents}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    (directory / f"{name}.bin").write_bytes(data.tobytes())
    (directory / f"{name}.npy").write_bytes(
        b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data.tobytes())


def as_bits(doubles):
    """Doubles travel as words."""
    words = array.array("Q")
    words.frombytes(array.array("d", doubles).tobytes())
    return words


def write_attention(directory):
    """A cache of 24 pages of 16 tokens, 2 heads of 32; what no sequence owns is not-a-number."""
    heads, width, page, pool, most = 2, 32, 16, 24, 6
    lengths = [1, 17, 96, 50]
    stream = numbers()
    unit = ((next(stream) >> 8) / 8388608 - 1 for _ in iter(int, 1))
    caches = [[math.nan] * (pool * heads * page * width) for _ in range(2)]
    table = [-1] * (len(lengths) * most)
    pages = 0
    for sequence, length in enumerate(lengths):
        for token in range(length):
            entry = sequence * most + token // page
            if token % page == 0:
                table[entry] = pages * 7 % pool
                pages += 1
            for head in range(heads):
                begin = ((table[entry] * heads + head) * page + token % page) * width
                for i in range(begin, begin + width):
                    for cache in caches:
                        cache[i] = next(unit)
    write(directory, "keys", "<f4", (pool, heads, page, width), caches[0])
    write(directory, "values", "<f4", (pool, heads, page, width), caches[1])
    write(directory, "block_table", "<i4", (len(lengths), most), table)
    write(directory, "lengths", "<i4", (len(lengths),), lengths)
    write(directory, "queries", "<f4", (len(lengths), heads, width),
          [4 * next(unit) for _ in range(len(lengths) * heads * width)])


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    stream = numbers()
    unit = (next(stream) / 2**32 for _ in range(2 * 64 * 64))
    write(directory, "vector_a", "<f4", (64, 64), [2 + next(unit) for _ in range(64 * 64)])
    write(directory, "vector_b", "<f4", (64, 64), [3 + next(unit) for _ in range(64 * 64)])
    write(directory, "pair_a", "<f4", (4096,), [i % 100 + i / 8192 for i in range(4096)])
    write(directory, "pair_b", "<f4", (4096,), [i % 7 + 1 for i in range(4096)])
    write(directory, "spd", "<u8", (128, 128), as_bits(value for row in make_spd.spd(128) for value in row))
    stream = numbers()
    write(directory, "weights", "|i1", (64, 64), [(next(stream) >> 24) - 128 for _ in range(64 * 64)])
    write(directory, "samples", "|i1", (64, 64), [(next(stream) >> 24) - 128 for _ in range(64 * 64)])
    write_attention(directory)


if __name__ == "__main__":
    main()
