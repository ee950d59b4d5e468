#include <doctest/doctest.h>

#include <limits>

#include "apps/report/markup.h"

using namespace deepmine::apps::report;

TEST_CASE("no text becomes markup") {
  CHECK(escaped("<script>alert('x')</script>") == "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
  CHECK(escaped("a \"b\" & c") == "a &quot;b&quot; &amp; c");
  CHECK(escaped("Größe 3 m²") == "Größe 3 m²");
  CHECK(escaped("line\nnext\x1b[2J") == "line\\u{0A}next\\u{1B}[2J");
  CHECK(escaped("bad \xff byte") == "bad \\x{FF} byte");
}

TEST_CASE("numbers: what is not known is a dash, and zero has no sign") {
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  CHECK(fixed(0.12345, 3) == "0.123");
  CHECK(fixed(-0.0001, 3) == "0.000");
  CHECK(fixed(-0.5, 1) == "-0.5");
  CHECK(fixed(unknown, 3) == "–");
  CHECK(percent(0.8734) == "87.3 %");
  CHECK(percent(unknown) == "–");
  CHECK(short_number(0.25) == "0.25");
  CHECK(short_number(1e-5) == "1e-05");
  CHECK(short_number(unknown).empty());
  CHECK(coordinate(12.5) == "12.5");
  CHECK(coordinate(12) == "12");
  CHECK(coordinate(-0.001) == "0");
}

TEST_CASE("rows begin with a heading") {
  CHECK(row({"a", "b"}) == "<tr><th scope=\"row\">a</th><td>b</td></tr>\n");
  CHECK(header_row({"<a>"}) == "<tr><th scope=\"col\">&lt;a&gt;</th></tr>\n");
  CHECK(paragraph("x < y", "note") == "<p class=\"note\">x &lt; y</p>\n");
}
