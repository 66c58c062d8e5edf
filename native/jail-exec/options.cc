#include "options.h"

#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

namespace bsdjail {
namespace {

// A whole decimal number from `low` to `high` that ends at `*end`; false for anything else.
bool read_number(const char* text, char stop, long low, long high, int& out, const char** rest) {
  if (*text < '0' || *text > '9') return false;
  char* end = nullptr;
  errno = 0;
  long number = std::strtol(text, &end, 10);
  if (errno != 0 || *end != stop || number < low || number > high) return false;
  out = static_cast<int>(number);
  if (rest != nullptr) *rest = end + 1;
  return true;
}

bool read_whole(const char* text, long low, long high, int& out) {
  return read_number(text, '\0', low, high, out, nullptr);
}

bool read_descriptors(const char* text, std::vector<int>& keep) {
  for (;;) {
    int fd = -1;
    const char* rest = nullptr;
    if (read_number(text, ',', 0, INT_MAX, fd, &rest)) {
      keep.push_back(fd);
      text = rest;
    } else if (read_whole(text, 0, INT_MAX, fd)) {
      keep.push_back(fd);
      return true;
    } else {
      return false;
    }
  }
}

bool read_size(const char* text, Options& options) {
  int columns = 0;
  int rows = 0;
  const char* rest = nullptr;
  if (!read_number(text, 'x', 0, USHRT_MAX, columns, &rest) || !read_whole(rest, 0, USHRT_MAX, rows)) return false;
  options.terminal = true;
  options.columns = static_cast<unsigned short>(columns);
  options.rows = static_cast<unsigned short>(rows);
  return true;
}

const char* parse_one(int letter, const char* value, Options& options) {
  switch (letter) {
    case 's':
      return read_whole(value, 0, INT_MAX, options.status_fd) ? nullptr : "-s wants a descriptor";
    case 'j':
      return read_whole(value, 1, INT_MAX, options.jid) ? nullptr : "-j wants a jail id";
    case 'd':
      return read_whole(value, 0, INT_MAX, options.jail_fd) ? nullptr : "-d wants a descriptor";
    case 'o':
      options.outside = true;
      return nullptr;
    case 'f':
      return *value == '\0' || read_descriptors(value, options.keep) ? nullptr : "-f wants descriptors: 0,1,2";
    case 'u':
      options.user = value;
      return nullptr;
    case 'U':
      options.host_user = value;
      return nullptr;
    case 'l':
      options.login = true;
      return nullptr;
    case 'i':
      options.inherit = true;
      return nullptr;
    case 'H':
      options.home = true;
      return nullptr;
    case 'C':
      options.cwd = value;
      return *value == '/' ? nullptr : "-C wants an absolute path";
    case 'F':
      return read_whole(value, 0, INT_MAX, options.fib) ? nullptr : "-F wants a routing table's number";
    case 'T':
      options.term = value;
      return nullptr;
    case '0':
      options.argv0 = value;
      return nullptr;
    case 'k':
      options.pass.push_back(value);
      return nullptr;
    case 't':
      return read_size(value, options) ? nullptr : "-t wants COLUMNSxROWS";
    case 'p': {
      const char* rest = nullptr;
      bool ok = read_number(value, ':', 1, 128, options.death_signal, &rest) &&
                read_whole(rest, 1, INT_MAX, options.parent);
      return ok ? nullptr : "-p wants SIGNAL:PID";
    }
    case 'n':
      return read_whole(value, 0, INT_MAX, options.open_files) ? nullptr : "-n wants a number of open files";
    case 'J':
      options.new_path = value;
      return *value == '/' ? nullptr : "-J wants an absolute path";
    case 'N':
      options.new_hostname = value;
      return nullptr;
    case 'A':
      options.new_addresses = value;
      return nullptr;
    case 'K':
      options.end_processes = true;
      return nullptr;
    case ':':
      return "an option lacks its value";
    default:
      return "unknown option";
  }
}

}  // namespace

const char* parse_options(int argc, char** argv, Options& options) {
  opterr = 0;
  // The leading + keeps glibc from looking for options among the command's arguments.
  for (int letter; (letter = getopt(argc, argv, "+:s:j:d:of:u:U:liHC:F:T:0:k:t:p:n:J:N:A:K")) != -1;) {
    if (const char* problem = parse_one(letter, optarg, options)) return problem;
  }
  if (options.status_fd < 0) return "-s is missing";
  if (options.user != nullptr && options.host_user != nullptr) return "-u and -U exclude each other";
  if (options.jid >= 0 && options.jail_fd >= 0) return "-j and -d exclude each other";
  const bool existing = options.jid >= 0 || options.jail_fd >= 0;
  if (existing + options.outside + (options.new_path != nullptr) != 1) return "one of -j, -d, -o and -J is wanted";
  if (options.login && options.inherit) return "-l and -i exclude each other";
  options.hold = options.new_path != nullptr && optind >= argc;
  if (options.end_processes && (!existing || optind < argc)) return "-K takes -j or -d and no command";
  if (optind >= argc && !options.hold && !options.end_processes) return "there is no command";
  options.command = argv + optind;
  return nullptr;
}

}  // namespace bsdjail
