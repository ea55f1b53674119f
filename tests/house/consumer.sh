#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds a C and a C++ program against an install tree as a user would, with find_package and with pkg-config, and runs
# them.
#   consumer.sh PROGRAMS_DIR PREFIX WORK_DIR CMAKE CC CXX VERSION [--static]
set -euo pipefail
programs=$1 prefix=$2 work=$3 cmake=$4 cc=$5 cxx=$6 version=$7 static=${8:-}

run() { # run PROGRAM: it must succeed and print the version it was built with
    local said
    said=$(LD_LIBRARY_PATH="$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$1") || { echo "$1: exit status $?"; exit 1; }
    [ "$said" = "Ramify $version" ] || { echo "$1 said: $said"; exit 1; }
    echo "$1: $said"
}

rm -rf "$work" && mkdir -p "$work"
libdir=$(dirname "$(find "$prefix" -name 'libramify.*' | head -n 1)")

"$cmake" -S "$programs" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_CXX_COMPILER="$cxx" -DWANTED_VERSION="$version" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$cmake" --build "$work/cmake" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
run "$work/cmake/consumer_c"
run "$work/cmake/consumer_cpp"

export PKG_CONFIG_PATH=$libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
[ "$(pkg-config --modversion ramify)" = "$version" ]
# shellcheck disable=SC2046 # flags are words
{
    "$cc" -std=c11 -Wall -Wextra -Werror $(pkg-config --cflags ramify) "$programs/consumer_c.c" -o "$work/pc_c" \
        $(pkg-config ${static:+--static} --libs ramify)
    "$cxx" -std=c++17 -Wall -Wextra -Werror $(pkg-config --cflags ramify) "$programs/consumer_cpp.cpp" -o "$work/pc_cpp" \
        $(pkg-config ${static:+--static} --libs ramify)
}
run "$work/pc_c"
run "$work/pc_cpp"
