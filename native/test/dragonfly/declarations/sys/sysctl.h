#pragma once

#include <cstddef>

#define CTL_KERN 1
#define KERN_PROC 14
#define KERN_PROC_ALL 0
#define KERN_PROC_ARGS 7
#define CTL_MAXNAME 12
#define CTLTYPE 0x1f
#define CTLTYPE_NODE 1

extern "C" {
int sysctl(const int* name, unsigned name_len, void* old, std::size_t* old_len, const void* value, std::size_t value_len);
int sysctlbyname(const char* name, void* old, std::size_t* old_len, const void* value, std::size_t value_len);
}
