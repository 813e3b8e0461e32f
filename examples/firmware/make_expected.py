#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the image's programs on the simulated chip and keeps what they computed:
make_expected.py --pto PROGRAM --arch NAME --make-inputs SCRIPT --out DIRECTORY CALLABLE.ARCH.pto...

The callables are native builds of those that the image has. OUT gets PROGRAM.TENSOR.npy for each result, by the names
that the image prints, and nothing else; it is there only when all of them are."""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

# What programs.c says, as arguments of `pto run`; {in} and {out} are directories.
PROGRAMS = {
    "vector": ["--in", "{in}/vector_a.npy", "--in", "{in}/vector_b.npy", "--out", "{out}/vector.f.npy:float32:64x64"],
    "add": ["--in", "{in}/pair_a.npy", "--in", "{in}/pair_b.npy", "--out", "{out}/add.result.npy:float32:4096"],
    "subtract": ["--in", "{in}/pair_a.npy", "--in", "{in}/pair_b.npy",
                 "--out", "{out}/subtract.result.npy:float32:4096"],
    "cholesky": ["--inout", "{in}/spd.npy:{out}/cholesky.a.npy", "--scalar", "16"],
    "pipeline": ["--in", "{in}/samples.npy", "--in", "{in}/weights.npy",
                 "--out", "{out}/pipeline.result.npy:float32:64x64", "--scalar", "f32:0.007"],
    "attention": ["--in", "{in}/queries.npy", "--in", "{in}/keys.npy", "--in", "{in}/values.npy",
                  "--in", "{in}/block_table.npy", "--in", "{in}/lengths.npy",
                  "--out", "{out}/attention.output.npy:float32:4x2x32", "--scalar", "f32:0.125"],
}


def main():
    parser = argparse.ArgumentParser()
    for name in ("--pto", "--arch", "--make-inputs", "--out"):
        parser.add_argument(name, required=True)
    parser.add_argument("callables", nargs="+")
    options = parser.parse_args()
    files = {pathlib.Path(path).name: path for path in options.callables}
    shutil.rmtree(options.out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        inputs, results = f"{work}/inputs", f"{work}/results"
        pathlib.Path(results).mkdir()
        subprocess.run([sys.executable, "-B", options.make_inputs, inputs], check=True)
        for program, arguments in PROGRAMS.items():
            words = [word.replace("{in}", inputs).replace("{out}", results) for word in arguments]
            done = subprocess.run([options.pto, "run", files[f"{program}.{options.arch}.pto"], *words],
                                  capture_output=True, text=True, timeout=120)
            if done.returncode != 0:
                sys.exit(f"{program}: {done.stdout}{done.stderr}")
        shutil.copytree(results, options.out)


if __name__ == "__main__":
    main()
