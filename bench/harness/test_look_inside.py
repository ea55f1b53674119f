#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests look_inside.py: what a whole call graph is, and that each way ends with a command that opens what it left.

    test_look_inside.py BUILD_FOLDER"""
import os
import subprocess
import sys
import tempfile

import look_inside

SCRIPT = '''ramify-0 12 1.000001:
            10 relax
            20 run_submitted
            30 rmf_worker_main
            40 start_thread

ramify-0 12 1.000002:
            10 relax
             0 [unknown]

program 11 1.000003:
            10 main+0x10
            20 __libc_start_call_main
            30 __libc_start_main@@GLIBC_2.34
            40 _start
'''


def look(build, report, *arguments, **variables):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'look_inside.py')
    return subprocess.run([sys.executable, script, build, report, *arguments], text=True, check=False, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **variables})


def refused(build, report):
    """A perf that may not, no gprofng, and a valgrind or none: each is named with its reason, and the last decides."""
    perf, valgrind = f'{report}/perf', f'{report}/valgrind'
    with open(perf, 'w', encoding='utf-8') as file:
        file.write('#!/bin/sh\necho "perf_event_paranoid setting is 4"; exit 255\n')
    os.chmod(perf, 0o755)
    tried = look(build, report, '--profile', 'perf', '--quick', PATH=report)
    assert tried.returncode == 1 and 'no profile: valgrind is not installed' in tried.stderr, tried
    assert 'paranoid setting is 4; trying gprofng\ngprofng is not installed' in tried.stdout, tried
    with open(valgrind, 'w', encoding='utf-8') as file:
        file.write('#!/bin/sh\nfor a; do case $a in --callgrind-out-file=*) echo "summary: 1234567" >"${a#*=}";; esac; done\n')
    os.chmod(valgrind, 0o755)
    tried = look(build, report, '--profile', 'perf', '--quick', PATH=report)
    assert tried.returncode == 0 and '1,234,567 instructions' in tried.stdout, tried
    assert f'open it with:  callgrind_annotate {report}/uts-t1.callgrind' in tried.stdout, tried


def main():
    build = sys.argv[1]
    assert look_inside.whole_graphs(SCRIPT) == (3, 2), look_inside.whole_graphs(SCRIPT)
    assert look_inside.whole_graphs('') == (0, 0)
    with tempfile.TemporaryDirectory() as report:
        traced = look(build, report, '--trace', '--quick')
        assert traced.returncode == 0 and 'ui.perfetto.dev' in traced.stdout, traced
        assert os.path.exists(os.path.join(report, 'uts-t1.trace.json'))
        nameless = look(build, report, '--trace', '--kernel', 'none')
        assert nameless.returncode == 2 and 'uts-t1' in nameless.stderr, nameless
        refused(build, report)
        for tool in ('gprofng', 'perf'):
            profiled = look(build, report, '--profile', tool, '--quick')
            assert (profiled.returncode == 0) == ('open it with:' in profiled.stdout), profiled
            assert profiled.returncode == 0 or 'no profile: ' in profiled.stderr, profiled
    print('profile: ' + (profiled.stdout.strip().splitlines() or ['none'])[0])


if __name__ == '__main__':
    main()
