#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a symmetric positive definite matrix: make_spd.py OUT.npy [N]. The same N gives the same bytes."""
import array
import random
import sys


def spd(n):
    """Random entries below 1, and n on the diagonal: dominant, hence positive definite."""
    generator = random.Random(n)
    rows = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i):
            rows[i][j] = rows[j][i] = 2 * generator.random() - 1
        rows[i][i] = float(n)
    return rows


def write_npy(path, rows):
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (%d, %d), }" % (len(rows), len(rows[0]))
    header += " " * (-(len(header) + 11) % 64) + "\n"
    values = array.array("d", (value for row in rows for value in row))
    if sys.byteorder != "little":
        values.byteswap()
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
        values.tofile(file)


if __name__ == "__main__":
    write_npy(sys.argv[1], spd(int(sys.argv[2]) if len(sys.argv) > 2 else 256))
