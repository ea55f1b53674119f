#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Lets `ramify scaling` fit times made by Amdahl's law, run a program, and refuse what says nothing.

    check_scaling.py RAMIFY"""
import os
import subprocess
import sys
import tempfile


def scaling(program, *arguments, text=None):
    return subprocess.run([program, 'scaling', *arguments], input=text, text=True, check=False, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def check_file(program):
    runs = '# made\n' + ''.join(f'{n} {2.0 * (0.25 + 0.75 / n)}\n' for n in (4, 1, 2, 1))
    for_all = scaling(program, '-', text=runs)
    assert for_all.returncode == 0 and for_all.stderr == '', for_all
    lines = for_all.stdout.splitlines()
    assert [line.split() for line in lines[1:4]] == [['1', '2', '1.00', '100.0', '%'], ['2', '1.25', '1.60', '80.0', '%'],
                                                     ['4', '0.875', '2.29', '57.1', '%']], for_all
    assert 'serial part  25.00 %' in for_all.stdout and 'contention   25.00 %' in for_all.stdout, for_all
    two = scaling(program, '-', text='2 1.0\n8 0.5\n')
    assert two.returncode == 0 and 'one worker was not run' in two.stdout and 'unknown, because' in two.stdout, two


def check_program(program, folder):
    said = os.path.join(folder, 'said')
    ran = scaling(program, '--workers', '1,3', '--repeat', '2', '--', 'sh', '-c', f'echo $RAMIFY_WORKERS | tee -a {said}')
    assert ran.returncode == 0 and ran.stdout.startswith('workers '), ran
    with open(said, encoding='utf-8') as file:
        assert file.read().split() == ['1', '3', '1', '3']


def check_refusals(program):
    for arguments, text, status, words in (
            ((), None, 2, 'neither a program nor a file'), (('a', 'b'), None, 2, 'one file'),
            (('--workers', '0', '-'), '', 2, '--workers 0'), (('--repeat', '65', '-'), '', 2, '1 to 64'),
            (('--fast', '-'), '', 2, 'no option --fast'), (('/no/such/file',), None, 1, 'No such file'),
            (('-',), '1 1.0\n1 2.0\n', 1, 'two or more'), (('-',), '1 1.0\n2 soon\n', 1, 'line 2'),
            (('-',), '0 1.0\n', 1, 'line 1'), (('-',), '1 1.0 1\n', 1, 'line 1'), (('-',), '1 -1\n', 1, 'line 1'),
            (('--workers', '1,2', '--', '/no/such/program'), None, 1, 'No such file'),
            (('--workers', '1,2', '--', 'false'), None, 1, 'ended with status 1')):
        ran = scaling(program, *arguments, text=text)
        assert ran.returncode == status and words in ran.stderr and ran.stdout == '', (arguments, ran)


def main():
    program = sys.argv[1]
    check_file(program)
    check_refusals(program)
    with tempfile.TemporaryDirectory() as folder:
        check_program(program, folder)


if __name__ == '__main__':
    main()
