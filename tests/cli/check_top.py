#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Watches running programs with `ramify top`: as text, as JSON, on a terminal; also programs that end, or are killed.

    check_top.py RAMIFY TRACE_DEMO with-ncurses|without-ncurses"""
import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time


def top(program, *arguments):
    return subprocess.run([program, 'top', *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, check=False, timeout=60)


@contextlib.contextmanager
def running(demo):
    """A program that works and shows a view; it is there when this returns."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith('RAMIFY_')}
    with subprocess.Popen([demo, 'loop'], env={**environment, 'RAMIFY_VIEW': '1'}, stdin=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as one:
        try:
            for _ in range(200):
                if any(name.startswith('ramify.') and f'.{one.pid}.' in name for name in os.listdir('/dev/shm')):
                    break
                time.sleep(0.05)
            yield one
        finally:
            one.kill()


def check_text(program, pid):
    seen = top(program, '--pid', pid, '--once', '--interval', '0.3')
    assert seen.returncode == 0 and seen.stderr == '', seen
    lines = seen.stdout.splitlines()
    assert lines[0] == f'trace_demo  process {pid}  2 workers', lines
    assert re.match(r'tasks \S+( [kM])?/s   busy [\d.]+ %', lines[1]) and 'steals/s:' in lines[3], lines
    rows = [re.match(r'( *)(\S.*?) +\[([| ]{20})\] +([\d.]+) %', line) for line in lines[6:] if line]
    assert len(rows) == 3 and all(rows) and [len(r[1]) for r in rows] == [0, 2, 2], lines
    two = top(program, '--pid', pid, '--batch', '2', '--interval', '0.2')
    assert two.stdout.count('trace_demo  process') == 2, two


def check_json(program, pid):
    for _ in range(20):  # beside busy programs it may wait for a thief that has no core for longer than an interval
        seen = top(program, '--pid', pid, '--once', '--format', 'json', '--interval', '0.3')
        metrics = {(m['name'], m['scope']): m['value'] for m in json.loads(seen.stdout)['metrics']}
        if metrics['tasks', 'runtime'] > 0:
            break
    assert metrics['workers', 'runtime'] == 2 and metrics['tasks', 'runtime'] > 0, metrics
    assert 1e8 < metrics['interval_ns', 'runtime'] < 1e10, metrics


def check_endings(program, demo):
    for end, words in ((lambda one: one.stdin.close(), 'has ended'), (lambda one: one.kill(), 'is gone')):
        with running(demo) as one, subprocess.Popen(
                [program, 'top', '--pid', str(one.pid), '--batch', '0', '--interval', '0.1'], stdout=subprocess.PIPE,
                text=True) as watcher:
            assert 'process' in watcher.stdout.readline()
            end(one)
            rest = watcher.communicate(timeout=60)[0]
            assert watcher.returncode == 0 and words in rest.splitlines()[-1], rest[-300:]


def read_until(terminal, words, seen=''):
    """Reads what is drawn until the words are there, their letters in this order, and returns all of it."""
    limit = time.monotonic() + 30
    while words not in seen:
        assert time.monotonic() < limit, f'{words} was not drawn: {seen[-2000:]!r}'
        if select.select([terminal], [], [], 0.5)[0]:
            with contextlib.suppress(OSError):
                seen += os.read(terminal, 65536).decode(errors='replace')
    return seen


def check_terminal(program, pid):
    try:
        child, terminal = pty.fork()
    except OSError as error:  # a container may have no devpts
        print(f'the terminal was not looked at: {error}')
        return
    if child == 0:
        os.environ.update(TERM='xterm', LINES='24', COLUMNS='100')
        os.execv(program, [program, 'top', '--pid', pid, '--interval', '0.2'])
    drawn = read_until(terminal, f'process {pid}')
    read_until(terminal, 'hide workers', drawn)
    os.write(terminal, b'l')
    read_until(terminal, 'show')
    os.write(terminal, b'q')
    limit = time.monotonic() + 30
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        assert time.monotonic() < limit, 'q did not end it'
        with contextlib.suppress(OSError):
            if select.select([terminal], [], [], 0.05)[0]:
                os.read(terminal, 65536)
    os.close(terminal)


def main():
    program, demo, ncurses = sys.argv[1:4]
    gone = top(program, '--pid', '4194304', '--once')
    assert gone.returncode == 1 and 'shows no view' in gone.stderr and 'RAMIFY_VIEW=1' in gone.stderr, gone
    for wrong in (['--pid', 'x'], ['--interval', '0'], ['--format', 'xml'], ['--format', 'json'], ['word'], ['--bogus']):
        assert top(program, *wrong).returncode == 2, wrong
    with running(demo) as one:
        check_text(program, str(one.pid))
        check_json(program, str(one.pid))
        if ncurses == 'with-ncurses':
            check_terminal(program, str(one.pid))
        else:
            seen = top(program, '--pid', str(one.pid), '--batch', '1')
            assert seen.returncode == 0, seen
        with running(demo) as other:
            which = top(program, '--once')
            assert which.returncode == 1 and all(f'--pid {p.pid} ' in which.stderr for p in (one, other)), which
    check_endings(program, demo)
    print(f'text, JSON, two endings, {ncurses}')


if __name__ == '__main__':
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(110)
    main()
