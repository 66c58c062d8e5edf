/*
 * FreeBSD's kernel modules, of which a simulated machine has none to load: code that loads the module of a parameter
 * it misses compiles, and is told that there is no such file.
 */
#ifndef BSDJAIL_SYS_LINKER_H
#define BSDJAIL_SYS_LINKER_H

#include <errno.h>

#include <sys/freebsd.h>

static inline int kldload(const char *file) {
  (void)file;
  errno = ENOENT;
  return -1;
}

#endif
