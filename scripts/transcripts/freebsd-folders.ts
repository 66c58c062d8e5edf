/** Folders of a freshly installed FreeBSD: where a jail of a recording may have its root. */
export const FREEBSD_FOLDERS: readonly string[] = [
  ...["/bin", "/boot", "/dev", "/etc", "/etc/defaults", "/etc/jail.conf.d", "/etc/rc.d", "/etc/ssh", "/home", "/lib"],
  ...["/libexec", "/media", "/mnt", "/net", "/proc", "/rescue", "/root", "/sbin", "/tmp", "/usr", "/usr/bin"],
  ...["/usr/include", "/usr/lib", "/usr/libexec", "/usr/local", "/usr/local/bin", "/usr/local/etc", "/usr/local/lib"],
  ...["/usr/local/sbin", "/usr/obj", "/usr/sbin", "/usr/share", "/usr/src", "/usr/tests", "/var", "/var/cache"],
  ...["/var/crash", "/var/db", "/var/empty", "/var/log", "/var/mail", "/var/run", "/var/spool", "/var/tmp"],
];

/** Files of such a system, which no jail can have for its root. */
export const FREEBSD_FILES: readonly string[] = [
  ...["/COPYRIGHT", "/bin/sh", "/etc/group", "/etc/hosts", "/etc/master.passwd", "/etc/passwd", "/etc/rc"],
  ...["/etc/rc.conf", "/etc/resolv.conf", "/etc/services"],
];

/** What the recorded hosts said of their kernels. */
export const FREEBSD_HOSTS: Readonly<Record<string, { readonly osrelease: string; readonly osreldate: number }>> = {
  "13.2": { osrelease: "13.2-RELEASE", osreldate: 1302001 },
  "14.0": { osrelease: "14.0-STABLE", osreldate: 1400507 },
  "15.1": { osrelease: "15.1-STABLE", osreldate: 1501502 },
};
