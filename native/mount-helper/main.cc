// mount-helper: what the lifecycle needs of the machine and Node cannot do: mount into a directory that is held open,
// list and undo mounts by their fsid, become another user. Its answers are fields ended by NULs.
//
//   mount-helper list
//   mount-helper mount TYPE SOURCE ROOT TARGET [OPTION...]
//   mount-helper unmount FSID [force]
//   mount-helper walk ROOT TARGET
//   mount-helper user NAME
//   mount-helper as [-c] [-u NAME] -- COMMAND [ARGUMENT...]
#include <sys/param.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "answer.h"
#include "as_user.h"
#include "mount_table.h"
#include "walk.h"

namespace bsdjail {
namespace {

using Arguments = std::vector<std::string>;

void put_row(const MountRow& row) {
  for (const std::string& field : {row.fsid, row.type, row.flags, row.source, row.target}) put_field(field);
}

int list() {
  std::vector<MountRow> rows;
  if (int error = mount_table(rows)) return tell_failure(error, "getfsstat", "");
  for (const MountRow& row : rows) put_row(row);
  return 0;
}

// The held directory's true path: where the kernel will say that the file system is.
std::string here() {
  char buffer[PATH_MAX];
  return getcwd(buffer, sizeof buffer) != nullptr ? buffer : "";
}

// Walks to the target and makes its directory the working one. `fspath` is what the target is called from there.
int hold(const std::string& root, const std::string& target, std::string& fspath) {
  Walk walk = walk_beneath(root, target);
  if (walk.error != 0) return tell_failure(walk.error, "open", walk.path);
  int status = fchdir(walk.directory);
  int error = errno;
  close(walk.directory);
  if (status != 0) return tell_failure(error, "fchdir", target);
  fspath = walk.file.empty() ? "." : walk.file;
  return 0;
}

int walk(const Arguments& arguments) {
  if (arguments.size() != 2) return kUsage;
  std::string fspath;
  if (int status = hold(arguments[0], arguments[1], fspath)) return status;
  put_field(fspath == "." ? here() : here() + "/" + fspath);
  return 0;
}

// Words of fstab(5) that are for the programs that read it, not for the kernel.
bool is_for_programs(const std::string& option) {
  static const char* const kWords[] = {"", "auto", "current", "failok", "late", "noauto", "rq", "sw", "xx"};
  return std::any_of(std::begin(kWords), std::end(kWords), [&](const char* word) { return option == word; });
}

int mount(const Arguments& arguments) {
  if (arguments.size() < 4) return kUsage;
  const std::string& type = arguments[0];
  const std::string& target = arguments[3];
  std::string source = arguments[1];
  if (source[0] == '/') {
    char real[PATH_MAX];
    if (realpath(source.c_str(), real) == nullptr) return tell_failure(errno, "realpath", source);
    source = real;
  }
  std::string fspath;
  if (int status = hold(arguments[2], target, fspath)) return status;
  Arguments options;
  for (std::size_t i = 4; i < arguments.size(); i++) {
    if (!is_for_programs(arguments[i])) options.push_back(arguments[i]);
  }
  std::vector<MountRow> before;
  if (int error = mount_table(before)) return tell_failure(error, "getfsstat", "");
  MountAnswer answer = mount_here(type, source, fspath, options);
  if (answer.error != 0) return tell_failure(answer.error, "nmount", target, answer.words);
  std::vector<MountRow> after;
  if (int error = mount_table(after)) return tell_failure(error, "getfsstat", "");
  // The new one: its fsid was not there before. Others may be mounting at the same time, so the place decides.
  std::string place = fspath == "." ? here() : here() + "/" + fspath;
  const MountRow* made = nullptr;
  for (const MountRow& row : after) {
    bool fresh = std::none_of(before.begin(), before.end(), [&](const MountRow& old) { return old.fsid == row.fsid; });
    if (!fresh || row.type != type) continue;
    if (made == nullptr || row.target == place) made = &row;
  }
  if (made == nullptr) return tell_failure(EIO, "getfsstat", target, "the file system is not in the mount table");
  put_row(*made);
  return 0;
}

int unmount(const Arguments& arguments) {
  if (arguments.empty() || arguments.size() > 2) return kUsage;
  bool force = arguments.size() == 2 && arguments[1] == "force";
  int error = unmount_fsid(arguments[0], force);
  return error == 0 ? 0 : tell_failure(error, "unmount", arguments[0]);
}

int as(int argc, char** argv) {
  const char* user = nullptr;
  bool clean = false;
  int at = 2;
  for (; at < argc && argv[at][0] == '-'; at++) {
    std::string word = argv[at];
    if (word == "--") {
      at++;
      break;
    }
    if (word == "-c") {
      clean = true;
    } else if (word == "-u" && at + 1 < argc) {
      user = argv[++at];
    } else {
      return kUsage;
    }
  }
  std::vector<char*> command(argv + at, argv + argc);
  if (command.empty()) return kUsage;
  command.push_back(nullptr);
  return run_as(user, clean, command);
}

int dispatch(int argc, char** argv) {
  if (argc < 2) return kUsage;
  std::string verb = argv[1];
  Arguments arguments(argv + 2, argv + argc);
  if (verb == "as") return as(argc, argv);
  if (verb == "list" && arguments.empty()) return list();
  if (verb == "mount") return mount(arguments);
  if (verb == "unmount") return unmount(arguments);
  if (verb == "walk") return walk(arguments);
  if (verb == "user" && arguments.size() == 1) return print_user(arguments[0].c_str());
  return kUsage;
}

}  // namespace
}  // namespace bsdjail

int main(int argc, char** argv) {
  int status = bsdjail::dispatch(argc, argv);
  if (status == bsdjail::kUsage) std::fputs("usage: mount-helper list|mount|unmount|walk|user|as ...\n", stderr);
  return status;
}
