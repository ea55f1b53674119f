# SPDX-License-Identifier: BSD-3-Clause
"""Running programs in a machine of tests/vm whose memory accesses are counted. Used by plugin.py and table.py."""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MACHINE = "n4"
SKIP = 77
# A small model, so that data of a few MiB are large: what an emulator can sweep through in seconds.
CACHES = {"first": 32, "second": 128, "shared": 512}
FIELDS = ["first_hits", "second_hits", "shared_hits", "transfers", "local_dram", "remote_dram", "homeless", "invalidations"]


def skip(reason):
    print(reason)
    sys.exit(SKIP)


def machine_words(machine=MACHINE):
    text = (HERE.parent / "machines" / machine).read_text()
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


def plugin_argument(plugin, out):
    words = machine_words()
    sizes = [size for size in re.findall(r"memory-backend-ram,id=\w+,size=(\d+)M", words)]
    cpus = int(re.search(r"-smp (\d+)", words).group(1))
    caches = ",".join(f"{level}={kib}" for level, kib in CACHES.items())
    return f"{plugin},out={out},nodes={':'.join(sizes)},cpus={cpus // len(sizes)},{caches}"


def run_counted(build, command, seconds):
    """Runs a shell command in the machine. Returns (its output, the regions counted, in order)."""
    plugin = build / "counts" / "cache_plugin.so"
    if not plugin.exists():
        skip(f"{plugin} was not built")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "regions.json"
        run = subprocess.run(
            [HERE.parent / "run", "-t", str(seconds), "-k", "numa_balancing=disable", "-p", plugin_argument(plugin, out),
             MACHINE, "/bin/sh", "-c", command], stdout=subprocess.PIPE, text=True, check=False)
        if run.returncode == SKIP:
            skip(run.stdout.strip().splitlines()[-1])
        regions = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    if run.returncode != 0:
        print(run.stdout)
        sys.exit(f"the command ended with {run.returncode}: {command}")
    return run.stdout, regions


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
