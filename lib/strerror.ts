/** strerror(3) of FreeBSD in the C locale, by errno's name. */
const TEXTS: Readonly<Record<string, string>> = {
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  ESRCH: "No such process",
  EINTR: "Interrupted system call",
  EIO: "Input/output error",
  ENXIO: "Device not configured",
  E2BIG: "Argument list too long",
  ENOEXEC: "Exec format error",
  EBADF: "Bad file descriptor",
  ECHILD: "No child processes",
  EDEADLK: "Resource deadlock avoided",
  ENOMEM: "Cannot allocate memory",
  EACCES: "Permission denied",
  EFAULT: "Bad address",
  ENOTBLK: "Block device required",
  EBUSY: "Device busy",
  EEXIST: "File exists",
  EXDEV: "Cross-device link",
  ENODEV: "Operation not supported by device",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  EINVAL: "Invalid argument",
  ENFILE: "Too many open files in system",
  EMFILE: "Too many open files",
  ENOTTY: "Inappropriate ioctl for device",
  ETXTBSY: "Text file busy",
  EFBIG: "File too large",
  ENOSPC: "No space left on device",
  ESPIPE: "Illegal seek",
  EROFS: "Read-only file system",
  EMLINK: "Too many links",
  EPIPE: "Broken pipe",
  EDOM: "Numerical argument out of domain",
  ERANGE: "Result too large",
  EAGAIN: "Resource temporarily unavailable",
  EOPNOTSUPP: "Operation not supported",
  ENOTSUP: "Operation not supported",
  EADDRINUSE: "Address already in use",
  EADDRNOTAVAIL: "Can't assign requested address",
  ENETDOWN: "Network is down",
  ENOBUFS: "No buffer space available",
  ETIMEDOUT: "Operation timed out",
  ECONNREFUSED: "Connection refused",
  ELOOP: "Too many levels of symbolic links",
  ENAMETOOLONG: "File name too long",
  ENOTEMPTY: "Directory not empty",
  EPROCLIM: "Too many processes",
  EUSERS: "Too many users",
  EDQUOT: "Disc quota exceeded",
  ESTALE: "Stale NFS file handle",
  ENOLCK: "No locks available",
  ENOSYS: "Function not implemented",
  EOVERFLOW: "Value too large to be stored in data type",
  ECANCELED: "Operation canceled",
  EILSEQ: "Illegal byte sequence",
  ENOATTR: "Attribute not found",
  ENOTCAPABLE: "Capabilities insufficient",
  ECAPMODE: "Not permitted in capability mode",
  EINTEGRITY: "Integrity check failed",
};

/** FreeBSD's words for an errno. */
export function strerror(code: string): string {
  return TEXTS[code] ?? `Unknown error: ${code}`;
}

/** The errno's name that a thrown error carries. */
export function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "EIO";
}

/** FreeBSD's numbers of the signals that a process can end by. */
const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGIOT: 6,
  SIGEMT: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGBUS: 10,
  SIGSEGV: 11,
  SIGSYS: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTOP: 17,
  SIGTSTP: 18,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGUSR1: 30,
  SIGUSR2: 31,
};

/** FreeBSD's number of a signal. */
export function signalNumber(name: string): number {
  return SIGNALS[name] ?? 0;
}
