// Reads the golden files of this folder: text, a line `tensor NAME RANK DIMENSIONS...`, then the values, last
// index fastest; lines that begin with # are comments. Activations are (samples, steps, features), kernels
// (outputs, inputs).
#pragma once

#include <fstream>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace deepmine::golden {

struct GoldenTensor {
  std::vector<int> shape;
  std::vector<double> values;
};

class GoldenFile {
 public:
  /// Throws std::runtime_error naming the file if it is missing or malformed.
  explicit GoldenFile(const std::string& name) : name_(name) {
    std::ifstream in(std::string(DEEPMINE_GOLDEN_FOLDER "/") + name + ".txt");
    if (!in) throw std::runtime_error("golden file '" + name + "' can't be opened");
    for (std::string word; in >> word;) {
      if (word.front() == '#') {
        in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
        continue;
      }
      std::string tensor;
      std::size_t rank = 0, count = 1;
      if (word != "tensor" || !(in >> tensor >> rank) || rank > 4) break;
      GoldenTensor& read = tensors_[tensor];
      read.shape.resize(rank);
      for (int& dimension : read.shape)
        if (in >> dimension) count *= static_cast<std::size_t>(dimension);
      for (double value = 0; read.values.size() < count && in >> value;) read.values.push_back(value);
      if (read.values.size() != count) break;
    }
    if (!in.eof() || in.bad() || tensors_.empty())
      throw std::runtime_error("golden file '" + name + "' is malformed");
  }

  bool has(const std::string& tensor) const { return tensors_.contains(tensor); }
  const GoldenTensor& operator[](const std::string& tensor) const {
    const auto found = tensors_.find(tensor);
    if (found == tensors_.end())
      throw std::runtime_error("golden file '" + name_ + "' has no tensor '" + tensor + "'");
    return found->second;
  }
  double number(const std::string& tensor) const { return (*this)[tensor].values.at(0); }
  const std::string& name() const { return name_; }
  /// Of all tensors.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors_) names.push_back(name);
    return names;
  }

 private:
  std::string name_;
  std::map<std::string, GoldenTensor> tensors_;
};

}  // namespace deepmine::golden
