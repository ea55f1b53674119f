#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The rules of the house that a machine can hold: sizes, room order, orders of atomics, docs of public functions.

    style.py [ROOT]        prints FILE:LINE: what, one per line, then the figures; exit status 1 when a rule is broken

Each check takes a Tree and yields findings; test_style.py shows each of them a file that breaks its rule. What is
judged by people (names, comments that say why) is not here."""
import os
import re
import sys
from collections import defaultdict

import csource

FILE_LINES_MAX = 600        # STYLE rule 8
FUNCTION_LINES_MAX = 100    # STYLE rule 8
FUNCTION_LINES_P90 = 30     # STYLE rule 8
HEADER_LINES_MAX = 16       # STYLE rule 9: the SPDX line and up to 15 more; one good sentence is enough
PUBLIC_HEADER_LINES_MAX = 40  # the opening of a public header is its manual and may show an example
ROOM_README_LINES_MAX = 60  # STYLE rule 13
ORDER_REACH_LINES = 3       # an `order:` comment ends at most this far above the operation it explains

# Rooms and what each may use directly; what those may use follows.
ROOMS = {
    'src/base': [],
    'topology': ['src/base'],
    'src/queue': ['src/base'],
    'src/monitor': ['src/base'],
    'src/memory': ['topology'],
    'src/distribute': ['topology'],
    'src/balance': ['src/distribute', 'src/monitor'],
    'src/workers': ['src/queue', 'src/memory', 'src/monitor', 'src/distribute'],
    'src/coordinate': ['src/balance'],
    'src/advise': ['src/balance'],
    'src/runtime': ['src/workers', 'src/coordinate', 'src/advise'],
}
# Built on the public headers alone.
OUTER_ROOMS = ['src/openmp', 'src/fortran', 'src/cli', 'src/lib', 'bench']

# Header of a third party -> the folders that may include it. Tests of a room may include what the room may.
THIRD_PARTY = {
    r'hwloc(\.h|/.*)': ['topology', 'tests/topology', 'include/ramify/hwloc.h'],
    r'numa(if)?\.h': ['src/memory', 'tests/memory'],
    r'papi\.h': ['src/monitor', 'tests/monitor'],
    r'otf2/.*': ['src/monitor'],
    r'jansson\.h|(n?curses|term)\.h': ['src/cli'],
    r'mpi\.h': ['src/coordinate/mpi', 'tests/coordinate', 'tests/mpi', 'include/ramify/mpi.h'],
}
PUBLIC_INCLUDES = {'stddef.h', 'stdint.h', 'stdbool.h'}
ASSERTING_HEADER = 'include/ramify/fork.h'  # its assertions are the program's, not the library's
INTEROP_HEADERS = {'include/ramify/hwloc.h', 'include/ramify/mpi.h', 'include/ramify/openmp.h'}
ATOMICS_HEADER = 'src/base/atomics.h'
RAW_ATOMICS_ALLOWED = {ATOMICS_HEADER, 'include/ramify/fork.h'}  # fork.h is inlined into programs
ENVIRONMENT_READER = 'src/base/options.c'
SHARED_NAMES = {'CMakeLists.txt', 'README.md', 'run', 'package.py'}  # fixed by CMake, convention, the issue, Spack


class Tree:
    """The files under a root: path relative to it -> text."""

    def __init__(self, root):
        self.root, self.paths = root, []
        for folder, folders, names in os.walk(root):
            here = os.path.relpath(folder, root)
            folders[:] = sorted(f for f in folders if f not in ('build', '__pycache__') and
                                (not f.startswith('.') or f == '.ci'))
            self.paths += [os.path.normpath(os.path.join(here, n)) for n in sorted(names) if not n.startswith('.')]
        self.texts = {}

    def text(self, path):
        if path not in self.texts:
            with open(os.path.join(self.root, path), encoding='utf-8', errors='replace') as file:
                self.texts[path] = file.read()
        return self.texts[path]

    def select(self, endings, folders=('',)):
        return [p for p in self.paths if p.endswith(endings) and any(within(p, f) for f in folders)]

    def c_files(self, *folders):
        return self.select(('.c', '.h', '.cpp'), folders or ('',))

    def library(self):
        """What ends up in the library, public headers included."""
        return self.c_files(*ROOMS, 'include')


def within(path, folder):
    return not folder or path == folder or path.startswith(folder + '/')


def room_of(path):
    return max((r for r in list(ROOMS) + OUTER_ROOMS if within(path, r)), key=len, default=None)


def rooms_below(room):
    """A room and all it may use, directly or not."""
    found, waiting = set(), [room]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += ROOMS.get(one, [])
    return found


def check_file_headers(tree):
    for path in tree.c_files():
        text = tree.text(path)
        if not re.match(r'(/\*|//) SPDX-License-Identifier: BSD-3-Clause( \*/)?\n', text):
            yield path, 1, 'the first line is not the SPDX line of BSD-3-Clause'
            continue
        opening = [c for c in csource.comments(text) if c.first == 2 or (c.first == 1 and c.last > 1)]
        lines = opening[0].last if opening else 1
        most = PUBLIC_HEADER_LINES_MAX if within(path, 'include') else HEADER_LINES_MAX
        if not 2 <= lines <= most:
            yield path, 2, f'the file opens with {lines} comment lines: say in 2 to {most} what it is and may assume'


def check_sizes(tree):
    for path in tree.c_files() + tree.select(('.py', '.sh', '.cmake', 'CMakeLists.txt', '/run')):
        lines = tree.text(path).count('\n')
        if lines > FILE_LINES_MAX:
            yield path, 1, f'{lines} lines: split it, {FILE_LINES_MAX} is the limit'
    for path in tree.select(('README.md',), tuple(ROOMS)):
        lines = tree.text(path).count('\n')
        if lines > ROOM_README_LINES_MAX:
            yield path, 1, f'a room opens with at most {ROOM_README_LINES_MAX} lines, not {lines}'


def function_lengths(tree):
    found = [(f.lines, path, f) for path in tree.c_files() for f in csource.functions(tree.text(path))]
    return sorted(found, key=lambda one: one[0])


def percentile_90(lengths):
    return lengths[(9 * len(lengths) - 1) // 10][0] if lengths else 0


def check_functions(tree):
    lengths = function_lengths(tree)
    for lines, path, function in lengths:
        if lines > FUNCTION_LINES_MAX:
            yield path, function.first, f'{function.name} has {lines} lines: {FUNCTION_LINES_MAX} is the limit'
    if percentile_90(lengths) > FUNCTION_LINES_P90:
        yield '.', 0, f'one function in ten is over {percentile_90(lengths)} lines long: {FUNCTION_LINES_P90} is the limit'


def check_unique_names(tree):
    places = defaultdict(list)
    for path in tree.paths:
        places[os.path.basename(path)].append(path)
    for name, paths in places.items():
        if len(paths) > 1 and name not in SHARED_NAMES:
            yield paths[1], 1, f'a second file named {name}, after {paths[0]}'


def check_includes(tree):
    known = set(tree.paths)
    for path in tree.c_files():
        for line, name, quoted in csource.includes(tree.text(path)):
            if '..' in name.split('/'):
                yield path, line, f'"{name}": no ../ in an include'
            elif quoted:
                yield from quoted_include(path, line, name, known)
            else:
                yield from angle_include(path, line, name)


def quoted_include(path, line, name, known):
    """A quoted include finds its file beside the includer or in a room that the includer's room may use."""
    folder, room = os.path.dirname(path), room_of(path)
    allowed = [folder] + ([room] if room else [])
    if path.startswith('tests/'):
        allowed += ['tests'] + list(ROOMS) + sorted({os.path.dirname(p) for p in known if within(p, 'tests')})
    elif room in ROOMS:
        allowed += sorted(rooms_below(room))
    elif room:  # an outer room may have folders of its own
        allowed += sorted({os.path.dirname(p) for p in known if within(p, room)})
    if any(os.path.normpath(os.path.join(a, name)) in known for a in allowed):
        return
    owner = next((r for r in ROOMS if os.path.join(r, name) in known), None)
    yield path, line, f'"{name}" ' + (f'is of {owner}, which {room or folder} may not use' if owner else 'is nowhere')


