#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots a firmware image and holds what it computed to what the simulated chip did:
run_image.py --qemu PROGRAM --image FILE.elf --expected DIRECTORY [--boots N] [--mode NAME] [--core N] [--show]
run_image.py --log FILE --expected DIRECTORY

With --log nothing is booted: FILE is what another board has printed. EXPECTED holds PROGRAM.TENSOR.npy, one for each result that the image prints. The image must print exactly these, with
the same dtype, shape and bits; nothing passes by being absent. In a mode other than `run` there are no results, and
the last line alone decides."""
import argparse
import ast
import pathlib
import re
import subprocess
import sys
import time

# The values of enum boot_mode, and the address of the boot word, in examples/firmware/board.h.
MODES = {"run": 0, "bring-up": 1, "silent-core": 2, "stale-token": 3, "lost-kernel": 4}
BOOT_WORD = 0x40100000
PASSED, FAILED = "pto firmware: ok", "pto firmware: failed"
DTYPES = {0: "<f4", 2: "<i4", 8: "<u8"}
TIMEOUT_S = 120


class ImageError(Exception):
    """The image did not do what it should, or cannot be compared."""


def lines_of(output):
    """What is printed, as lines without the terminal's carriage returns."""
    return output.decode(errors="replace").replace("\r", "").splitlines()


def boot(qemu, image, mode="run", core=0, timeout_s=TIMEOUT_S, machine="virt"):
    """The lines that the image prints until the machine is off. What hangs is ended, and an error."""
    word = MODES[mode] | core << 8
    command = [str(qemu), "-M", machine, "-cpu", "cortex-a72", "-smp", "8", "-m", "256M", "-accel", "tcg,thread=multi",
               "-display", "none", "-nic", "none", "-monitor", "none", "-serial", "stdio", "-kernel", str(image),
               "-device", f"loader,addr={BOOT_WORD:#x},data={word:#x},data-len=4"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        text = (error.stdout or b"").decode(errors="replace")
        raise ImageError(f"the machine is still on after {timeout_s} s; it said:\n{text[-2000:]}") from error
    if done.returncode != 0:
        raise ImageError(f"qemu ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return lines_of(done.stdout)


def said(lines):
    """What the image said, without the dumps of results."""
    return "\n".join(line for line in lines if not re.fullmatch(r"[0-9a-f]{2,128}|end", line))


def last_line(lines):
    return lines[-1] if lines else "(nothing)"


def results_of(lines):
    """Name -> (dtype, shape, bytes) of what the image printed."""
    results, name = {}, None
    for line in lines:
        match = re.fullmatch(r"result ([\w.]+): dtype (\d+), shape ([\dx]+), (\d+) bytes", line)
        if match:
            name = match.group(1)
            if name in results:
                raise ImageError(f"{name} is printed twice")
            shape = tuple(int(extent) for extent in match.group(3).split("x"))
            results[name] = [DTYPES.get(int(match.group(2))), shape, bytearray(), int(match.group(4))]
        elif line == "end":
            name = None
        elif name:
            results[name][2] += bytes.fromhex(line)
    for name, (_, _, data, size) in results.items():
        if len(data) != size:
            raise ImageError(f"{name}: {len(data)} bytes are printed of {size}")
    return {name: (dtype, shape, bytes(data)) for name, (dtype, shape, data, _) in results.items()}


def read_npy(path):
    """(dtype, shape, bytes) of a .npy file of version 1 in C order."""
    content = path.read_bytes()
    if content[:8] != b"\x93NUMPY\x01\x00":
        raise ImageError(f"{path} is no .npy file")
    begin = 10 + int.from_bytes(content[8:10], "little")
    header = ast.literal_eval(content[10:begin].decode())
    if header["fortran_order"]:
        raise ImageError(f"{path} is in Fortran order")
    return header["descr"], tuple(header["shape"]), content[begin:]


def compare(results, expected_directory):
    """Raises an ImageError for the first difference. Returns the number of bytes that are equal."""
    directory = pathlib.Path(expected_directory)
    expected = {path.name[:-len(".npy")]: path for path in directory.glob("*.npy")}
    if not expected:
        raise ImageError(f"{directory} has no expected results")
    if set(results) != set(expected):
        raise ImageError(f"the image prints {sorted(results)}, expected are {sorted(expected)}")
    total = 0
    for name, path in sorted(expected.items()):
        dtype, shape, data = results[name]
        want_dtype, want_shape, want = read_npy(path)
        if (dtype, shape, len(data)) != (want_dtype, want_shape, len(want)) or not want:
            raise ImageError(f"{name} is {dtype} of shape {shape} in {len(data)} bytes, "
                             f"expected {want_dtype} of {want_shape} in {len(want)}")
        width = int(dtype[2:])
        wrong = [i for i in range(0, len(data), width) if data[i:i + width] != want[i:i + width]]
        if wrong:
            at = wrong[0]
            raise ImageError(f"{name}: {len(wrong)} of {len(data) // width} elements differ, the first is number "
                             f"{at // width}: {data[at:at + width].hex()}, expected {want[at:at + width].hex()}")
        total += len(data)
    return total


def check_boot(options):
    """One boot; returns what to say about it."""
    if options.log:
        lines = lines_of(pathlib.Path(options.log).read_bytes())
    else:
        lines = boot(options.qemu, options.image, options.mode, options.core, machine=options.machine)
    if options.show:
        print(said(lines))
    if last_line(lines) != PASSED:
        raise ImageError(f"the last line is '{last_line(lines)}'; the image said:\n{said(lines)[-2000:]}")
    if options.mode != "run":
        return f"{options.mode} passed"
    return f"{compare(results_of(lines), options.expected)} bytes of results are equal"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu")
    parser.add_argument("--image")
    parser.add_argument("--machine", default="virt", help="qemu's -M: virt,virtualization=on begins at EL2")
    parser.add_argument("--log", help="what a board has printed, instead of --qemu and --image")
    parser.add_argument("--expected", help="directory of expected results; not needed in other modes than run")
    parser.add_argument("--boots", type=int, default=1)
    parser.add_argument("--mode", choices=sorted(MODES), default="run")
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print what the image says")
    options = parser.parse_args()
    if bool(options.log) == bool(options.qemu and options.image):
        parser.error("either --log, or --qemu and --image")
    if options.mode == "run" and not options.expected:
        parser.error("--expected is missing: there is nothing to compare with")
    if options.boots < 1:
        parser.error("--boots: at least one")
    for number in range(1, options.boots + 1):
        begin = time.monotonic()
        try:
            text = check_boot(options)
        except ImageError as error:
            print(f"boot {number} of {options.boots}: {error}")
            return 1
        print(f"boot {number} of {options.boots}: {text}, {time.monotonic() - begin:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
