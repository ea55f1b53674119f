#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares the names a built library gives away with the functions that the public headers declare.

    symbols.py HEADERS LIBRARY...  HEADERS: include/ramify; LIBRARY: libramify.so or libramify.a, and what goes with it

A shared library exports exactly the functions marked RAMIFY_API. A static one cannot hide names, so every global name
in it begins with ramify_ or rmf_, and the declared ones are there."""
import glob
import os
import subprocess
import sys

import csource


def declared(headers):
    names = set()
    for path in glob.glob(os.path.join(headers, '*.h')):
        with open(path, encoding='utf-8') as file:
            names.update(d.name for d in csource.declarations(file.read()))
    return names


def defined(library):
    """Global names that the library defines: of the dynamic table, or of the members of an archive."""
    table = [] if library.endswith('.a') else ['--dynamic']
    lines = subprocess.run(['nm', *table, '--defined-only', '--extern-only', library], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    return {fields[2].split('@')[0] for fields in map(str.split, lines) if len(fields) == 3}


# PAPI's tools look for the first name in a library, to list its software-defined events (it is weak); OpenMP for the
# second, to find the tool.
GIVEN = {'papi_sde_hook_list_events', 'ompt_start_tool'}


def complaints(api, names, static):
    yield from (f'{name}: declared in a public header, defined nowhere' for name in sorted(api - names))
    for name in sorted(names - api - GIVEN):
        if not static:
            yield f'{name}: exported, but no public header declares it'
        elif not name.startswith(('rmf_', 'ramify_')):
            yield f'{name}: a global name without rmf_ collides with names of programs that link statically'


def main():
    headers, *libraries = sys.argv[1:]
    api, names = declared(headers), set().union(*map(defined, libraries))
    found = list(complaints(api, names, libraries[0].endswith('.a')))
    where = ' and '.join(map(os.path.basename, libraries))
    print('\n'.join(found + [f'{len(api)} functions declared, {len(names)} names in {where}']))
    return 1 if found or not api else 0


if __name__ == '__main__':
    sys.exit(main())
