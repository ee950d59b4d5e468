#!/usr/bin/env bash
# Installs into a folder of its own and uses what lies there as a stranger would: every file is there and no other,
# the examples build with pkg-config, with CMake and with this source as a Meson subproject, what was built runs,
# bash completes. Environment: DEEPMINE_SOURCE, DEEPMINE_BUILD; DEEPMINE_SOAK=1 builds every example in every way, the
# subproject too, which takes minutes; without it each way builds a part, and the subproject is only configured.
set -euo pipefail
export LC_ALL=C.UTF-8
work=$(mktemp -d "${TMPDIR:-/tmp}/deepmine-test-XXXXXX")
trap 'rm -rf -- "$work"' EXIT
log=$work/log

fail() {
  printf 'FAILED: %s\n' "$1"
  if [[ -s $log ]]; then tail -n 40 "$log"; fi
  exit 1
}
step() {  # step NAME COMMAND...
  local name=$1 started=$SECONDS
  shift
  "$@" >"$log" 2>&1 </dev/null || fail "$name"
  printf 'ok: %s (%d s)\n' "$name" $((SECONDS - started))
}
has() { command -v "$1" >/dev/null; }

# ---- the files

step 'install' meson install -C "$DEEPMINE_BUILD" --no-rebuild --destdir "$work/root"
config=$(find "$work/root" -name deepmine-config.cmake)
libdir=${config%/cmake/deepmine/deepmine-config.cmake}
[[ -n $config ]] || fail 'the CMake package is there'
prefix=$work/root$(meson introspect "$DEEPMINE_BUILD" --buildoptions |
  python3 -c 'import json, sys; print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')

files() { (cd "$prefix" && find . \( -type f -o -type l \) | sed "s|^\./${libdir#"$prefix"/}/|LIB/|; s|^\./||" | LC_ALL=C sort); }
if ! diff <(LC_ALL=C sort "$DEEPMINE_SOURCE/tests/installation/files.txt") <(files) >"$log"; then
  fail 'the installed files are those of tests/installation/files.txt'
fi
printf 'ok: %d files\n' "$(files | wc -l)"

export LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
cp -r "$DEEPMINE_SOURCE/examples" "$work/examples"

# What was built must run: without a store the rules answer, and say so.
run_examples() {  # run_examples FOLDER
  local out
  out=$("$1/predict_stope" "$work/no-store") || fail "$1/predict_stope runs"
  [[ $out == *'rules_only'* && $out == *'stable now: unknown'* ]] || fail "$1/predict_stope says what it should: $out"
  out=$("$1/watch_stopes" "$work/no-store") || fail "$1/watch_stopes runs"
  [[ $(grep -c 'UNKNOWN: INSPECT' <<<"$out") -ge 3 ]] || fail "$1/watch_stopes says what it should: $out"
  [[ -x $1/sequence_classifier || -x $1/tabular_classifier ]] || fail "$1 has an example of the engine"
}

of_make=(predict_stope watch_stopes tabular_classifier) of_cmake=(predict_stope watch_stopes sequence_classifier)
if [[ ${DEEPMINE_SOAK:-} == 1 ]]; then of_make=(all) of_cmake=(all); fi

# ---- pkg-config

if has pkg-config && has make; then
  export PKG_CONFIG_SYSROOT_DIR=$work/root PKG_CONFIG_LIBDIR=$libdir/pkgconfig
  [[ $(pkg-config --modversion deepmine) == $(pkg-config --modversion deepmine-engine) ]] || fail 'one version'
  step 'examples with pkg-config' make -j2 -C "$work/examples" CFLAGS=-O0 CXXFLAGS=-O0 "${of_make[@]}"
  run_examples "$work/examples"
  unset PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_LIBDIR
else
  echo 'skipped: pkg-config or make is not there'
fi

# ---- CMake

if has cmake; then
  step 'configure with CMake' cmake -S "$work/examples" -B "$work/cmake" -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_PREFIX_PATH="$prefix"
  step 'examples with CMake' cmake --build "$work/cmake" -j2 --target "${of_cmake[@]}"
  run_examples "$work/cmake"
  # A newer one, and one of before 1.0 whose sources need not compile with this one.
  mkdir "$work/versions"
  for version in 99 0.0; do
    printf 'cmake_minimum_required(VERSION 3.16)\nproject(p LANGUAGES C)\nfind_package(deepmine %s REQUIRED)\n' \
      "$version" >"$work/versions/CMakeLists.txt"
    if cmake -S "$work/versions" -B "$work/cmake-$version" -DCMAKE_PREFIX_PATH="$prefix" >"$log" 2>&1; then
      fail "version $version, which is not there, is refused"
    fi
    grep -q 'compatible with' "$log" || fail "version $version is refused for its number"
  done
else
  echo 'skipped: CMake is not there'
fi

# ---- a Meson subproject

mkdir -p "$work/meson/subprojects"
cp -r "$DEEPMINE_SOURCE/examples/." "$work/meson/"
ln -s "$DEEPMINE_SOURCE" "$work/meson/subprojects/deepmine"
step 'configure as a Meson subproject' meson setup "$work/meson/build" "$work/meson" \
  --force-fallback-for=deepmine,deepmine-engine
targets=$(meson introspect "$work/meson/build" --targets |
  python3 -c 'import json, sys; print(*(t["name"] for t in json.load(sys.stdin)))')
for target in deepmine deepmine-engine predict_stope watch_stopes sequence_classifier tabular_classifier; do
  [[ " $targets " == *" $target "* ]] || fail "the subproject has the target $target: $targets"
done
[[ $targets != *test_* ]] || fail "the subproject has no tests of ours: $targets"
# The warnings of another compiler are no errors in somebody else's project.
if grep '"command":' "$work/meson/build/compile_commands.json" | grep -e '-Werror' | grep -qv -e '-Werror .*-Wno-error '; then
  fail 'warnings are no errors in a subproject'
fi
if [[ ${DEEPMINE_SOAK:-} == 1 ]]; then
  step 'examples with a Meson subproject' ninja -C "$work/meson/build"
  run_examples "$work/meson/build"
fi

# ---- completion and manual

completions() {  # completions WORD...: what bash would offer for the last word
  bash -c '
    source "$1"; shift
    COMP_WORDS=(deepmine "$@") COMP_CWORD=$#
    _deepmine
    printf "%s\n" "${COMPREPLY[@]}"' bash "$prefix/share/bash-completion/completions/deepmine" "$@"
}
[[ $(completions mod) == models ]] || fail 'bash completes verbs'
[[ $(completions models verif) == verify ]] || fail 'bash completes the verbs of a verb'
[[ $(completions predict --str) == --stream ]] || fail 'bash completes options'
[[ $(cd "$work/examples" && completions predict --static Make) == Makefile ]] || fail 'bash completes files'
grep -q 'one JSON document' "$prefix/share/man/man1/deepmine.1" || fail 'the manual has the options'
if has man; then
  for page in "$prefix"/share/man/man1/*.1; do
    man --warnings -l "$page" >/dev/null 2>"$log" || fail "man shows ${page##*/}"
    [[ ! -s $log ]] || fail "man has nothing to say against ${page##*/}"
  done
fi
echo 'ok: completion and manual'
