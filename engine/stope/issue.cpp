#include "engine/stope/issue.h"

namespace deepmine::stope {

std::string describe(const Issue& issue) {
  std::string text = issue.where.file;
  if (issue.where.line > 0) text += ":" + std::to_string(issue.where.line);
  if (issue.where.line > 0 && issue.where.column > 0) text += ":" + std::to_string(issue.where.column);
  if (!text.empty()) text += ": ";
  return text + issue.message;
}

}  // namespace deepmine::stope