def angle_include(path, line, name):
    for pattern, folders in THIRD_PARTY.items():
        if re.fullmatch(pattern, name) and not any(within(path, f) for f in folders):
            yield path, line, f'<{name}> is only for {", ".join(folders)}'
    if within(path, 'include') and path not in INTEROP_HEADERS:
        allowed = PUBLIC_INCLUDES | ({'assert.h'} if path == ASSERTING_HEADER else set())
        if name not in allowed and not name.startswith('ramify/'):
            yield path, line, f'<{name}>: a public header includes only {", ".join(sorted(PUBLIC_INCLUDES))}, ramify/*'


FORBIDDEN_IN_LIBRARY = [
    (r'\b(?:secure_)?getenv\s*\(', 'only src/base/options.c reads the environment', {ENVIRONMENT_READER}),
    (r'\b(?:printf|puts|putchar|perror|psignal)\s*\(', 'the library prints nothing: use the log hook', set()),
    (r'\b(?:stderr|stdout)\b', 'the library prints nothing: use the log hook', set()),
    (r'\b(?:abort|exit|_exit|quick_exit)\s*\(', 'the library never ends the program: return a status', set()),
    (r'\bassert\s*\(', 'the library never ends the program: return a status', set()),
    (r'\batomic_(?:load|store|fetch|exchange|compare|init|thread_fence|signal_fence|flag)\w*',
     f'atomics only through {ATOMICS_HEADER}', RAW_ATOMICS_ALLOWED),
    (r'\b__(?:atomic|sync)_\w+', f'atomics only through {ATOMICS_HEADER}', RAW_ATOMICS_ALLOWED),
    (r'\bmemory_order\w*', f'atomics only through {ATOMICS_HEADER}', RAW_ATOMICS_ALLOWED),
    (r'\b_mm_[lms]fence\b|\b__builtin_ia32_[lms]fence\b', 'no stand-alone fences', RAW_ATOMICS_ALLOWED),
    (r'#\s*include\s*<stdatomic\.h>', f'atomics only through {ATOMICS_HEADER}', RAW_ATOMICS_ALLOWED),
]


