# Reads the log that 'meson test' leaves (meson-logs/testlog.txt). Sourced by ./check.
# shellcheck shell=bash
#
# Every executable has a section: '==== 1/2 ====', 'test: name', 'result: exit status 0', then what it printed.
# A doctest executable ends with '[doctest] test cases: 5 | 5 passed | 0 failed | 0 skipped'. One that does not
# get that far (a crash, a time-out, a sanitizer's report, an exit() in the library) counts as one failure, unless
# it belongs to the suite 'plain': such a test is no doctest program, and its exit status decides.
# shellcheck disable=SC2016  # the dollar signs are awk's
read_sections='
  function begin_section() {
    open = header = 1
    cases = bad = plain = lines = section_passed = section_failed = section_skipped = 0
    name = result = ""
  }
  function judge() {
    left_out = result ~ /^exit status 77$/
    bad = !left_out && (result !~ /^exit status 0$/ || !(cases || plain))
    if (bad && result ~ /^exit status 0$/) result = result ", but it printed no summary of test cases"
  }
  /^=+ [0-9]+\/[0-9]+ =+$/ { if (open) end_section(); begin_section(); next }
  /^Summary of Failures:$/ { if (open) end_section(); open = 0 }
  open && header && /^test: / {
    name = substr($0, 7); gsub(/^ +| +$/, "", name)
    plain = name ~ /^[^\/]*[:+]plain([+ ]|$)/
  }
  open && header && /^result: / { result = substr($0, 9); gsub(/^ +| +$/, "", result) }
  open && header && /^-+ / { header = 0; next }
  open && !header { text[lines++] = $0 }
  open && /^\[doctest\] test cases:/ {
    cases = 1
    split($0, part, "|")
    section_passed = part[2] + 0; section_failed = part[3] + 0; section_skipped = part[4] + 0
  }
'

# Prints 'passed failed skipped', summed over the test cases of all executables.
count_tests() {
  awk "$read_sections"'
    function end_section() {
      judge()
      if (left_out) { skipped++; return }
      if (cases) { passed += section_passed; failed += section_failed; skipped += section_skipped }
      else if (!bad) passed++
      if (bad && section_failed == 0) failed++
    }
    END { if (open) end_section(); print passed + 0, failed + 0, skipped + 0 }
  ' "$1"
}

# Prints what the failed executables said: of a long text the beginning and the end.
failed_tests() {
  awk "$read_sections"'
    function end_section(i) {
      judge()
      if (!bad) return
      print name " (" result ")"
      for (i = 0; i < lines; i++) {
        if (lines > 70 && i == 25) { print "  ..."; i = lines - 40 }
        if (text[i] !~ /^=*$/) print "  " text[i]
      }
    }
    END { if (open) end_section() }
  ' "$1"
}
