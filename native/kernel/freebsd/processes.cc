// Processes as FreeBSD's kernel tells of them.
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <sys/user.h>

#include <cerrno>
#include <cstring>

#include "freebsd_kernel.h"
#include "process_table.h"

namespace bsdjail {

Outcome freebsd_processes(std::vector<ProcessInfo>& list) {
  std::vector<char> table;
  if (int error = read_rows({CTL_KERN, KERN_PROC, KERN_PROC_PROC}, sizeof(kinfo_proc), table)) {
    return Outcome::fail(error);
  }
  UserNames users;
  for (std::size_t at = 0; at + sizeof(kinfo_proc) <= table.size(); at += sizeof(kinfo_proc)) {
    kinfo_proc process;
    std::memcpy(&process, table.data() + at, sizeof process);
    if (process.ki_structsize != static_cast<int>(sizeof process)) return Outcome::fail(EINVAL);
    // The caller's own jail is told as none.
    if (process.ki_jid == 0) continue;
    const std::string command = process.ki_stat == SZOMB
                                    ? "<defunct>"
                                    : command_of(process.ki_pid, process.ki_comm, sizeof process.ki_comm);
    list.push_back({process.ki_pid, process.ki_ppid, process.ki_jid, static_cast<int>(process.ki_uid),
                    users.of(process.ki_uid), command, milliseconds(process.ki_start), 0});
  }
  return Outcome::ok();
}

}  // namespace bsdjail
