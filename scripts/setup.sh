# Shared by ./quickstart and ./check: packages, steps with their duration, and the release build.
# Source it from a bash script that stands in the repository's root; it does nothing on its own.
# shellcheck shell=bash

export LC_ALL=C.UTF-8  # decimal points in times, and tools that speak the language which the scripts parse

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
log_folder="$root/build-logs"
# shellcheck disable=SC2034  # read by ./check
jobs=$(nproc 2>/dev/null || echo 2)

# What it takes to build and run the program, and what the tests need besides. Names of Debian 12.
# shellcheck disable=SC2034  # read by the scripts that source this one
build_packages=(g++ meson ninja-build pkg-config cmake libeigen3-dev libcereal-dev libfmt-dev
  nlohmann-json3-dev libcli11-dev libssl-dev)
# shellcheck disable=SC2034
# libomp-dev: the omp.h that clang-tidy reads; doxygen: 18 s to install
test_packages=(doctest-dev git clang-format clang-tidy libomp-dev shellcheck make doxygen)
# shellcheck disable=SC2034
fuzz_packages=(doctest-dev clang libomp-dev)

bold='' red='' green='' dim='' plain=''
on_terminal=false
if [[ -t 1 && ${TERM:-dumb} != dumb ]]; then
  on_terminal=true
  if [[ -z ${NO_COLOR:-} ]]; then
    bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' dim=$'\e[2m' plain=$'\e[0m'
  fi
fi

title() { printf '%s%s%s\n' "$bold" "$1" "$plain"; }
note() { printf '  %s\n' "$1"; }
fail() {
  printf '%serror:%s %s\n' "$red" "$plain" "$1" >&2
  exit 1
}

ticker=''
stop_ticker() {
  if [[ -n $ticker ]]; then
    kill "$ticker" 2>/dev/null
    wait "$ticker" 2>/dev/null
    ticker=''
  fi
}
trap stop_ticker EXIT
trap 'stop_ticker; printf "\ninterrupted\n" >&2; exit 130' INT TERM

# One line for a step: its name now, its result and duration when it is over.
step_name='' step_started=0
begin_step() {
  step_name=$1
  step_started=${EPOCHREALTIME/./}
  printf '  %-34s ' "$step_name"
  if $on_terminal; then
    (
      trap - EXIT INT TERM
      while sleep 1; do
        printf '\r  %-34s %s%d s%s ' "$step_name" "$dim" $(((${EPOCHREALTIME/./} - step_started) / 1000000)) "$plain"
      done
    ) &
    ticker=$!
  fi
}
end_step() {  # end_step STATUS [what there is to say]
  local tenths=$(((${EPOCHREALTIME/./} - step_started) / 100000)) mark="${green}ok${plain}"
  stop_ticker
  if $on_terminal; then printf '\r\e[K  %-34s ' "$step_name"; fi
  if (($1 != 0)); then mark="${red}FAILED${plain}"; fi
  printf '%s  %s%d.%d s%s\n' "$mark" "${2:+$2  }" $((tenths / 10)) $((tenths % 10)) "$plain"
}

# The end of a log and where the rest is.
show_log() {  # show_log FILE [LINES]
  printf '%s\n' "    ${dim}last lines of $1:${plain}"
  tail -n "${2:-30}" "$1" | sed 's/^/    | /'
}

log_file() {
  mkdir -p "$log_folder"
  printf '%s/%s.log' "$log_folder" "${1//[^A-Za-z0-9]/-}"
}

# Runs a command as one step; its output goes to a log, the end of which is shown if the command fails.
run_step() {  # run_step NAME COMMAND...
  local name=$1 log status=0
  shift
  log=$(log_file "$name")
  begin_step "$name"
  "$@" >"$log" 2>&1 </dev/null || status=$?
  end_step "$status"
  if ((status != 0)); then show_log "$log"; fi
  return "$status"
}

missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null)
  local package
  for package in "$@"; do
    grep -qx "$package installed" <<<"$installed" || printf '%s\n' "$package"
  done
}

run_apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null; }
apt_install() {
  # Another archive on this machine may be out of reach: whether the update was good enough, the installation tells.
  run_apt update || echo 'apt-get update had errors; going on'
  run_apt install -y --no-install-recommends "$@"
}
apt_install_twice() {
  apt_install "$@" && return
  echo 'first attempt failed; trying once more'
  sleep 5
  apt_install "$@"
}

# Installs those of the packages that are missing; ends the script where that is impossible.
install_packages() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    local tool
    for tool in c++ meson ninja pkg-config cmake; do
      command -v "$tool" >/dev/null ||
        fail "'$tool' is missing, and this is not a Debian system. Install what these Debian packages give: $*"
    done
    note "not a Debian system: going on with the tools that are here (needed: $*)"
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then return; fi
  as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      fail "packages are missing, and there is neither root nor sudo. As root: apt-get install ${missing[*]}"
    as_root=(sudo)
    if [[ -t 0 ]]; then sudo -v || fail 'sudo was refused'; else as_root=(sudo -n); fi
  fi
  note "installing with apt-get: ${missing[*]}"
  run_step 'install packages' apt_install_twice "${missing[@]}" || fail "could not install: ${missing[*]}"
}

# Configures a build folder if it is new or was configured with other options.
configure() {  # configure FOLDER OPTION...
  local folder=$1 stamp="$1/configured-with"
  shift
  if [[ -f $folder/build.ninja && -f $stamp && $(<"$stamp") == "$*" ]]; then return 0; fi
  local reconfigure=()
  if [[ -f $folder/build.ninja ]]; then reconfigure=(--reconfigure); fi
  run_step "configure ${folder##*/}" meson setup "${reconfigure[@]}" "$folder" "$root" "$@" || return
  printf '%s\n' "$*" >"$stamp"
}

# The build with address and undefined-behaviour sanitizers, whose tests ./check runs and whose fuzzers scripts/fuzz runs:
# one for both, so that the libraries are compiled once. By clang, which alone has libFuzzer; CC and CXX count at the first
# configuration only.
sanitized_build=build-sanitize
configure_sanitized() {
  install_packages "${build_packages[@]}" "${fuzz_packages[@]}"
  local flags='-g1 -fno-sanitize-recover=all -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS'
  # Asks the system for a pipe at every call, and cries wolf where a test has used up all descriptors.
  flags+=' -fno-sanitize=vptr'
  CC=clang CXX=clang++ configure "$sanitized_build" -Dfuzz=true -Dtests=enabled -Dbuildtype=custom -Doptimization=1 \
    -Ddebug=false -Db_ndebug=false -Dwerror=false -Db_lundef=false -Db_sanitize=address,undefined "-Dcpp_args=$flags"
}
