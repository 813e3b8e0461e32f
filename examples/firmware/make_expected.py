#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the image's programs on the simulated chip and keeps what they computed:
make_expected.py --pto PROGRAM --arch NAME --inputs DIRECTORY --callables DIRECTORY --out DIRECTORY

CALLABLES holds NAME.ARCH.pto, the native builds of the callables that the image has. OUT gets PROGRAM.TENSOR.npy for
each result, the names that the image prints."""
import argparse
import pathlib
import subprocess
import sys

# What programs.c says, as arguments of `pto run`; {in} and {out} are directories.
PROGRAMS = {
    "vector": ["--in", "{in}/vector_a.npy", "--in", "{in}/vector_b.npy", "--out", "{out}/vector.f.npy:float32:64x64"],
    "add": ["--in", "{in}/pair_a.npy", "--in", "{in}/pair_b.npy", "--out", "{out}/add.result.npy:float32:4096"],
    "subtract": ["--in", "{in}/pair_a.npy", "--in", "{in}/pair_b.npy",
                 "--out", "{out}/subtract.result.npy:float32:4096"],
    "cholesky": ["--inout", "{in}/spd.npy:{out}/cholesky.a.npy", "--scalar", "16"],
    "pipeline": ["--in", "{in}/samples.npy", "--in", "{in}/weights.npy",
                 "--out", "{out}/pipeline.result.npy:float32:64x64", "--scalar", "f32:0.007"],
}


def main():
    parser = argparse.ArgumentParser()
    for name in ("--pto", "--arch", "--inputs", "--callables", "--out"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    pathlib.Path(options.out).mkdir(parents=True, exist_ok=True)
    for program, arguments in PROGRAMS.items():
        words = [word.replace("{in}", options.inputs).replace("{out}", options.out) for word in arguments]
        callable_file = f"{options.callables}/{program}.{options.arch}.pto"
        done = subprocess.run([options.pto, "run", callable_file, *words], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            sys.exit(f"{program}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
