/*
 * A small jls(8) on the C library alone: `jls` lists the jails, `jls create NAME` makes one, `jls remove JID` removes
 * it, `jls params` lists what the kernel knows of jails. On FreeBSD the same file builds against the system itself.
 */
#include <sys/param.h>
#include <sys/uio.h>

#include <sys/jail.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char errmsg[256];

static void set(struct iovec *iov, const char *name, void *value, size_t length) {
  iov[0].iov_base = (char *)(uintptr_t)name;
  iov[0].iov_len = strlen(name) + 1;
  iov[1].iov_base = value;
  iov[1].iov_len = length;
}

static int fail(const char *what) {
  fprintf(stderr, "jls: %s: %s\n", what, errmsg[0] != '\0' ? errmsg : strerror(errno));
  return 1;
}

static int create(char *name) {
  char path[] = "/";
  struct iovec iov[8];

  set(iov, "name", name, strlen(name) + 1);
  set(iov + 2, "path", path, sizeof(path));
  set(iov + 4, "persist", NULL, 0);
  set(iov + 6, "errmsg", errmsg, sizeof(errmsg));
  int jid = jail_set(iov, 8, JAIL_CREATE);
  if (jid < 0) return fail(name);
  printf("%d\n", jid);
  return 0;
}

static int list(void) {
  char name[MAXHOSTNAMELEN], path[1024], hostname[MAXHOSTNAMELEN];
  int lastjid = 0;

  printf("   JID  Name                           Path\n");
  for (;;) {
    struct iovec iov[10];

    set(iov, "lastjid", &lastjid, sizeof(lastjid));
    set(iov + 2, "name", name, sizeof(name));
    set(iov + 4, "path", path, sizeof(path));
    set(iov + 6, "host.hostname", hostname, sizeof(hostname));
    set(iov + 8, "errmsg", errmsg, sizeof(errmsg));
    int jid = jail_get(iov, 10, 0);
    if (jid < 0) break;
    printf("%6d  %-29.29s  %.74s\n", jid, name, path);
    lastjid = jid;
  }
  return errno == ENOENT ? 0 : fail("jail_get");
}

/* As libjail does it: numbers of one node after another, and the name of each. */
static int params(void) {
  static const char prefix[] = "security.jail.param";
  int mib[CTL_MAXNAME], next[CTL_MAXNAME - 2], root[CTL_MAXNAME];
  size_t depth = CTL_MAXNAME - 2, count;
  char name[1024];

  mib[0] = CTL_SYSCTL;
  mib[1] = CTL_SYSCTL_NEXT;
  if (sysctlnametomib(prefix, mib + 2, &depth) != 0) return fail(prefix);
  memcpy(root, mib + 2, depth * sizeof(int));
  count = depth;
  for (;;) {
    size_t length = sizeof(next);

    mib[1] = CTL_SYSCTL_NEXT;
    if (sysctl(mib, (unsigned)count + 2, next, &length, NULL, 0) != 0) break;
    if (memcmp(next, root, depth * sizeof(int)) != 0) break;
    count = length / sizeof(int);
    memcpy(mib + 2, next, length);
    mib[1] = CTL_SYSCTL_NAME;
    length = sizeof(name);
    if (sysctl(mib, (unsigned)count + 2, name, &length, NULL, 0) != 0) return fail("sysctl");
    printf("%s\n", name + sizeof(prefix));
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 1) return list();
  if (argc == 3 && strcmp(argv[1], "create") == 0) return create(argv[2]);
  if (argc == 3 && strcmp(argv[1], "remove") == 0) {
    return jail_remove((int)strtol(argv[2], NULL, 10)) == 0 ? 0 : fail(argv[2]);
  }
  if (argc == 2 && strcmp(argv[1], "params") == 0) return params();
  fprintf(stderr, "usage: jls [create NAME | remove JID | params]\n");
  return 2;
}
