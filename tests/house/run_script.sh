#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs a copy of tests/run with stand-ins for cmake, ctest and the installer, and checks what it passes on, what its last
# line counts and how it exits: a script that cannot go red would be worse than none.
#   run_script.sh SOURCE_DIR WORK_DIR
set -euo pipefail
source=$1 work=$2
failed=0

rm -rf "$work" && mkdir -p "$work/tests" "$work/bin" "$work/topologies"
cp "$source/CMakePresets.json" "$work"
cp "$source/tests/run" "$work/tests"
cat >"$work/tests/packages.sh" <<'END'
packages_need() { echo "needs $*" >>"$CALLS"; return "$INSTALL_STATUS"; }
packages_missing() { :; }
END
cat >"$work/bin/cmake" <<'END'
#!/bin/sh
echo "cmake $*" >>"$CALLS"
echo "[ 50%] a line of the build"
[ "$1" != --build ] || exit "${BUILD_STATUS:-0}"
END
cat >"$work/bin/ctest" <<'END'
#!/bin/sh
echo "ctest $* topologies=$RAMIFY_TEST_TOPOLOGIES" >>"$CALLS"
while [ "$1" != --output-junit ]; do shift; done
[ -z "$JUNIT" ] || cp "$JUNIT" "$2"
exit "${TEST_STATUS:-0}"
END
chmod +x "$work"/bin/*
export CALLS=$work/calls JUNIT='' INSTALL_STATUS=0 BUILD_STATUS=0 TEST_STATUS=0 PATH=$work/bin:$PATH

junit() { # junit PASSED FAILED MISSING SKIPPED DISABLED: a file as ctest writes it
    JUNIT=$work/$1-$2-$3-$4-$5.xml
    local kinds=('status="run">|' 'status="fail">|<failure message="x"/>'
        'status="notrun">|<skipped message="Unable to find executable"/>'
        'status="notrun">|<skipped message="SKIP_RETURN_CODE=77"/>' 'status="disabled">|') kind i
    echo '<testsuite name="x">' >"$JUNIT"
    for kind in "${kinds[@]}"; do
        for ((i = 0; i < $1; i++)); do
            printf '\t<testcase name="t" time="0" %s\n\t\t%s\n\t\t<system-out>one\nwhy: a &lt; b\n</system-out>\n\t</testcase>\n' \
                "${kind%|*}" "${kind#*|}" >>"$JUNIT"
        done
        shift
    done
    echo '</testsuite>' >>"$JUNIT"
}

expect() { # expect STATUS LAST-LINE ARGUMENT...: of tests/run, from another folder
    local status=$1 last=$2 got=0 said
    shift 2
    : >"$CALLS"
    said=$(cd / && "$work/tests/run" "$@" 2>&1) || got=$?
    if [ $got != "$status" ] || { [ -n "$last" ] && [ "${said##*$'\n'}" != "$last" ]; }; then
        printf 'tests/run %s\n%s\nexit status %s, wanted %s and: %s\n' "$*" "$said" $got "$status" "$last"
        failed=1
    fi
    SAID=$said
}

called() { # called WORDS: by the last run
    grep -qF -- "$1" "$CALLS" || { echo "no call of: $1; but of:" && cat "$CALLS" && failed=1; }
}

for wrong in --bogus everything '--preset' '--preset nix' '-j 0' '-j x' '--topologies /nonexistent'; do
    # shellcheck disable=SC2086 # an option and its value
    expect 2 '' $wrong
    [[ $SAID == *usage:* ]] || { echo "no usage after: $wrong"; failed=1; }
done
expect 0 '' --help

junit 3 0 0 0 0 && expect 0 '3 passed, 0 failed, 0 skipped'
called 'needs build tests parts' && called 'cmake --preset release' && called 'ctest --preset release' && called '--label-exclude ^vm$'
expect 0 '3 passed, 0 failed, 0 skipped' unit stress --preset=tsan -j3 --topologies "$work/topologies"
called '--label-regex ^(unit|stress)$' && called "topologies=$work/topologies" && called '--build --preset tsan -j 3'
junit 2 0 0 2 1 && expect 0 '2 passed, 0 failed, 3 skipped' all
[[ $SAID == *'not run: t: why: a < b'* ]] || { echo "no reason for a skip in: $SAID"; failed=1; }
export TEST_STATUS=8
junit 2 1 0 1 0 && expect 1 '2 passed, 1 failed, 1 skipped'
junit 2 0 1 1 0 && expect 1 '2 passed, 1 failed, 1 skipped'
junit 2 0 0 0 0 && expect 1 '2 passed, 1 failed, 0 skipped'
JUNIT='' && expect 1 '0 passed, 1 failed, 0 skipped' vm
export BUILD_STATUS=2
expect 1 '0 passed, 1 failed, 0 skipped'
export INSTALL_STATUS=1
expect 1 '0 passed, 1 failed, 0 skipped' --preset nodeps
called 'needs build tests'
exit $failed
