// What a disk may hold after the power went, worked out from the system calls that were made. What was not
// synced may be there or not, each piece for itself: every name that was given or taken away (even the two
// halves of a rename), every write (whole, its first half, or zeros of its length). A synced file or folder
// is as it was when it was synced, or as what came later made it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/io/system_call_faults.h"

namespace deepmine::test {

/// Paths below the folder that is simulated; no content: a folder.
using DiskTree = std::map<std::string, std::optional<std::string>>;

class SimulatedDisk {
 public:
  /// Everything that is in the folder now is safely on disk.
  explicit SimulatedDisk(const std::filesystem::path& base);

  /// To be shown every call of CallSet::every, none of which may fail. Files are written from their beginning
  /// or at their end.
  void record(const SystemCall& call);

  std::size_t calls() const { return calls_; }
  /// The syncs that were recorded: their paths below the base.
  const std::vector<std::string>& syncs() const { return sync_paths_; }

  /// Shows `see` the states in which the disk may be when the power goes after `cut` calls, until it says
  /// false: all of them if there are no more than `limit`, else as many, those with one or two pieces missing
  /// or present first. `without_sync`: as if that sync (counted from 0) had not been made.
  void visit_states(std::size_t cut, std::optional<std::size_t> without_sync, std::size_t limit,
                    const std::function<bool(const DiskTree&)>& see) const;

 private:
  /// One piece of a change, that a disk has or has not carried out.
  struct Piece {
    enum class Kind { name, no_name, data, size } kind;
    std::size_t call;    ///< that made it, from 1
    int inode;           ///< the folder or file that is changed
    std::string name;    ///< name, no_name
    int target = -1;     ///< name: whose it is
    std::size_t at = 0;  ///< data: where; size: the new one
    std::string bytes;
  };
  struct Sync {
    std::size_t call;
    int inode;
  };
  struct Inode {
    bool folder = false;
    std::string content;  // as the program sees it
    std::map<std::string, int> names;
  };
  using Choice = std::vector<int>;  // of every unsafe piece: one of its variants, 0: lost

  int find(const std::string& path) const;
  std::pair<int, std::string> parent_of(const std::string& path) const;
  std::string below_base(const std::string& path) const;
  int create(const std::string& path, bool folder);
  void set_name(const std::string& path, int target);
  void take_name(const std::string& path);
  void write(int inode, std::size_t at, std::string bytes);
  void load(const std::filesystem::path& folder, int inode);
  DiskTree tree(std::size_t cut, const std::vector<std::size_t>& unsafe, const Choice& choice) const;
  std::vector<std::size_t> unsafe_pieces(std::size_t cut, std::optional<std::size_t> without_sync) const;

  std::filesystem::path base_;
  std::vector<Inode> inodes_;
  std::vector<Inode> at_start_;
  std::vector<Piece> pieces_;
  std::vector<Sync> syncs_;
  std::vector<std::string> sync_paths_;
  std::size_t calls_ = 0;
};

/// Makes the folder hold exactly this tree.
void materialise(const DiskTree& tree, const std::filesystem::path& folder);

}  // namespace deepmine::test
