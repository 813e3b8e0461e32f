# SPDX-License-Identifier: Apache-2.0
"""What the figures were measured on."""

import json
import os
import pathlib
import platform
import subprocess


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def introspect(build, what):
    output = subprocess.run(["meson", "introspect", str(build), what], check=True, capture_output=True, text=True)
    return json.loads(output.stdout)


def compiler(build):
    file = build / "meson-info" / "intro-compilers.json"
    if file.exists():
        cpp = json.loads(file.read_text())["host"]["cpp"]
        return f"{cpp['id']} {cpp['version']}"
    # Older Mesons do not tell: the command that compiled the library does.
    commands = json.loads((build / "compile_commands.json").read_text())
    command = next(entry["command"].split()[0] for entry in commands if entry["file"].endswith(".cpp"))
    line = subprocess.run([command, "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]
    return line


def describe(build):
    options = {option["name"]: option["value"] for option in introspect(build, "--buildoptions")}
    return {
        "processor": processor(),
        "processors": os.cpu_count(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "compiler": compiler(build),
        "build": options["buildtype"],
    }
