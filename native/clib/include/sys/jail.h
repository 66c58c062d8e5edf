/*
 * FreeBSD's jail(2) calls for programs that run against bsdjail's simulated kernel: the same names, types and numbers
 * as on FreeBSD, so that code written for <sys/jail.h> there compiles and links here. See jail(2) and jail(8) of
 * FreeBSD for what each call does. Errors are the host's errno values of the same names.
 *
 * The machine is chosen by the environment: BSDJAIL_STATE names a state file that processes share (without it each
 * process has a machine of its own), BSDJAIL_RELEASE the FreeBSD release, "13.0" to "15.1" (default: the state file's,
 * or 15.1).
 *
 * A process that has entered a jail is killed when the jail is removed: here by SIGKILL in its next call of these.
 */
#ifndef BSDJAIL_SYS_JAIL_H
#define BSDJAIL_SYS_JAIL_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/freebsd.h>
#include <sys/param.h>
#include <sys/types.h>
#include <sys/uio.h>

/* FreeBSD's, which jail names and host names may fill. */
#undef MAXHOSTNAMELEN
#define MAXHOSTNAMELEN 256
#ifndef MAXPATHLEN
#define MAXPATHLEN 1024
#endif

/* What jail(2) takes. */
#define JAIL_API_VERSION 2

struct jail {
  uint32_t version;
  char *path;
  char *hostname;
  char *jailname;
  uint32_t ip4s;
  uint32_t ip6s;
  struct in_addr *ip4;
  struct in6_addr *ip6;
};

/* The older form, version 0: one IPv4 address, in the host's byte order. */
struct jail_v0 {
  uint32_t version;
  char *path;
  char *hostname;
  uint32_t ip_number;
};

/* Flags of jail_set(2) and jail_get(2). */
#define JAIL_CREATE 0x01   /* make the jail if there is none */
#define JAIL_UPDATE 0x02   /* change the jail if there is one */
#define JAIL_ATTACH 0x04   /* and enter it */
#define JAIL_DYING 0x08    /* take dying jails too */
#define JAIL_USE_DESC 0x10 /* the jail of the descriptor in "desc" (from 15.0 on, as those that follow) */
#define JAIL_AT_DESC 0x20  /* find or make it below that jail */
#define JAIL_GET_DESC 0x40 /* open a descriptor, and put it into "desc" */
#define JAIL_OWN_DESC 0x80 /* the same; closing it removes the jail */
#define JAIL_SET_MASK 0xff
#define JAIL_GET_MASK 0xf8

/* Values of parameters whose format is "E,jailsys". */
#define JAIL_SYS_DISABLE 0
#define JAIL_SYS_NEW 1
#define JAIL_SYS_INHERIT 2

/* The highest jail id that is given out by itself. */
#define JAIL_MAX 999999

#define HOSTUUIDLEN 64
#define OSRELEASELEN 32
#define DEFAULT_HOSTUUID "00000000-0000-0000-0000-000000000000"

/* One jail in the sysctl security.jail.list; pr_ip4s IPv4 and pr_ip6s IPv6 addresses follow it. */
#define XPRISON_VERSION 3
#define PRISON_STATE_INVALID 0
#define PRISON_STATE_ALIVE 1
#define PRISON_STATE_DYING 2

struct xprison {
  int pr_version;
  int pr_id;
  int pr_state;
  int pr_cpusetid;
  char pr_path[1024];
  char pr_host[256];
  char pr_name[256];
  uint32_t pr_ip4s;
  uint32_t pr_ip6s;
};

#ifndef BSDJAIL_EXPORT
#define BSDJAIL_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

BSDJAIL_EXPORT int jail(struct jail *jail);
BSDJAIL_EXPORT int jail_set(struct iovec *iov, unsigned int niov, int flags);
BSDJAIL_EXPORT int jail_get(struct iovec *iov, unsigned int niov, int flags);
BSDJAIL_EXPORT int jail_attach(int jid);
BSDJAIL_EXPORT int jail_remove(int jid);
BSDJAIL_EXPORT int jail_attach_jd(int fd);
BSDJAIL_EXPORT int jail_remove_jd(int fd);

/*
 * Not FreeBSD's: why a call failed with EIO, which only happens where the state file cannot be used. "" where it can.
 * Good until the next call from the same thread.
 */
BSDJAIL_EXPORT const char *bsdjail_sim_problem(void);

#ifdef __cplusplus
}
#endif

#endif
