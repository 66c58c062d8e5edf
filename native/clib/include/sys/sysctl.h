/*
 * FreeBSD's sysctl(3) for programs that run against bsdjail's simulated kernel: security.jail and what code for jails
 * asks besides it (kern.osrelease, kern.hostname, kern.features and their like). Every other name is ENOENT.
 */
#ifndef BSDJAIL_SYS_SYSCTL_H
#define BSDJAIL_SYS_SYSCTL_H

#include <stddef.h>
#include <sys/freebsd.h>
#include <sys/types.h>

#define CTL_MAXNAME 24

/* What a node holds: the low four bits of its kind. */
#define CTLTYPE 0xf
#define CTLTYPE_NODE 1
#define CTLTYPE_INT 2
#define CTLTYPE_STRING 3
#define CTLTYPE_S64 4
#define CTLTYPE_OPAQUE 5
#define CTLTYPE_STRUCT CTLTYPE_OPAQUE
#define CTLTYPE_UINT 6
#define CTLTYPE_LONG 7
#define CTLTYPE_ULONG 8
#define CTLTYPE_U64 9
#define CTLTYPE_U8 0xa
#define CTLTYPE_U16 0xb
#define CTLTYPE_S8 0xc
#define CTLTYPE_S16 0xd
#define CTLTYPE_S32 0xe
#define CTLTYPE_U32 0xf

/* And what may be done with it. */
#define CTLFLAG_RD 0x80000000
#define CTLFLAG_WR 0x40000000
#define CTLFLAG_RW (CTLFLAG_RD | CTLFLAG_WR)
#define CTLFLAG_DYN 0x02000000
#define CTLFLAG_TUN 0x00080000
#define CTLFLAG_RDTUN (CTLFLAG_RD | CTLFLAG_TUN)
#define CTLFLAG_RWTUN (CTLFLAG_RW | CTLFLAG_TUN)
#define CTLFLAG_MPSAFE 0x00040000

/* The first number of a name. Below CTL_SYSCTL are questions about the tree itself. */
#define CTL_SYSCTL 0
#define CTL_KERN 1
#define CTL_SECURITY 14

#define CTL_SYSCTL_NAME 1        /* name of a node, by its numbers */
#define CTL_SYSCTL_NEXT 2        /* numbers of the leaf that follows */
#define CTL_SYSCTL_NAME2OID 3    /* numbers of a node, by its name */
#define CTL_SYSCTL_OIDFMT 4      /* its kind, and its format after that */
#define CTL_SYSCTL_OIDDESCR 5    /* what it is */
#define CTL_SYSCTL_NEXTNOSKIP 7  /* as CTL_SYSCTL_NEXT */

/* Below CTL_KERN. */
#define KERN_OSTYPE 1
#define KERN_OSRELEASE 2
#define KERN_SECURELVL 9
#define KERN_HOSTNAME 10
#define KERN_HOSTID 11
#define KERN_NISDOMAINNAME 22
#define KERN_OSRELDATE 24
#define KERN_HOSTUUID 36

#ifndef BSDJAIL_EXPORT
#define BSDJAIL_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

BSDJAIL_EXPORT int sysctl(const int *name, unsigned int namelen, void *oldp, size_t *oldlenp, const void *newp, size_t newlen);
BSDJAIL_EXPORT int sysctlbyname(const char *name, void *oldp, size_t *oldlenp, const void *newp, size_t newlen);
BSDJAIL_EXPORT int sysctlnametomib(const char *name, int *mibp, size_t *sizep);

#ifdef __cplusplus
}
#endif

#endif
