#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Counts where kernels' memory accesses are served, in every form, and writes a table of it.

    table.py BUILD_FOLDER [FORM...]      writes BUILD_FOLDER/counts/locality.json, .txt, .md and .svg

Fails when a form's result is wrong, when accesses fell outside of the modelled memory, or when affinity does not halve
the remote accesses of the same work without it. The goals of the table are reported as met or not."""
import json
import subprocess
import sys
import time
from pathlib import Path

import counting
from counting import FIELDS, json_lines, run_counted
from locality import HEAD, balance, cells, goals, groups, markdown, svg, text, WHAT

KERNELS = ["jacobi", "product", "sort", "worklist"]
# And how often each is run: what goals are about three times, what hardly differs from run to run once.
FORMS = [("libgomp", "loops", 1), ("libomp", "loops", 1), ("libgomp", "tasks", 3), ("libomp", "tasks", 1),
         ("ramify", "plain", 1), ("ramify", "affinity", 3)]
SECONDS_PER_RUN = 150
OPENMP = "OMP_NUM_THREADS=8 OMP_PLACES=cores OMP_PROC_BIND=close OMP_DYNAMIC=false"


def count_form(build, runtime, form, repeats):
    """All kernels of a form, one after the other, as often as said, in one machine; a list of runs."""
    program = build / "counts" / f"counted-{runtime}"
    command = "; ".join(f"env {OPENMP} {program} {form} {kernel} || exit 1" for kernel in repeats * KERNELS)
    output, regions = run_counted(build, command, repeats * SECONDS_PER_RUN)
    runs = json_lines(output)
    if len(runs) != repeats * len(KERNELS) or len(regions) != len(runs):
        sys.exit(f"{runtime} {form}: {len(runs)} runs and {len(regions)} regions of {repeats} times {len(KERNELS)} "
                 f"kernels:\n{output}")
    return [{"kernel": run["kernel"], "runtime": runtime, "form": form, "check": run["check"], "tasks": run["tasks"],
             "work": run["work"], "counts": region["all"], "cpus": region["cpus"]} for run, region in zip(runs, regions)]


def rows_of(runs):
    """A row for each kernel of a form: the run whose remote accesses are the median, the counts of all beside it."""
    rows = []
    for kernel in KERNELS:
        some = [run for run in runs if run["kernel"] == kernel]
        row = dict(sorted(some, key=lambda run: run["counts"]["remote_dram"])[len(some) // 2])
        row["runs"] = [{"counts": run["counts"], "balance": balance(run), "check": run["check"]} for run in some]
        rows.append(row)
    return rows


def wrong(rows):
    """Sentences about what must not be."""
    said = []
    for kernel in KERNELS:
        checks = {run["check"] for row in rows if row["kernel"] == kernel for run in row["runs"]}
        if len(checks) > 1 or "0" * 16 in checks:
            said.append(f"{kernel}: the results differ: {', '.join(sorted(checks))}")
    for row in rows:
        if row["counts"]["homeless"] * 1000 > sum(row["counts"][field] for field in FIELDS):
            said.append(f"{row['kernel']}, {row['runtime']} {row['form']}: accesses to memory of no node")
    remote = {form: sum(r["counts"]["remote_dram"] for r in rows if r["runtime"] == "ramify" and r["form"] == form)
              for form in ("plain", "affinity")}
    if remote["plain"] and 2 * remote["affinity"] > remote["plain"]:
        said.append(f"affinity: {remote['affinity']} remote accesses, {remote['plain']} without it")
    return said


def facts():
    version = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {"machine": counting.MACHINE, "caches_kib": counting.CACHES, "emulator": version.splitlines()[0],
            "what": WHAT, "when": time.strftime("%Y-%m-%d")}


def main():
    build = Path(sys.argv[1]).resolve()
    rows = []
    for runtime, form, repeats in FORMS:
        if sys.argv[2:] and f"{runtime}-{form}" not in sys.argv[2:]:
            continue
        if not (build / "counts" / f"counted-{runtime}").exists():
            print(f"left out: {runtime} {form}: its compiler or its runtime is not here")
            continue
        rows += rows_of(count_form(build, runtime, form, repeats))
    table = {"facts": facts(), "head": HEAD, "goals": goals(rows), "rows": rows,
             "kernels": [{"name": kernel, "cells": [cells(row) for row in some]} for kernel, some in groups(rows)]}
    out = build / "counts" / "locality"
    for suffix, content in ((".json", json.dumps(table, indent=1) + "\n"), (".txt", text(table)),
                            (".md", markdown(table)), (".svg", svg(table))):
        out.with_suffix(suffix).write_text(content)
    print(text(table))
    said = wrong(rows)
    for sentence in said:
        print(f"WRONG: {sentence}")
    sys.exit(1 if said else 0)


if __name__ == "__main__":
    main()
