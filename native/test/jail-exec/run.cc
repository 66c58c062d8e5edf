#include "run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace bsdjail::test {
namespace {

constexpr int kStatus = 3;

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

std::string read_all(int fd) {
  std::string all;
  char bytes[4096];
  ssize_t got = 0;
  while ((got = read(fd, bytes, sizeof bytes)) > 0) all.append(bytes, static_cast<std::size_t>(got));
  close(fd);
  return all;
}

void pair_of(int (&ends)[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw std::runtime_error("socketpair");
}

}  // namespace

std::string Ended::failure() const {
  for (const std::string& record : records) {
    if (record.rfind("failed\t", 0) == 0) return record.substr(7);
  }
  return {};
}

Running start(const Run& run) {
  std::vector<std::string> words = {JAIL_EXEC, "-s", std::to_string(kStatus), "-f", run.keep};
  words.insert(words.end(), run.options.begin(), run.options.end());
  if (!run.command.empty()) words.push_back("--");
  words.insert(words.end(), run.command.begin(), run.command.end());
  std::vector<std::string> variables = run.environment;
  std::vector<char*> argv = pointers(words);
  std::vector<char*> envp = pointers(variables);
  int input[2];
  int output[2];
  int status[2];
  pair_of(input);
  pair_of(output);
  pair_of(status);
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork");
  if (pid == 0) {
    // Out of the way of the numbers that they get.
    const int from[] = {fcntl(input[1], F_DUPFD, 20), fcntl(output[1], F_DUPFD, 20), fcntl(status[1], F_DUPFD, 20)};
    dup2(from[0], 0);
    dup2(from[1], 1);
    dup2(from[1], 2);
    dup2(from[2], kStatus);
    for (int fd : from) close(fd);
    for (const auto& ends : {input, output, status}) {
      for (int at = 0; at < 2; ++at) {
        if (ends[at] > kStatus) close(ends[at]);
      }
    }
    if (run.before) run.before();
    execve(JAIL_EXEC, argv.data(), envp.data());
    _exit(99);
  }
  close(input[1]);
  close(output[1]);
  close(status[1]);
  for (int fd : {input[0], output[0], status[0]}) fcntl(fd, F_SETFD, FD_CLOEXEC);
  Running running;
  running.pid = pid;
  running.input = input[0];
  running.output = output[0];
  running.status = status[0];
  return running;
}

bool Running::await(const std::string& text) {
  char bytes[4096];
  while (seen.find(text) == std::string::npos) {
    const ssize_t got = read(output, bytes, sizeof bytes);
    if (got <= 0) return false;
    seen.append(bytes, static_cast<std::size_t>(got));
  }
  return true;
}

Ended Running::end() {
  Ended ended;
  if (input >= 0) shutdown(input, SHUT_WR);
  ended.output = seen + read_all(output);
  const std::string told = read_all(status);
  for (std::size_t at = 0; at < told.size();) {
    const std::size_t stop = told.find('\0', at);
    if (stop == std::string::npos) break;
    ended.records.push_back(told.substr(at, stop - at));
    at = stop + 1;
  }
  int how = 0;
  waitpid(pid, &how, 0);
  ended.status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
  if (input >= 0) close(input);
  return ended;
}

Ended finish(const Run& run) { return start(run).end(); }

}  // namespace bsdjail::test