def check_forbidden_calls(tree):
    for path in tree.library():
        code = csource.blank(tree.text(path))
        for pattern, why, exceptions in FORBIDDEN_IN_LIBRARY:
            if path not in exceptions:
                for match in re.finditer(pattern, code):
                    yield path, csource.line_of(code, match.start()), f'{match.group().rstrip("( ")}: {why}'


ORDERED_OPERATION = re.compile(r'\brmf_\w+_(?:acquire|release|acq_rel|seq_cst)\s*\(|\brmf_(?:cas|swap)_\w+\s*\(|'
                               r'\b__ATOMIC_(?:CONSUME|ACQUIRE|RELEASE|ACQ_REL|SEQ_CST)\b')


def check_orders(tree):
    """STYLE rule 22. A comment covers its own line, the lines just below it, and operations that follow without a gap."""
    for path in tree.library():
        if path == ATOMICS_HEADER:
            continue
        text, covered = tree.text(path), set()
        for comment in csource.comments(text):
            if 'order:' in comment.text:
                covered.update(range(comment.first, comment.last + ORDER_REACH_LINES + 1))
        for number, line in enumerate(csource.blank(text).split('\n'), 1):
            operation = ORDERED_OPERATION.search(line)
            if not operation:
                continue
            if number in covered:
                covered.add(number + 1)
            else:
                yield path, number, f'{operation.group().rstrip("( ")} without an `order:` comment that names its partner'


def check_public_docs(tree):
    """STYLE rule 14, as far as a machine can read: the fields a block must have. `Otherwise as ramify_x` lends x's."""
    for path in tree.c_files('include'):
        text, blocks = tree.text(path), {}
        ends = {c.last: c.text for c in csource.comments(text)}
        for declaration in csource.declarations(text):
            block = ends.get(declaration.first - 1)
            blocks[declaration.name] = block or ''
            if block is None:
                yield path, declaration.first, f'{declaration.name} has no doc block'
                continue
            lender = re.search(r'[Oo]therwise\s+(?:\*\s*)?as (ramify_\w+)', block)
            block += blocks.get(lender.group(1), '') if lender else ''
            for field in missing_fields(declaration, block):
                yield path, declaration.first, f'{declaration.name} does not say "{field}"'


def missing_fields(declaration, block):
    wanted = ['Threads:', 'Cost:']
    if declaration.returns == 'ramify_status':
        wanted.append('Errors:')
    if 'Not for direct use.' in block:  # what an inline function of the header calls
        return []
    gives_pointer = '*' in declaration.returns or re.search(r'\*\*\s*\w+', declaration.arguments)
    missing = [w for w in wanted if w not in block]
    if gives_pointer and not re.search(r'[Oo]wner|[Ff]ree', block):
        missing.append('Ownership:')
    return missing


def check_leftovers(tree):
    pattern = re.compile(r'\b(?:TO' r'DO|FIX' r'ME|XX' r'X|HA' r'CK)\b')
    for path in tree.c_files() + tree.select(('.py', '.sh', '.cmake', 'CMakeLists.txt', '/run')):
        for match in pattern.finditer(tree.text(path)):
            yield path, csource.line_of(tree.text(path), match.start()), f'{match.group()}: do it or drop it'


CHECKS = [check_file_headers, check_sizes, check_functions, check_unique_names, check_includes, check_forbidden_calls,
          check_orders, check_public_docs, check_leftovers]


def findings(tree):
    return [finding for check in CHECKS for finding in check(tree)]


def figures(tree):
    lengths = function_lengths(tree)
    longest = lengths[-1] if lengths else (0, '-', None)
    return (f'{len(tree.c_files())} C files, {len(lengths)} functions: 90 % have at most {percentile_90(lengths)} '
            f'lines, the longest {longest[0]} ({longest[2].name if longest[2] else "-"})')


def main():
    tree = Tree(sys.argv[1] if len(sys.argv) > 1 else '.')
    found = findings(tree)
    for path, line, what in found:
        print(f'{path}:{line}: {what}')
    print(figures(tree))
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
