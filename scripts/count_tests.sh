# Reads the log that 'meson test' leaves (meson-logs/testlog.txt). Sourced by ./check.
# shellcheck shell=bash
#
# Every executable has a section: '==== 1/2 ====', 'test: name', 'result: exit status 0', then what it printed.
# A doctest executable ends with '[doctest] test cases: 5 | 5 passed | 0 failed | 0 skipped'.

# Prints 'passed failed skipped', summed over the test cases of all executables. An executable that ended badly
# without counting a failure itself (a crash, a time-out, a sanitizer's report) counts as one failure.
count_tests() {
  awk '
    function close_section() {
      if (!open) return
      bad = result !~ /^exit status 0$/
      if (result ~ /^exit status 77$/) { skipped++; return }
      if (cases) { passed += section_passed; failed += section_failed; skipped += section_skipped }
      else if (!bad) passed++
      if (bad && !(cases && section_failed > 0)) failed++
    }
    /^=+ [0-9]+\/[0-9]+ =+$/ { close_section(); open = 1; header = 1; cases = 0; result = ""; next }
    open && header && /^result: / { result = substr($0, 9); gsub(/^ +| +$/, "", result); next }
    open && header && /^-+ / { header = 0; next }
    open && /^\[doctest\] test cases:/ {
      cases = 1
      split($0, part, "|")
      section_passed = part[2] + 0; section_failed = part[3] + 0; section_skipped = part[4] + 0
    }
    END { close_section(); print passed + 0, failed + 0, skipped + 0 }
  ' "$1"
}

# Prints what the failed executables said, the last 60 lines of each.
failed_tests() {
  awk '
    function close_section(first, i) {
      if (!open || result ~ /^exit status (0|77)$/) return
      print name " (" result ")"
      first = lines > 60 ? lines - 60 : 0
      for (i = first; i < lines; i++) print "  " text[i]
    }
    /^=+ [0-9]+\/[0-9]+ =+$/ { close_section(); open = 1; header = 1; lines = 0; name = result = ""; next }
    open && header && /^test: / { name = substr($0, 7); gsub(/^ +/, "", name) }
    open && header && /^result: / { result = substr($0, 9); gsub(/^ +| +$/, "", result) }
    open && header && /^-+ / { header = 0; next }
    open && !header { text[lines++] = $0 }
    END { close_section() }
  ' "$1"
}
