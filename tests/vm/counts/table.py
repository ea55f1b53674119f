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
from locality import HEAD, cells, goals, groups, markdown, svg, text, WHAT

KERNELS = ["jacobi", "product", "sort", "worklist"]
FORMS = [("libgomp", "loops"), ("libomp", "loops"), ("libgomp", "tasks"), ("libomp", "tasks"), ("ramify", "plain"),
         ("ramify", "affinity")]
SECONDS_PER_FORM = 300
OPENMP = "OMP_NUM_THREADS=8 OMP_PLACES=cores OMP_PROC_BIND=close OMP_DYNAMIC=false"


def count_form(build, runtime, form):
    """All kernels of a form in one machine; a list of rows."""
    program = build / "counts" / f"counted-{runtime}"
    command = "; ".join(f"env {OPENMP} {program} {form} {kernel} || exit 1" for kernel in KERNELS)
    output, regions = run_counted(build, command, SECONDS_PER_FORM)
    runs = json_lines(output)
    if len(runs) != len(KERNELS) or len(regions) != len(KERNELS):
        sys.exit(f"{runtime} {form}: {len(runs)} runs and {len(regions)} regions of {len(KERNELS)} kernels:\n{output}")
    rows = []
    for run, region in zip(runs, regions):
        rows.append({"kernel": run["kernel"], "runtime": runtime, "form": form, "check": run["check"],
                     "tasks": run["tasks"], "work": run["work"], "counts": region["all"], "cpus": region["cpus"]})
    return rows


def wrong(rows):
    """Sentences about what must not be."""
    said = []
    for kernel in KERNELS:
        checks = {row["check"] for row in rows if row["kernel"] == kernel}
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
    for runtime, form in FORMS:
        if sys.argv[2:] and f"{runtime}-{form}" not in sys.argv[2:]:
            continue
        if not (build / "counts" / f"counted-{runtime}").exists():
            print(f"left out: {runtime} {form}: its compiler or its runtime is not here")
            continue
        rows += count_form(build, runtime, form)
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
