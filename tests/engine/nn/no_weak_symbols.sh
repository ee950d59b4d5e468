#!/bin/sh
# no_weak_symbols.sh nm library...: fails if a library defines or wants a weak symbol, such as an inline function
# or a template of a header. The linker keeps one copy of those for the whole program; from a library compiled
# for AVX-512, that copy would stop the program on other processors.
nm=$1
shift
for library in "$@"; do
  symbols=$("$nm" "$library") || exit 1
  if ! printf '%s\n' "$symbols" | grep -q ' [DR] '; then
    echo "$library: no table of kernels found" >&2
    exit 1
  fi
  if printf '%s\n' "$symbols" | grep ' [VvWwu] ' >&2; then
    echo "$library: weak symbols, see above" >&2
    exit 1
  fi
done
