#include <sys/param.h>
#include <sys/mount.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>

#include "mount_table.h"

namespace bsdjail {
namespace {

constexpr std::size_t kMessageSize = 256;

std::string fsid_text(const fsid_t& fsid) {
  std::array<unsigned char, sizeof fsid> bytes;
  std::memcpy(bytes.data(), &fsid, sizeof fsid);
  std::string text;
  for (unsigned char byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text;
}

bool read_fsid(const std::string& text, fsid_t& fsid) {
  std::array<unsigned char, sizeof fsid> bytes;
  if (text.size() != bytes.size() * 2) return false;
  for (std::size_t i = 0; i < bytes.size(); i++) {
    unsigned int byte = 0;
    if (std::sscanf(text.c_str() + i * 2, "%2x", &byte) != 1) return false;
    bytes[i] = static_cast<unsigned char>(byte);
  }
  std::memcpy(&fsid, bytes.data(), sizeof fsid);
  return true;
}

// nmount's list: names and values that stay where they are until the call.
class Options {
 public:
  void add(const std::string& name, const std::string* value) {
    push(name);
    if (value != nullptr) {
      push(*value);
    } else {
      list_.push_back({nullptr, 0});
    }
  }
  void add_buffer(const std::string& name, char* buffer, std::size_t size) {
    push(name);
    list_.push_back({buffer, size});
  }
  std::vector<iovec>& list() { return list_; }

 private:
  void push(const std::string& text) {
    texts_.push_back(text);
    list_.push_back({texts_.back().data(), texts_.back().size() + 1});
  }
  std::deque<std::string> texts_;
  std::vector<iovec> list_;
};

}  // namespace

int mount_table(std::vector<MountRow>& rows) {
  std::vector<struct statfs> table;
  for (int more = 16;; more *= 2) {
    int count = getfsstat(nullptr, 0, MNT_NOWAIT);
    if (count < 0) return errno;
    table.resize(static_cast<std::size_t>(count + more));
    count = getfsstat(table.data(), static_cast<long>(table.size() * sizeof(struct statfs)), MNT_NOWAIT);
    if (count < 0) return errno;
    // A full buffer may have left some out.
    if (static_cast<std::size_t>(count) == table.size()) continue;
    table.resize(static_cast<std::size_t>(count));
    break;
  }
  for (const struct statfs& entry : table) {
    rows.push_back({fsid_text(entry.f_fsid), entry.f_fstypename, (entry.f_flags & MNT_RDONLY) != 0 ? "ro" : "",
                    entry.f_mntfromname, entry.f_mntonname});
  }
  return 0;
}

MountAnswer mount_here(const std::string& type, const std::string& source, const std::string& fspath,
                       const std::vector<std::string>& options) {
  std::array<char, kMessageSize> words = {};
  Options list;
  list.add("fstype", &type);
  list.add("fspath", &fspath);
  // nullfs has a word of its own for what it shows.
  list.add(type == "nullfs" ? "target" : "from", &source);
  for (const std::string& option : options) {
    std::size_t equals = option.find('=');
    if (equals == std::string::npos) {
      list.add(option, nullptr);
    } else {
      std::string value = option.substr(equals + 1);
      list.add(option.substr(0, equals), &value);
    }
  }
  list.add_buffer("errmsg", words.data(), words.size());
  std::vector<iovec>& iov = list.list();
  if (nmount(iov.data(), static_cast<unsigned int>(iov.size()), 0) == 0) return {};
  int error = errno;
  words.back() = '\0';
  return {error, words.data()};
}

int unmount_fsid(const std::string& fsid, bool force) {
  fsid_t id;
  if (!read_fsid(fsid, id)) return EINVAL;
  char name[64];
  std::snprintf(name, sizeof name, "FSID:%d:%d", id.val[0], id.val[1]);
  return unmount(name, MNT_BYFSID | (force ? MNT_FORCE : 0)) == 0 ? 0 : errno;
}

}  // namespace bsdjail
