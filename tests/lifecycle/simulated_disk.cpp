#include "tests/lifecycle/simulated_disk.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "engine/nn/random.h"

namespace deepmine::test {

namespace fs = std::filesystem;

namespace {

constexpr int root = 0;

std::string content_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void overwrite(std::string& content, std::size_t at, const std::string& bytes) {
  if (content.size() < at + bytes.size()) content.resize(at + bytes.size(), '\0');
  content.replace(at, bytes.size(), bytes);
}

}  // namespace

// ---- recording

SimulatedDisk::SimulatedDisk(const fs::path& base) : base_(fs::canonical(base)), inodes_(1) {
  inodes_[root].folder = true;
  load(base_, root);
  at_start_ = inodes_;
}

void SimulatedDisk::load(const fs::path& folder, int inode) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const int number = static_cast<int>(inodes_.size());
    inodes_.emplace_back();
    inodes_[static_cast<std::size_t>(inode)].names[entry.path().filename().string()] = number;
    if (entry.is_directory()) {
      inodes_.back().folder = true;
      load(entry.path(), number);
    } else {
      inodes_.back().content = content_of(entry.path());
    }
  }
}

std::string SimulatedDisk::below_base(const std::string& path) const {
  const std::string text = fs::path(path).lexically_normal().string(), base = base_.string();
  if (text == base) return "";
  if (!text.starts_with(base + "/")) throw std::runtime_error(path + " is outside of the simulated folder");
  return text.substr(base.size() + 1);
}

int SimulatedDisk::find(const std::string& path) const {
  int inode = root;
  for (const fs::path& part : fs::path(path)) {
    const auto& names = inodes_[static_cast<std::size_t>(inode)].names;
    const auto found = names.find(part.string());
    if (found == names.end()) return -1;
    inode = found->second;
  }
  return inode;
}

std::pair<int, std::string> SimulatedDisk::parent_of(const std::string& path) const {
  const fs::path whole = path;
  return {find(whole.parent_path().string()), whole.filename().string()};
}

void SimulatedDisk::set_name(const std::string& path, int target) {
  const auto [folder, name] = parent_of(path);
  inodes_[static_cast<std::size_t>(folder)].names[name] = target;
  pieces_.push_back({Piece::Kind::name, calls_, folder, name, target, 0, {}});
}

void SimulatedDisk::take_name(const std::string& path) {
  const auto [folder, name] = parent_of(path);
  inodes_[static_cast<std::size_t>(folder)].names.erase(name);
  pieces_.push_back({Piece::Kind::no_name, calls_, folder, name, -1, 0, {}});
}

int SimulatedDisk::create(const std::string& path, bool folder) {
  const int number = static_cast<int>(inodes_.size());
  inodes_.emplace_back();
  inodes_.back().folder = folder;
  set_name(path, number);
  return number;
}

void SimulatedDisk::write(int inode, std::size_t at, std::string bytes) {
  overwrite(inodes_[static_cast<std::size_t>(inode)].content, at, bytes);
  pieces_.push_back({Piece::Kind::data, calls_, inode, {}, -1, at, std::move(bytes)});
}

void SimulatedDisk::record(const SystemCall& call) {
  ++calls_;
  const std::string path = below_base(call.path);
  const int inode = find(path);
  if (call.name == "open" || call.name == "mkdir") {
    if (inode < 0) create(path, call.name == "mkdir");
    return;
  }
  if (inode < 0) throw std::runtime_error(call.name + " of " + call.path + ", which is not there");
  const Inode& node = inodes_[static_cast<std::size_t>(inode)];
  if (call.name == "write") {
    write(inode, node.content.size(), std::string(call.bytes));
  } else if (call.name == "pwrite") {
    write(inode, static_cast<std::size_t>(call.offset), std::string(call.bytes));
  } else if (call.name == "ftruncate") {
    inodes_[static_cast<std::size_t>(inode)].content.resize(static_cast<std::size_t>(call.offset));
    pieces_.push_back({Piece::Kind::size, calls_, inode, {}, -1, static_cast<std::size_t>(call.offset), {}});
  } else if (call.name == "rename") {
    set_name(below_base(call.target), inode);
    take_name(path);
  } else if (call.name == "link") {
    set_name(below_base(call.target), inode);
  } else if (call.name == "unlink" || call.name == "rmdir") {
    take_name(path);
  } else if (call.name == "fsync" || call.name == "fdatasync") {
    syncs_.push_back({calls_, inode});
    sync_paths_.push_back(path.empty() ? "." : path);
  } else if (call.name != "close") {
    throw std::runtime_error("a system call that the simulation does not know: " + call.name);
  }
}

// ---- what may be on the disk

