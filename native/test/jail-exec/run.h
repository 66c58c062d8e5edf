// Runs jail-exec as whoever starts it does: its status on descriptor 3, its output on a pipe.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace bsdjail::test {

struct Ended {
  std::vector<std::string> records;  // of the status channel; tabs between fields
  std::string output;                // standard output and error together
  int status = -1;                   // the exit status, or 128 and the signal
  std::string failure() const;       // the first "failed" record, or ""
};

struct Run {
  std::vector<std::string> options;  // beside -s and -f
  std::vector<std::string> command;
  std::vector<std::string> environment;
  std::string keep = "0,1,2";
  // In the child, just before it becomes jail-exec.
  std::function<void()> before;
};

// A jail-exec that runs. What is written to `input` and `status` reaches it.
struct Running {
  pid_t pid = -1;
  int input = -1;
  int output = -1;
  int status = -1;
  Ended end();
  // Reads its output until it holds `text`; false at its end.
  bool await(const std::string& text);
  std::string seen;
};

Running start(const Run& run);
Ended finish(const Run& run);

}  // namespace bsdjail::test
