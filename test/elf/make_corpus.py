#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the seeds of the fuzz target anew: make_corpus.py FOLDER

Each seed is a small object of this folder, compiled and linked in a way of its own, for x86-64 and aarch64. Pages of 256
bytes keep the files small. The last byte of a file, which belongs to a section header and is read by nobody, tells the
target how to load it; some seeds set it."""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TABLES, CLASSES = HERE / "object_tables.c", HERE / "object_classes.cpp"
COMMON = ["-shared", "-fPIC", "-nostdlib", "-s", "-Wl,-z,max-page-size=256", "-Wl,-z,common-page-size=256"]
LLD = ["-fuse-ld=lld", "-Wl,-z,separate-code"]
CXX = ["-std=c++20", "-fno-rtti", "-fno-exceptions"]
AARCH64 = ["--target=aarch64-linux-gnu"]

# Name: compiler, source, flags, last byte.
SEEDS = {
    "gcc_gnu_hash": ("gcc", TABLES, ["-O2", "-Wl,--hash-style=gnu"], 0),
    "gcc_sysv_hash": ("gcc", TABLES, ["-O2", "-Wl,--hash-style=sysv"], 0),
    "gcc_both_now": ("gcc", TABLES, ["-O1", "-Wl,--hash-style=both", "-Wl,-z,now"], 0),
    "gcc_one_segment_less": ("gcc", TABLES, ["-O2", "-Wl,-z,noseparate-code"], 0),
    "gcc_no_relro": ("gcc", TABLES, ["-O3", "-Wl,-z,norelro"], 0),
    "gcc_packed": ("gcc", TABLES, ["-O2", "-Wl,-z,pack-relative-relocs"], 0),
    "gcc_refused": ("gcc", TABLES, ["-O2"], 4),
    "gcc_stuck": ("gcc", TABLES, ["-O2"], 12),
    "gcc_unprotected": ("gcc", TABLES, ["-O2"], 2),
    "gxx_classes": ("g++", CLASSES, CXX + ["-O0"], 0),
    "clang_lld": ("clang", TABLES, LLD + ["-O2"], 0),
    "clang_lld_packed": ("clang", TABLES, LLD + ["-O2", "-Wl,--pack-dyn-relocs=relr", "-Wl,--hash-style=sysv"], 0),
    "clangxx_classes": ("clang++", CLASSES, CXX + LLD + ["-O2"], 0),
    "aarch64_gcc": ("aarch64-linux-gnu-gcc", TABLES, ["-O2"], 0),
    "aarch64_gcc_both": ("aarch64-linux-gnu-gcc", TABLES, ["-O2", "-Wl,--hash-style=both"], 2),
    "aarch64_clang_packed": ("clang", TABLES, AARCH64 + LLD + ["-O1", "-Wl,--pack-dyn-relocs=relr"], 0),
    "constructor": ("g++", HERE / "object_refused.cpp", CXX + ["-DPTO_TEST_CONSTRUCTOR"], 0),
    "thread_local": ("g++", HERE / "object_refused.cpp", CXX + ["-DPTO_TEST_THREAD_LOCAL"], 0),
    "indirect": ("g++", HERE / "object_refused.cpp", CXX + ["-DPTO_TEST_INDIRECT"], 0),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, (compiler, source, flags, last_byte) in SEEDS.items():
        path = folder / name
        subprocess.run([compiler, *COMMON, *flags, "-o", path, source], check=True)
        contents = path.read_bytes()
        path.write_bytes(contents[:-1] + bytes([last_byte]))
        path.chmod(0o644)
        print(f"{name}: {len(contents)} bytes")


if __name__ == "__main__":
    main()
