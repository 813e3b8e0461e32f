# SPDX-License-Identifier: Apache-2.0
"""What the figures were measured on."""

import os
import pathlib
import platform


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def describe(runs):
    """Of the machine and of the programs that were run on it; peers are compiled by their own compilers."""
    return {
        "processor": processor(),
        "processors": os.cpu_count(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "compilers": {run["system"]: run["compiler"].strip() for _, run in runs},
    }
