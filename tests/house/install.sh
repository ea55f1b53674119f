#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs a build into a prefix, moves the prefix elsewhere, and checks that what a user needs is there and nothing else.
#   install.sh SOURCE_DIR BUILD_DIR PREFIX CMAKE                          what is built
#   install.sh SOURCE_DIR BUILD_DIR PREFIX CMAKE static CMAKE_ARGUMENT... a static library, built first in BUILD_DIR
set -euo pipefail
source=$1 build=$2 prefix=$3 cmake=$4 kind=${5:-shared}

mkdir -p "$(dirname "$prefix")"
log=$prefix.log
if [ "$kind" = static ]; then
    "$cmake" -S "$source" -B "$build" -DBUILD_SHARED_LIBS=OFF "${@:6}" >"$log" 2>&1 || { cat "$log"; exit 1; }
    "$cmake" --build "$build" -j2 >"$log" 2>&1 || { cat "$log"; exit 1; }
fi
rm -rf "$prefix" "$prefix.first"
"$cmake" --install "$build" --prefix "$prefix.first" >"$log" 2>&1 || { cat "$log"; exit 1; }
mv "$prefix.first" "$prefix"

failed=0
expect() { [ -n "$(find "$prefix" -path "$prefix/$1")" ] || { echo "missing: $1"; failed=1; }; }
expect '*/pkgconfig/ramify.pc'
expect '*/cmake/Ramify/RamifyConfig.cmake'
expect '*/cmake/Ramify/RamifyConfigVersion.cmake'
expect '*/LICENSE'
expect bin/ramify
expect '*/man1/ramify.1'
"$prefix/bin/ramify" tree >/dev/null || { echo "the command does not run from the moved prefix"; failed=1; }
case $kind in
static) expect 'lib*/libramify.a' ;;
shared) expect 'lib*/libramify.so' && expect 'lib*/libramify.so.*.*.*' ;;
esac
diff -r "$source/include/ramify" "$prefix/include/ramify" || failed=1
[ "$(ls "$prefix/include")" = ramify ] || { echo "include holds more than ramify:"; ls "$prefix/include"; failed=1; }
if grep -rIl --include='*.cmake' --include='*.pc' -e "$source" -e "$prefix.first" "$prefix"; then
    echo "these name a folder of the build machine"
    failed=1
fi
find "$prefix" -type f | wc -l | sed 's/$/ files installed/'
exit $failed
