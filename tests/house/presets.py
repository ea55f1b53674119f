#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds STYLE rule 29: every preset can be configured, built and tested, is told of, and is run.

    presets.py ROOT"""
import json
import os
import re
import sys

# Not run by .ci/run: it builds what dev builds, and finds nothing that dev does not.
NOT_IN_CI = {'coverage'}


def read(root, path):
    with open(os.path.join(root, path), encoding='utf-8') as file:
        return file.read()


def complaints(root):
    presets = json.loads(read(root, 'CMakePresets.json'))
    named = {kind: {p['name'] for p in presets[kind] if not p.get('hidden')}
             for kind in ('configurePresets', 'buildPresets', 'testPresets')}
    for kind in ('buildPresets', 'testPresets'):
        for name in sorted(named['configurePresets'] ^ named[kind]):
            yield f'{name}: not both a configure preset and one of {kind}'
    for name in sorted(named['configurePresets']):
        if not re.search(rf'`{name}`', read(root, 'README.md')):
            yield f'{name}: README.md does not name it'
        if not re.search(rf'--preset NAME .*\b{name}\b', read(root, 'tests/run')):
            yield f'{name}: the usage of tests/run does not name it'
        if name not in NOT_IN_CI and not re.search(rf'^(step|for preset in) .*\b{name}\b', read(root, '.ci/run'), re.M):
            yield f'{name}: .ci/run does not run it'


def main():
    found = list(complaints(sys.argv[1]))
    print('\n'.join(found) or 'every preset is built, tested and told of')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