std::vector<std::size_t> SimulatedDisk::unsafe_pieces(std::size_t cut,
                                                      std::optional<std::size_t> without_sync) const {
  std::vector<std::size_t> unsafe;
  for (std::size_t i = 0; i < pieces_.size() && pieces_[i].call <= cut; ++i) {
    bool safe = false;
    for (std::size_t s = 0; s < syncs_.size(); ++s)
      safe = safe || (s != without_sync && syncs_[s].inode == pieces_[i].inode &&
                      syncs_[s].call > pieces_[i].call && syncs_[s].call <= cut);
    if (!safe) unsafe.push_back(i);
  }
  return unsafe;
}

DiskTree SimulatedDisk::tree(std::size_t cut, const std::vector<std::size_t>& unsafe,
                             const Choice& choice) const {
  std::vector<Inode> disk = inodes_;  // for `folder`
  for (std::size_t i = 0; i < disk.size(); ++i) {
    disk[i].names = i < at_start_.size() ? at_start_[i].names : std::map<std::string, int>{};
    disk[i].content = i < at_start_.size() ? at_start_[i].content : std::string();
  }
  std::size_t next_unsafe = 0;
  for (std::size_t i = 0; i < pieces_.size() && pieces_[i].call <= cut; ++i) {
    int variant = 1;
    if (next_unsafe < unsafe.size() && unsafe[next_unsafe] == i) variant = choice[next_unsafe++];
    if (variant == 0) continue;
    const Piece& piece = pieces_[i];
    Inode& inode = disk[static_cast<std::size_t>(piece.inode)];
    switch (piece.kind) {
      case Piece::Kind::name:
        inode.names[piece.name] = piece.target;
        break;
      case Piece::Kind::no_name:
        inode.names.erase(piece.name);
        break;
      case Piece::Kind::size:
        inode.content.resize(piece.at);
        break;
      case Piece::Kind::data:
        overwrite(inode.content, piece.at,
                  variant == 1   ? piece.bytes
                  : variant == 2 ? piece.bytes.substr(0, piece.bytes.size() / 2)
                                 : std::string(piece.bytes.size(), '\0'));
        break;
    }
  }
  DiskTree result;
  const std::function<void(int, const std::string&)> add = [&](int folder, const std::string& prefix) {
    for (const auto& [name, number] : disk[static_cast<std::size_t>(folder)].names) {
      const Inode& inode = disk[static_cast<std::size_t>(number)];
      const std::string path = prefix.empty() ? name : prefix + "/" + name;
      if (inode.folder) {
        result[path] = std::nullopt;
        add(number, path);
      } else {
        result[path] = inode.content;
      }
    }
  };
  add(root, "");
  return result;
}

void SimulatedDisk::visit_states(std::size_t cut, std::optional<std::size_t> without_sync, std::size_t limit,
                                 const std::function<bool(const DiskTree&)>& see) const {
  const std::vector<std::size_t> unsafe = unsafe_pieces(cut, without_sync);
  std::vector<int> variants;
  double combinations = 1;
  for (const std::size_t i : unsafe) {
    variants.push_back(pieces_[i].kind == Piece::Kind::data ? 4 : 2);
    combinations *= variants.back();
  }
  std::size_t seen = 0;
  const auto show = [&](const Choice& choice) { return ++seen <= limit && see(tree(cut, unsafe, choice)); };
  const Choice nothing(unsafe.size(), 0), everything(unsafe.size(), 1);
  if (combinations <= static_cast<double>(limit)) {  // counting in a number system of mixed bases
    Choice choice = nothing;
    for (;;) {
      if (!show(choice)) return;
      std::size_t digit = 0;
      while (digit < choice.size() && ++choice[digit] == variants[digit]) choice[digit++] = 0;
      if (digit == choice.size()) return;
    }
  }
  if (!show(nothing) || !show(everything)) return;
  for (const Choice& from : {everything, nothing})
    for (std::size_t a = 0; a < unsafe.size(); ++a)
      for (std::size_t b = a; b < unsafe.size(); ++b)
        for (int variant = 0; variant < variants[a]; ++variant) {
          Choice choice = from;
          choice[a] = variant;
          if (b != a) choice[b] = 1 - from[b];
          if (choice != from && !show(choice)) return;
        }
  for (std::size_t kept = 1; kept < unsafe.size(); ++kept) {  // in the order in which they were made
    Choice choice = nothing;
    std::fill_n(choice.begin(), kept, 1);
    if (!show(choice)) return;
  }
  RandomStream random(cut * 1000 + without_sync.value_or(999));
  while (seen < limit) {
    Choice choice(unsafe.size());
    for (std::size_t i = 0; i < choice.size(); ++i)
      choice[i] = static_cast<int>(random.uniform() * variants[i]) % variants[i];
    if (!show(choice)) return;
  }
}

void materialise(const DiskTree& tree, const fs::path& folder) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const auto& [path, content] : tree) {  // a folder stands before what is in it
    if (!content) {
      fs::create_directory(folder / path);
      continue;
    }
    std::ofstream stream(folder / path, std::ios::binary);
    stream.write(content->data(), static_cast<std::streamsize>(content->size()));
  }
}

}  // namespace deepmine::test
