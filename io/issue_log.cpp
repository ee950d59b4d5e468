#include "io/issue_log.h"

#include <map>
#include <utility>

namespace deepmine::io {

IssueLog::Kind& IssueLog::kind(stope::Severity severity, std::string_view code, std::string_view stope_name) {
  std::string key(code);
  key.append(1, '\0').append(stope_name);
  const auto [found, is_new] = kind_index_.try_emplace(std::move(key), kinds_.size());
  if (is_new) kinds_.push_back({severity, std::string(code), std::string(stope_name), {}, 0, 0});
  return kinds_[found->second];
}

bool IssueLog::wants(stope::Severity severity, std::string_view code, std::string_view stope_name) {
  if (severity == stope::Severity::fatal) has_fatal_ = true;
  Kind& of_kind = kind(severity, code, stope_name);
  if (of_kind.listed < most_listed_) return true;
  ++of_kind.left_out;
  return false;
}

void IssueLog::add(stope::Severity severity, std::string_view code, stope::Location where,
                   std::string_view stope_name, std::string message) {
  if (!wants(severity, code, stope_name)) return;
  Kind& of_kind = kind(severity, code, stope_name);
  ++of_kind.listed;
  of_kind.file = where.file;
  issues_.push_back(
      {severity, std::string(code), std::move(where), std::string(stope_name), std::move(message)});
}

std::vector<IssueCount> IssueLog::counts() const {
  std::map<std::pair<int, std::string>, std::size_t> sums;
  for (const Kind& of_kind : kinds_)
    sums[{-static_cast<int>(of_kind.severity), of_kind.code}] += of_kind.listed + of_kind.left_out;
  std::vector<IssueCount> counted;
  for (const auto& [kind_of_sum, count] : sums)
    counted.push_back({static_cast<stope::Severity>(-kind_of_sum.first), kind_of_sum.second, count});
  return counted;
}

std::vector<stope::Issue> IssueLog::take() {
  for (const Kind& of_kind : kinds_)
    if (of_kind.left_out > 0)
      issues_.push_back(
          {of_kind.severity,
           of_kind.code,
           {of_kind.file, 0, 0},
           of_kind.stope,
           std::to_string(of_kind.left_out) + " more of this kind (" + of_kind.code + ") are not listed"});
  kinds_.clear();
  kind_index_.clear();
  return std::exchange(issues_, {});
}

}  // namespace deepmine::io
