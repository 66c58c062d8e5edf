// The command line of jail-exec: everything but the command's environment, which comes in this process's own
// environment with prefixed names (see environment.h), so that it is not in the list of processes.
#pragma once

#include <string_view>
#include <vector>

namespace bsdjail {

struct Options {
  int status_fd = -1;               // -s: where progress and failures are told
  int jid = -1;                     // -j: the jail, by id
  int jail_fd = -1;                 // -d: the jail, by descriptor
  bool outside = false;             // -o: none is entered: a simulated jail, or the host itself
  std::vector<int> keep;            // -f: descriptors that the command gets
  const char* user = nullptr;       // -u: user of the jail's password file
  const char* host_user = nullptr;  // -U: user of the host's password file
  bool login = false;               // -l: start from the environment of a login
  bool inherit = false;             // -i: start from the host's environment
  bool home = false;                // -H: with a user, start in the user's home
  const char* cwd = nullptr;        // -C: absolute path inside the jail
  int fib = -1;                     // -F: routing table
  const char* term = nullptr;       // -T: TERM of the login environment
  const char* argv0 = nullptr;      // -0: the command's name for itself
  std::vector<const char*> pass;    // -k: variables of this process that are the command's as they are
  bool terminal = false;            // -t: columns x rows
  unsigned short columns = 80;
  unsigned short rows = 24;
  int death_signal = 0;  // -p signal:pid: what the command gets when its parent ends, and who that parent is
  int parent = 0;
  int open_files = -1;  // -n: soft limit of open files; -1: the one that Node found
  const char* new_path = nullptr;       // -J: make a jail with that root (DragonFly), and enter it
  const char* new_hostname = "";        // -N: its host name
  const char* new_addresses = "";       // -A: its addresses, parted by commas, in the order in which jail(2) gets them
  bool hold = false;                    // -J without a command: stay in the jail, so that it lives
  bool end_processes = false;           // -K: kill every other process of the jail
  char** command = nullptr;
};

// Reads `argv` into `options`. Null when all is well, else what is wrong, in words.
const char* parse_options(int argc, char** argv, Options& options);

}  // namespace bsdjail
