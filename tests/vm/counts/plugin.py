#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares what the plugin counts with what vm_counting knows of its own regions. plugin.py BUILD_FOLDER"""
import sys
from pathlib import Path

from counting import json_lines, run_counted

# The program's own stack, and the lines that a page table walk or an interrupt put aside, come on top of what it says.
TOLERANCE = 0.01
INTERRUPT_LINES = 16  # of the guest's kernel, when an interrupt comes in between


def main():
    build = Path(sys.argv[1]).resolve()
    output, regions = run_counted(build, str(build / "tests" / "vm_counting"), 100)
    expected = json_lines(output)
    if len(expected) != len(regions) or len(regions) < 10:
        sys.exit(f"{len(expected)} regions were said, {len(regions)} were counted")
    failed = 0
    for said, region in zip(expected, regions):
        got = region["cpus"][said["cpu"]][said["field"]]
        right = abs(got - said["count"]) <= max(TOLERANCE * said["count"], INTERRUPT_LINES)
        failed += not right
        print(f"{'right' if right else 'WRONG'}: CPU {said['cpu']}: {said['what']}: {said['field']} {got}, "
              f"expected {said['count']}; of all: {region['all']}")
        if region["all"]["homeless"]:
            failed += 1
            print("WRONG: memory of no node was counted")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
