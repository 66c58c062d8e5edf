// Processes as DragonFly's kernel tells of them.
#include <sys/types.h>
#include <sys/kinfo.h>
#include <sys/sysctl.h>

#include <cstring>

#include "../../freebsd/process_table.h"
#include "libc_system.h"

namespace bsdjail::dragonfly {

Outcome libc_processes(std::vector<ProcessInfo>& list) {
  std::vector<char> table;
  if (int error = read_rows({CTL_KERN, KERN_PROC, KERN_PROC_ALL}, sizeof(kinfo_proc), table)) {
    return Outcome::fail(error);
  }
  UserNames users;
  for (std::size_t at = 0; at + sizeof(kinfo_proc) <= table.size(); at += sizeof(kinfo_proc)) {
    kinfo_proc process;
    std::memcpy(&process, table.data() + at, sizeof process);
    if (process.kp_jailid <= 0) continue;
    list.push_back({process.kp_pid, process.kp_ppid, process.kp_jailid, static_cast<int>(process.kp_uid),
                    users.of(process.kp_uid), command_of(process.kp_pid, process.kp_comm, sizeof process.kp_comm),
                    milliseconds(process.kp_start), 0});
  }
  return Outcome::ok();
}

}  // namespace bsdjail::dragonfly
