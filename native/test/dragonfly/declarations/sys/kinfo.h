// What kern.proc tells of a process, as far as our code reads it.
#pragma once

#include <sys/types.h>
#include <sys/time.h>

struct kinfo_proc {
  timeval kp_start;
  char kp_comm[17];
  uid_t kp_uid;
  pid_t kp_pid;
  pid_t kp_ppid;
  int kp_jailid;
};
