// FreeBSD's own kernel, by libc's system calls.
#pragma once

#include <memory>

#include "../kernel.h"

namespace bsdjail {

std::unique_ptr<Kernel> freebsd_kernel();

// Parts of it that have a file of their own.
Outcome freebsd_sysctl(std::string_view name, void* old, std::size_t* old_len, const void* value,
                       std::size_t value_len);
Outcome freebsd_sysctl_describe(std::string_view name, SysctlNode& node);
Outcome freebsd_sysctl_walk(std::string_view prefix, std::vector<SysctlNode>& nodes);
Outcome freebsd_processes(std::vector<ProcessInfo>& list);
Outcome freebsd_rctl(RctlCall call, std::string_view filter, std::string& answer);
std::unique_ptr<EventQueue> freebsd_event_queue(Outcome& outcome);

}  // namespace bsdjail
