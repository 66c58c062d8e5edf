// The file that several processes share as one machine: read whole, written whole, never half.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace bsdjail::simulated {

// Held while a process changes the machine.
class FileLock {
 public:
  explicit FileLock(int fd) : fd_(fd) {}
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_;
};

class StateFile {
 public:
  explicit StateFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  // Waits for other processes; null with the reason where the lock file beside the state file cannot be had.
  std::unique_ptr<FileLock> lock(std::string& problem) const;

  enum class Change { kNone, kChanged, kMissing, kFailed };
  // Whether the file is another one than at the last load() or store().
  Change look(std::string& problem) const;
  bool load(std::string& text, std::string& problem);
  // Writes a new file beside the old one and puts it in its place.
  bool store(const std::string& text, std::string& problem);
  // The next look() finds a change.
  void forget() { stamp_ = Stamp(); }

 private:
  struct Stamp {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;
    bool operator==(const Stamp&) const = default;
  };
  std::string path_;
  Stamp stamp_;
};

}  // namespace bsdjail::simulated
