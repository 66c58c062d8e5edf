#include "errno.h"

#include <cerrno>
#include <cstddef>
#include <iterator>

namespace bsdjail {
namespace {

struct Row {
  std::string_view name;
  int host;  // the host's number, or 0 where it has no error of that name
};

constexpr Row kRows[] = {
    {"", 0},
    {"EPERM", EPERM},
    {"ENOENT", ENOENT},
    {"ESRCH", ESRCH},
    {"EINTR", EINTR},
    {"EIO", EIO},
    {"ENXIO", ENXIO},
    {"E2BIG", E2BIG},
    {"ENOEXEC", ENOEXEC},
    {"EBADF", EBADF},
    {"ECHILD", ECHILD},
    {"EDEADLK", EDEADLK},
    {"ENOMEM", ENOMEM},
    {"EACCES", EACCES},
    {"EFAULT", EFAULT},
#ifdef ENOTBLK
    {"ENOTBLK", ENOTBLK},
#else
    {"ENOTBLK", 0},
#endif
    {"EBUSY", EBUSY},
    {"EEXIST", EEXIST},
    {"EXDEV", EXDEV},
    {"ENODEV", ENODEV},
    {"ENOTDIR", ENOTDIR},
    {"EISDIR", EISDIR},
    {"EINVAL", EINVAL},
    {"ENFILE", ENFILE},
    {"EMFILE", EMFILE},
    {"ENOTTY", ENOTTY},
    {"ETXTBSY", ETXTBSY},
    {"EFBIG", EFBIG},
    {"ENOSPC", ENOSPC},
    {"ESPIPE", ESPIPE},
    {"EROFS", EROFS},
    {"EMLINK", EMLINK},
    {"EPIPE", EPIPE},
    {"EDOM", EDOM},
    {"ERANGE", ERANGE},
    {"EAGAIN", EAGAIN},
    {"EINPROGRESS", EINPROGRESS},
    {"EALREADY", EALREADY},
    {"ENOTSOCK", ENOTSOCK},
    {"EDESTADDRREQ", EDESTADDRREQ},
    {"EMSGSIZE", EMSGSIZE},
    {"EPROTOTYPE", EPROTOTYPE},
    {"ENOPROTOOPT", ENOPROTOOPT},
    {"EPROTONOSUPPORT", EPROTONOSUPPORT},
#ifdef ESOCKTNOSUPPORT
    {"ESOCKTNOSUPPORT", ESOCKTNOSUPPORT},
#else
    {"ESOCKTNOSUPPORT", 0},
#endif
    {"EOPNOTSUPP", EOPNOTSUPP},
#ifdef EPFNOSUPPORT
    {"EPFNOSUPPORT", EPFNOSUPPORT},
#else
    {"EPFNOSUPPORT", 0},
#endif
    {"EAFNOSUPPORT", EAFNOSUPPORT},
    {"EADDRINUSE", EADDRINUSE},
    {"EADDRNOTAVAIL", EADDRNOTAVAIL},
    {"ENETDOWN", ENETDOWN},
    {"ENETUNREACH", ENETUNREACH},
    {"ENETRESET", ENETRESET},
    {"ECONNABORTED", ECONNABORTED},
    {"ECONNRESET", ECONNRESET},
    {"ENOBUFS", ENOBUFS},
    {"EISCONN", EISCONN},
    {"ENOTCONN", ENOTCONN},
#ifdef ESHUTDOWN
    {"ESHUTDOWN", ESHUTDOWN},
#else
    {"ESHUTDOWN", 0},
#endif
#ifdef ETOOMANYREFS
    {"ETOOMANYREFS", ETOOMANYREFS},
#else
    {"ETOOMANYREFS", 0},
#endif
    {"ETIMEDOUT", ETIMEDOUT},
    {"ECONNREFUSED", ECONNREFUSED},
    {"ELOOP", ELOOP},
    {"ENAMETOOLONG", ENAMETOOLONG},
#ifdef EHOSTDOWN
    {"EHOSTDOWN", EHOSTDOWN},
#else
    {"EHOSTDOWN", 0},
#endif
    {"EHOSTUNREACH", EHOSTUNREACH},
    {"ENOTEMPTY", ENOTEMPTY},
#ifdef EPROCLIM
    {"EPROCLIM", EPROCLIM},
#else
    {"EPROCLIM", 0},
#endif
#ifdef EUSERS
    {"EUSERS", EUSERS},
#else
    {"EUSERS", 0},
#endif
#ifdef EDQUOT
    {"EDQUOT", EDQUOT},
#else
    {"EDQUOT", 0},
#endif
#ifdef ESTALE
    {"ESTALE", ESTALE},
#else
    {"ESTALE", 0},
#endif
#ifdef EREMOTE
    {"EREMOTE", EREMOTE},
#else
    {"EREMOTE", 0},
#endif
#ifdef EBADRPC
    {"EBADRPC", EBADRPC},
#else
    {"EBADRPC", 0},
#endif
#ifdef ERPCMISMATCH
    {"ERPCMISMATCH", ERPCMISMATCH},
#else
    {"ERPCMISMATCH", 0},
#endif
#ifdef EPROGUNAVAIL
    {"EPROGUNAVAIL", EPROGUNAVAIL},
#else
    {"EPROGUNAVAIL", 0},
#endif
#ifdef EPROGMISMATCH
    {"EPROGMISMATCH", EPROGMISMATCH},
#else
    {"EPROGMISMATCH", 0},
#endif
#ifdef EPROCUNAVAIL
    {"EPROCUNAVAIL", EPROCUNAVAIL},
#else
    {"EPROCUNAVAIL", 0},
#endif
    {"ENOLCK", ENOLCK},
    {"ENOSYS", ENOSYS},
#ifdef EFTYPE
    {"EFTYPE", EFTYPE},
#else
    {"EFTYPE", 0},
#endif
#ifdef EAUTH
    {"EAUTH", EAUTH},
#else
    {"EAUTH", 0},
#endif
#ifdef ENEEDAUTH
    {"ENEEDAUTH", ENEEDAUTH},
#else
    {"ENEEDAUTH", 0},
#endif
    {"EIDRM", EIDRM},
    {"ENOMSG", ENOMSG},
    {"EOVERFLOW", EOVERFLOW},
    {"ECANCELED", ECANCELED},
    {"EILSEQ", EILSEQ},
#ifdef ENOATTR
    {"ENOATTR", ENOATTR},
#else
    {"ENOATTR", 0},
#endif
#ifdef EDOOFUS
    {"EDOOFUS", EDOOFUS},
#else
    {"EDOOFUS", 0},
#endif
    {"EBADMSG", EBADMSG},
#ifdef EMULTIHOP
    {"EMULTIHOP", EMULTIHOP},
#else
    {"EMULTIHOP", 0},
#endif
#ifdef ENOLINK
    {"ENOLINK", ENOLINK},
#else
    {"ENOLINK", 0},
#endif
    {"EPROTO", EPROTO},
#ifdef ENOTCAPABLE
    {"ENOTCAPABLE", ENOTCAPABLE},
#else
    {"ENOTCAPABLE", 0},
#endif
#ifdef ECAPMODE
    {"ECAPMODE", ECAPMODE},
#else
    {"ECAPMODE", 0},
#endif
#ifdef ENOTRECOVERABLE
    {"ENOTRECOVERABLE", ENOTRECOVERABLE},
#else
    {"ENOTRECOVERABLE", 0},
#endif
#ifdef EOWNERDEAD
    {"EOWNERDEAD", EOWNERDEAD},
#else
    {"EOWNERDEAD", 0},
#endif
#ifdef EINTEGRITY
    {"EINTEGRITY", EINTEGRITY},
#else
    {"EINTEGRITY", 0},
#endif
};
static_assert(std::size(kRows) == static_cast<std::size_t>(kErrnoLast) + 1);

}  // namespace

std::string_view errno_name(int number) {
  if (number < 0 || number > kErrnoLast) return "EUNKNOWN";
  return kRows[number].name;
}

int errno_number(std::string_view name) {
  if (name == "EWOULDBLOCK") return kEAGAIN;
  if (name == "ENOTSUP") return kEOPNOTSUPP;
  for (int number = 1; number <= kErrnoLast; ++number) {
    if (kRows[number].name == name) return number;
  }
  return 0;
}

int errno_from_host(int host_number) {
  if (host_number == 0) return 0;
  for (int number = 1; number <= kErrnoLast; ++number) {
    if (kRows[number].host == host_number) return number;
  }
  return kEDOOFUS;
}

int errno_to_host(int number) {
  if (number == 0) return 0;
  if (number < 0 || number > kErrnoLast || kRows[number].host == 0) return EINVAL;
  return kRows[number].host;
}

}  // namespace bsdjail
