# SPDX-License-Identifier: Apache-2.0
"""Builds the programs and runs them, each round with the peers in another order."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

PEERS = ("tbb", "gomp", "lomp")

# Question -> whether peers answer it too.
QUESTIONS = {
    "round_trip": True,
    "tasks": True,
    "lookup": False,
    "metg": True,
    "prepare": False,
    "scaling": False,
}

# A sweep has many runs of its own.
MOST_ROUNDS = {"metg": 3}

# Of a program, in seconds: METG of a system that never gets there takes long.
TIME_LIMIT = 1200

# Processors that others may keep busy when a program is started.
QUIET = 0.1


def run(command, **more):
    subprocess.run([str(word) for word in command], check=True, **more)


def build(root, folder):
    run([root / "scripts" / "setup", "bench"])
    options = ["-Dbuildtype=release", "-Dbenchmarks=enabled", "-Dbenchmark_peers=enabled", "-Dtests=disabled",
               "-Dtool=disabled", "-Dexamples=disabled", "-Ddocs=disabled"]
    log = subprocess.DEVNULL
    if (folder / "build.ninja").exists():
        run(["meson", "setup", "--reconfigure", folder, root, *options], stdout=log)
    else:
        run(["meson", "setup", folder, root, *options], stdout=log)
    run(["ninja", "--quiet", "-C", folder])


def programs(question, options):
    """(command, system) of each program that answers the question."""
    folder = options.build / "bench"
    common = ["--quick"] if options.quick else []
    arch = ["--arch", options.arch] if options.arch else []
    found = [[folder / f"bench_{question}", *common, *arch]]
    if QUESTIONS[question] and not options.no_peers:
        for peer in PEERS:
            program = folder / "peers" / f"bench_peer_{peer}"
            if program.exists():
                found.append([program, *common, question])
    return found


def busy_ticks():
    ticks = [int(word) for word in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4]


def wait_until_quiet(patience):
    """Waits until nothing else is running, at most that many seconds."""
    end = time.monotonic() + patience
    while True:
        before, began = busy_ticks(), time.monotonic()
        time.sleep(0.25)
        busy = (busy_ticks() - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - began)
        if busy < QUIET or time.monotonic() >= end:
            return


def run_program(command, patience):
    """What the program wrote; its output goes to stderr, so that stdout has the tables alone."""
    wait_until_quiet(patience)
    environment = dict(os.environ, OMP_WAIT_POLICY="active", OMP_NUM_THREADS="2")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "figures.json"
        run([*command, "--json", file], stdout=sys.stderr, env=environment, timeout=TIME_LIMIT)
        return json.loads(file.read_text())


def run_all(options):
    """(question, what a program wrote) of every run."""
    runs = []
    for question in options.questions:
        commands = programs(question, options)
        rounds = min(options.rounds, MOST_ROUNDS.get(question, options.rounds))
        for number in range(rounds):
            turn = number % len(commands)
            for command in commands[turn:] + commands[:turn]:
                print(f"bench: {question}, round {number + 1} of {rounds}: {command[0].name}", file=sys.stderr)
                runs.append((question, run_program(command, options.patience)))
    return runs
