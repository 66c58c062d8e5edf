/*
 * What FreeBSD's headers give without being asked, and a Linux host's do not.
 */
#ifndef BSDJAIL_SYS_FREEBSD_H
#define BSDJAIL_SYS_FREEBSD_H

#include <stdint.h>
#include <string.h>

#ifndef __DECONST
#define __DECONST(type, var) ((type)(uintptr_t)(const void *)(var))
#endif

#if defined(__GLIBC__) && !__GLIBC_PREREQ(2, 38)
static inline size_t bsdjail_strlcpy(char *to, const char *from, size_t room) {
  const size_t length = strlen(from);

  if (room > 0) {
    const size_t kept = length < room ? length : room - 1;
    memcpy(to, from, kept);
    to[kept] = '\0';
  }
  return length;
}
#define strlcpy bsdjail_strlcpy
#endif

#endif
