/*
 * A C program for jails, as it could be written on FreeBSD, against the C library: processes that share one machine by
 * a state file, enter jails, end, are killed, become other programs.
 */
#include <sys/param.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <sys/jail.h>
#include <sys/sysctl.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int passed, failed;
static char errmsg[256];
static const char *self;

#define CHECK(what)                                                  \
  do {                                                               \
    if (what) {                                                      \
      passed++;                                                      \
    } else {                                                         \
      failed++;                                                      \
      fprintf(stderr, "%s:%d: %s (errno %s, errmsg \"%s\")\n", __FILE__, __LINE__, #what, strerror(errno), errmsg); \
    }                                                                \
  } while (0)

/* jail_set(2) or jail_get(2) with pairs of a name and a text (NULL for none), up to a NULL name. */
static int set(int flags, ...) {
  struct iovec iov[32];
  unsigned count = 0;
  va_list pairs;

  va_start(pairs, flags);
  for (char *name; (name = va_arg(pairs, char *)) != NULL;) {
    char *value = va_arg(pairs, char *);
    iov[count].iov_base = name;
    iov[count++].iov_len = strlen(name) + 1;
    iov[count].iov_base = value;
    iov[count++].iov_len = value == NULL ? 0 : strlen(value) + 1;
  }
  va_end(pairs);
  memset(errmsg, 0, sizeof(errmsg));
  iov[count].iov_base = "errmsg";
  iov[count++].iov_len = sizeof("errmsg");
  iov[count].iov_base = errmsg;
  iov[count++].iov_len = sizeof(errmsg);
  return jail_set(iov, count, flags);
}

static int get_int(int jid, const char *name, int *value) {
  struct iovec iov[6] = {
      {"jid", sizeof("jid")},           {&jid, sizeof(jid)}, {(char *)(uintptr_t)name, strlen(name) + 1},
      {value, sizeof(*value)},          {"errmsg", sizeof("errmsg")}, {errmsg, sizeof(errmsg)},
  };
  memset(errmsg, 0, sizeof(errmsg));
  return jail_get(iov, 6, 0);
}

static int exists(int jid) {
  int persist;
  return get_int(jid, "persist", &persist) == jid;
}

static int ended(pid_t child) {
  int status;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A child that has entered the jail and waits; what it holds goes with it. */
static pid_t enter(int jid) {
  int ready[2];
  char byte = 0;

  if (pipe(ready) != 0) abort();
  pid_t child = fork();
  if (child == 0) {
    byte = jail_attach(jid) == 0;
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    for (;;) pause();
  }
  if (read(ready[0], &byte, 1) != 1 || byte != 1) abort();
  close(ready[0]);
  close(ready[1]);
  return child;
}

static void test_calls(void) {
  int jid = set(JAIL_CREATE, "name", "web", "persist", NULL, NULL);
  int value = -1;

  CHECK(jid > 0);
  CHECK(get_int(jid, "children.max", &value) == jid && value == 0);
  CHECK(set(JAIL_CREATE, "name", "web", "persist", NULL, NULL) == -1 && errno == EEXIST);
  CHECK(strcmp(errmsg, "jail \"web\" already exists") == 0);
  CHECK(set(JAIL_UPDATE, "name", "none", NULL) == -1 && errno == ENOENT);
  CHECK(set(JAIL_CREATE, "name", "x", "persist", NULL, "path", "relative", NULL) == -1 && errno == ENOENT);
  CHECK(jail_set(NULL, 2, JAIL_CREATE) == -1 && errno == EFAULT);
  CHECK(jail_set(NULL, 3, JAIL_CREATE) == -1 && errno == EINVAL);
  CHECK(jail_get(NULL, 2000, 0) == -1 && errno == EINVAL);
  CHECK(jail_attach(31337) == -1 && errno == EINVAL);
  CHECK(jail_remove(jid) == 0 && !exists(jid));
  CHECK(strcmp(bsdjail_sim_problem(), "") == 0);
}

static void test_addresses_clash(void) {
  struct in_addr list[2] = {{htonl(0xc0000201)}, {htonl(0xc0000202)}};
  struct iovec iov[6] = {{"persist", sizeof("persist")}, {NULL, 0}, {"ip4.addr", sizeof("ip4.addr")},
                         {list, sizeof(list)},           {"errmsg", sizeof("errmsg")}, {errmsg, sizeof(errmsg)}};
  int jid = jail_set(iov, 6, JAIL_CREATE);

  CHECK(jid > 0);
  CHECK(jail_set(iov, 6, JAIL_CREATE) == -1 && errno == EADDRINUSE);
  CHECK(jail_remove(jid) == 0);
}

static void test_killed_with_its_jail(void) {
  int jid = set(JAIL_CREATE, "name", "doomed", "persist", NULL, NULL), inside[2], go[2], status;
  char byte = 0;

  if (pipe(inside) != 0 || pipe(go) != 0) abort();
  pid_t child = fork();
  if (child == 0) {
    if (jail_attach(jid) != 0 || write(inside[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1) _exit(1);
    jail_get(NULL, 0, 0);
    _exit(2);
  }
  CHECK(read(inside[0], &byte, 1) == 1);
  CHECK(jail_remove(jid) == 0 && write(go[1], &byte, 1) == 1);
  CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  for (int i = 0; i < 2; i++) {
    close(inside[i]);
    close(go[i]);
  }
}

static void test_processes(void) {
  int jid = set(JAIL_CREATE, "name", "held", "persist", NULL, NULL);
  pid_t child = enter(jid);

  CHECK(set(JAIL_UPDATE, "name", "held", "nopersist", NULL, NULL) == jid);
  CHECK(exists(jid));
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  CHECK(!exists(jid));

  jid = set(JAIL_CREATE, "name", "left", "persist", NULL, NULL);
  child = fork();
  if (child == 0) {
    /* Inside it sees neither the jail nor the host's others, and a child of its own is in the jail as well. */
    int ok = jail_attach(jid) == 0 && !exists(jid) && set(JAIL_CREATE, "persist", NULL, NULL) == -1 && errno == EPERM;
    int jailed = 0;
    size_t length = sizeof(jailed);
    pid_t grandchild = fork();
    if (grandchild == 0) {
      _exit(sysctlbyname("security.jail.jailed", &jailed, &length, NULL, 0) == 0 && jailed == 1 ? 0 : 1);
    }
    _exit(ok && ended(grandchild) == 0 ? 0 : 1);
  }
  CHECK(ended(child) == 0);
  CHECK(exists(jid));
  CHECK(jail_remove(jid) == 0);

  jid = set(JAIL_CREATE, "name", "exec", "persist", NULL, NULL);
  child = fork();
  if (child == 0) {
    if (jail_attach(jid) != 0) _exit(1);
    execl(self, self, "--inside", (char *)NULL);
    _exit(1);
  }
  CHECK(ended(child) == 0);
  CHECK(jail_remove(jid) == 0);
}

static void test_old_call(void) {
  int status[2];
  int jid = 0;

  if (pipe(status) != 0) abort();
  pid_t child = fork();
  if (child == 0) {
    struct in_addr address = {htonl(0xc0000207)};
    struct jail old = {JAIL_API_VERSION, "/", "old.example.org", "old", 1, 0, &address, NULL};
    jid = jail(&old);
    if (write(status[1], &jid, sizeof(jid)) != sizeof(jid)) _exit(1);
    old.version = 1;
    _exit(jid > 0 && jail(&old) == -1 && errno == EINVAL ? 0 : 1);
  }
  CHECK(read(status[0], &jid, sizeof(jid)) == sizeof(jid) && jid > 0);
  CHECK(ended(child) == 0);
  CHECK(!exists(jid)); /* it did not persist */
  close(status[0]);
  close(status[1]);
}

static void test_descriptors(void) {
  int fd = -1;
  struct iovec iov[4] = {{"persist", sizeof("persist")}, {NULL, 0}, {"desc", sizeof("desc")}, {&fd, sizeof(fd)}};
  int jid = jail_set(iov, 4, JAIL_CREATE | JAIL_OWN_DESC);

  CHECK(jid > 0 && fd >= 0x40000000);
  pid_t child = fork();
  if (child == 0) _exit(close(fd) == 0 && exists(jid) ? 0 : 1); /* the parent has it open still */
  CHECK(ended(child) == 0);
  CHECK(exists(jid));
  CHECK(close(fd) == 0 && !exists(jid));
  CHECK(close(fd) == -1 && errno == EBADF);
  CHECK(jail_set(iov, 4, JAIL_CREATE | JAIL_GET_DESC) > 0);
  CHECK(jail_remove_jd(fd) == 0);
  CHECK(jail_remove_jd(fd) == -1 && errno == ENOENT);
  CHECK(jail_attach_jd(fd) == -1 && errno == ENOENT);
  CHECK(close(fd) == 0);
}

static void test_sysctl(void) {
  int value = 0, mib[CTL_MAXNAME], ask[CTL_MAXNAME + 2] = {CTL_SYSCTL, CTL_SYSCTL_OIDFMT};
  size_t length = sizeof(value), depth = CTL_MAXNAME;
  char text[256];

  CHECK(sysctlbyname("security.jail.jail_max_af_ips", &value, &length, NULL, 0) == 0 && value == 255);
  CHECK(sysctlbyname("no.such.node", &value, &length, NULL, 0) == -1 && errno == ENOENT);
  CHECK(sysctlbyname("security.jail.param", &value, &length, NULL, 0) == -1 && errno == EISDIR);
  CHECK(sysctlnametomib("security.jail.param.name", mib, &depth) == 0 && depth == 4 && mib[0] == CTL_SECURITY);
  length = sizeof(text);
  CHECK(sysctl(mib, (unsigned)depth, text, &length, NULL, 0) == 0 && strcmp(text, "256") == 0 && length == 4);
  length = 2;
  CHECK(sysctl(mib, (unsigned)depth, text, &length, NULL, 0) == -1 && errno == ENOMEM && length == 2);
  memcpy(ask + 2, mib, depth * sizeof(int));
  length = sizeof(text);
  CHECK(sysctl(ask, (unsigned)depth + 2, text, &length, NULL, 0) == 0 && strcmp(text + sizeof(int), "A") == 0);

  /* The mode of ip4 is a leaf without a name, which libjail finds by the number after its node's. */
  depth = CTL_MAXNAME;
  CHECK(sysctlnametomib("security.jail.param.ip4", mib, &depth) == 0 && depth == 4);
  memcpy(ask + 2, mib, depth * sizeof(int));
  ask[2 + depth] = mib[depth - 1] + 1;
  ask[1] = CTL_SYSCTL_NAME;
  length = sizeof(text);
  CHECK(sysctl(ask, (unsigned)depth + 3, text, &length, NULL, 0) == 0 && strcmp(text, "security.jail.param.ip4.") == 0);

  int wanted = 1;
  CHECK(sysctlbyname("security.jail.enforce_statfs", NULL, NULL, &wanted, sizeof(wanted)) == 0);
  length = sizeof(value);
  CHECK(sysctlbyname("security.jail.enforce_statfs", &value, &length, NULL, 0) == 0 && value == 1);
  CHECK(sysctlbyname("security.jail.jailed", NULL, NULL, &wanted, sizeof(wanted)) == -1 && errno == EPERM);
  mib[0] = CTL_KERN;
  mib[1] = KERN_OSTYPE;
  length = sizeof(text);
  CHECK(sysctl(mib, 2, text, &length, NULL, 0) == 0 && strcmp(text, "FreeBSD") == 0);

  int jid = set(JAIL_CREATE, "name", "listed", "persist", NULL, "host.hostname", "h", NULL);
  struct xprison listed;
  length = sizeof(listed);
  CHECK(sysctlbyname("security.jail.list", &listed, &length, NULL, 0) == 0 && length == sizeof(listed));
  CHECK(listed.pr_version == XPRISON_VERSION && listed.pr_id == jid && listed.pr_state == PRISON_STATE_ALIVE);
  CHECK(strcmp(listed.pr_name, "listed") == 0 && strcmp(listed.pr_host, "h") == 0 && listed.pr_ip4s == 0);
  CHECK(jail_remove(jid) == 0);
}

static void test_state_file(const char *state) {
  /* Cut in half under a program that runs: it is told, and nothing crashes. */
  char saved[65536];
  int fd = open(state, O_RDWR);
  ssize_t length = read(fd, saved, sizeof(saved));

  CHECK(length > 0 && length < (ssize_t)sizeof(saved));
  CHECK(ftruncate(fd, length / 2) == 0);
  CHECK(set(JAIL_CREATE, "persist", NULL, NULL) == -1 && errno == EIO);
  CHECK(strstr(errmsg, "damaged or cut short") != NULL);
  CHECK(strstr(bsdjail_sim_problem(), "damaged or cut short") != NULL);
  CHECK(pwrite(fd, saved, (size_t)length, 0) == length);
  close(fd);
  int jid = set(JAIL_CREATE, "persist", NULL, NULL);
  CHECK(jid > 0 && jail_remove(jid) == 0);
}

int main(int argc, char **argv) {
  int jailed = 0;
  size_t length = sizeof(jailed);
  const char *state = getenv("BSDJAIL_STATE");

  self = argv[0];
  if (argc > 1 && strcmp(argv[1], "--inside") == 0) {
    return sysctlbyname("security.jail.jailed", &jailed, &length, NULL, 0) == 0 && jailed == 1 ? 0 : 1;
  }
  if (state == NULL) return 2;
  unlink(state);
  test_calls();
  test_addresses_clash();
  test_killed_with_its_jail();
  test_processes();
  test_old_call();
  test_descriptors();
  test_sysctl();
  test_state_file(state);
  printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
