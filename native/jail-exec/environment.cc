#include "environment.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "options.h"
#include "user.h"

extern char** environ;

namespace bsdjail {
namespace {

char* no_variables[] = {nullptr};

bool is_named(const char* variable, const char* name) {
  std::size_t length = std::strlen(name);
  return std::strncmp(variable, name, length) == 0 && variable[length] == '=';
}

// Whether one that comes later has the same name: the last one counts.
bool is_replaced(const std::vector<char*>& variables, std::size_t at) {
  const std::string name(variables[at], std::strcspn(variables[at], "="));
  for (std::size_t later = at + 1; later < variables.size(); later++) {
    if (is_named(variables[later], name.c_str())) return true;
  }
  return false;
}

}  // namespace

void Environment::take(const std::vector<const char*>& pass) {
  for (char** variable = environ; variable != nullptr && *variable != nullptr; variable++) {
    if (std::strncmp(*variable, "B:", 2) == 0) base_.push_back(*variable + 2);
    if (std::strncmp(*variable, "E:", 2) == 0) own_.push_back(*variable + 2);
    for (const char* name : pass) {
      if (is_named(*variable, name)) own_.push_back(*variable);
    }
  }
}

void Environment::begin(const Options& options) {
  environ = no_variables;
  if (options.login) {
    // jail(8)'s exec.clean; a login class says more than this where there is one.
    setenv("PATH", "/bin:/usr/bin", 1);
    if (options.term != nullptr) setenv("TERM", options.term, 1);
  }
  if (options.inherit) become(base_);
}

void Environment::describe(const Account* account) const {
  if (account != nullptr) {
    const passwd& user = account->entry();
    setenv("USER", user.pw_name, 1);
    setenv("HOME", user.pw_dir, 1);
    setenv("SHELL", *user.pw_shell != '\0' ? user.pw_shell : "/bin/sh", 1);
    return;
  }
  setenv("USER", getuid() == 0 ? "root" : std::to_string(getuid()).c_str(), 1);
  setenv("HOME", "/", 1);
  setenv("SHELL", "/bin/sh", 1);
}

void Environment::finish() {
  if (environ == nullptr || *environ == nullptr) return become(own_);
  for (char* variable : own_) putenv(variable);
}

// Not by putenv(3), which on FreeBSD lists what was set last first.
void Environment::become(const std::vector<char*>& variables) {
  whole_.clear();
  for (std::size_t at = 0; at < variables.size(); at++) {
    if (!is_replaced(variables, at)) whole_.push_back(variables[at]);
  }
  whole_.push_back(nullptr);
  environ = whole_.data();
}

}  // namespace bsdjail
