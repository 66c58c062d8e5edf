// The walk to a mount point: no link below the root is followed, and what was opened stays what it is.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "check.h"
#include "mount-helper/walk.h"

namespace {

using bsdjail::Walk;
using bsdjail::walk_beneath;
namespace fs = std::filesystem;

// A jail's root in a temporary folder, gone with the object.
class Tree {
 public:
  Tree() {
    char path[] = "/tmp/walk-XXXXXX";
    top = fs::canonical(mkdtemp(path)).string();
    root = top + "/jail";
    fs::create_directories(root + "/var/log");
    fs::create_directories(top + "/outside");
    std::ofstream(root + "/var/file") << "x";
  }
  ~Tree() { fs::remove_all(top); }
  std::string top;
  std::string root;
};

// Where an open directory is now.
std::string place_of(int directory) {
  int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fchdir(directory) != 0) return "";
  std::string place = fs::current_path().string();
  if (fchdir(before) != 0) return "";
  close(before);
  return place;
}

TEST(a_directory_below_the_root_is_opened) {
  Tree tree;
  for (const std::string target : {"/var/log", "//var/./log/"}) {
    Walk walk = walk_beneath(tree.root + "/", tree.root + target);
    CHECK_EQ(walk.error, 0);
    CHECK_EQ(walk.file, "");
    CHECK_EQ(place_of(walk.directory), tree.root + "/var/log");
    CHECK((fcntl(walk.directory, F_GETFD) & FD_CLOEXEC) != 0);
    close(walk.directory);
  }
}

TEST(a_file_is_named_in_the_directory_that_holds_it) {
  Tree tree;
  Walk walk = walk_beneath(tree.root, tree.root + "/var/file");
  CHECK_EQ(walk.error, 0);
  CHECK_EQ(walk.file, "file");
  CHECK_EQ(place_of(walk.directory), tree.root + "/var");
  close(walk.directory);
}

TEST(links_below_the_root_are_refused_wherever_they_lead) {
  Tree tree;
  fs::create_symlink(tree.top + "/outside", tree.root + "/away");
  fs::create_symlink("var", tree.root + "/inside");
  fs::create_symlink("/nowhere", tree.root + "/var/dangling");
  for (const std::string target : {"/away", "/inside/log", "/var/dangling"}) {
    Walk walk = walk_beneath(tree.root, tree.root + target);
    CHECK_EQ(walk.error, ELOOP);
    CHECK_EQ(walk.directory, -1);
  }
  CHECK_EQ(walk_beneath(tree.root, tree.root + "/inside/log").path, tree.root + "/inside");
}

TEST(a_link_above_the_root_is_the_hosts_own) {
  Tree tree;
  fs::create_symlink(tree.root, tree.top + "/alias");
  Walk walk = walk_beneath(tree.top + "/alias", tree.top + "/alias/var/log");
  CHECK_EQ(walk.error, 0);
  CHECK_EQ(place_of(walk.directory), tree.root + "/var/log");
  close(walk.directory);
}

TEST(what_leaves_the_root_is_refused) {
  Tree tree;
  CHECK_EQ(walk_beneath(tree.root, tree.root + "/var/../../outside").error, EINVAL);
  CHECK_EQ(walk_beneath(tree.root, tree.top + "/outside").error, EINVAL);
  CHECK_EQ(walk_beneath(tree.root, tree.root + "er/log").error, EINVAL);
  CHECK_EQ(walk_beneath(tree.root, tree.root).error, EINVAL);
  CHECK_EQ(walk_beneath("", "/var").error, EINVAL);
  CHECK_EQ(walk_beneath("relative", "relative/var").error, EINVAL);
}

TEST(what_is_missing_is_named) {
  Tree tree;
  Walk walk = walk_beneath(tree.root, tree.root + "/var/none/deep");
  CHECK_EQ(walk.error, ENOENT);
  CHECK_EQ(walk.path, tree.root + "/var/none");
  CHECK_EQ(walk_beneath(tree.root, tree.root + "/var/file/deep").error, ENOTDIR);
}

TEST(a_directory_that_is_moved_and_replaced_meanwhile_stays_the_one_that_is_held) {
  Tree tree;
  Walk walk = walk_beneath(tree.root, tree.root + "/var/log");
  fs::rename(tree.root + "/var/log", tree.root + "/var/moved");
  fs::create_directory_symlink(tree.top + "/outside", tree.root + "/var/log");
  CHECK_EQ(place_of(walk.directory), tree.root + "/var/moved");
  close(walk.directory);
}

}  // namespace
