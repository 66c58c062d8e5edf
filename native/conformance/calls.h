// Jail system calls as requests ask for them.
#pragma once

#include <string>
#include <vector>

constexpr int kJailAttach = 0x04;
constexpr int kJailDying = 0x08;

// jail_set (`set`) or jail_get with the flags and entries that `words` name.
std::string list_call(bool set, const std::vector<std::string>& words);
std::string sysctl_call(const std::vector<std::string>& words);
// A call that only newer systems have: ENOSYS elsewhere.
int with_descriptor(const char* call, int fd);

struct Jail {
  int jid = 0;
  int persist = 0;
  int dying = 0;
  int children = 0;
};

// The first jail after that one.
bool next_jail(int after, int flags, Jail& jail);
