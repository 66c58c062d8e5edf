// jail(2) as DragonFly's manual page declares it, and the addresses it takes, with the layout that the kernel copies in.
// On DragonFly the declarations are the system's own, elsewhere these, so that what is written against them is compiled
// and tested on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#ifdef __DragonFly__
#include <sys/param.h>
#include <sys/jail.h>
#include <sys/socket.h>
#include <netinet/in.h>
#else
extern "C" {
struct jail {
  std::uint32_t version;
  char* path;
  char* hostname;
  std::uint32_t n_ips;
  struct sockaddr_storage* ips;
};
int jail(struct jail* jail);
int jail_attach(int jid);
}
#endif

namespace bsdjail::dragonfly {

static_assert(sizeof(void*) != 8 || sizeof(struct ::jail) == 40, "jail(2) copies in this many bytes");
static_assert(offsetof(struct ::jail, version) == 0);
static_assert(offsetof(struct ::jail, path) == sizeof(void*));
static_assert(offsetof(struct ::jail, hostname) == 2 * sizeof(void*));
static_assert(offsetof(struct ::jail, n_ips) == 3 * sizeof(void*));
static_assert(offsetof(struct ::jail, ips) == 4 * sizeof(void*));

inline constexpr std::uint32_t kJailVersion = 1;
inline constexpr std::uint8_t kFamilyInet = 2;
inline constexpr std::uint8_t kFamilyInet6 = 28;
inline constexpr std::size_t kStorageSize = 128;

// struct sockaddr_in and struct sockaddr_in6 as all BSDs have them; of a jail's address the kernel looks at the family
// and the address.
struct InetAddress {
  std::uint8_t length;
  std::uint8_t family;
  std::uint16_t port;
  std::uint8_t address[4];
  std::uint8_t zero[8];
};
struct Inet6Address {
  std::uint8_t length;
  std::uint8_t family;
  std::uint16_t port;
  std::uint32_t flow;
  std::uint8_t address[16];
  std::uint32_t scope;
};
static_assert(sizeof(InetAddress) == 16 && offsetof(InetAddress, address) == 4);
static_assert(sizeof(Inet6Address) == 28 && offsetof(Inet6Address, address) == 8);

// struct sockaddr_storage.
struct alignas(8) Storage {
  std::uint8_t bytes[kStorageSize];
};
static_assert(sizeof(Storage) == kStorageSize);

#ifdef __DragonFly__
static_assert(sizeof(Storage) == sizeof(sockaddr_storage) && sizeof(InetAddress) == sizeof(sockaddr_in) &&
              sizeof(Inet6Address) == sizeof(sockaddr_in6));
static_assert(offsetof(InetAddress, family) == offsetof(sockaddr_in, sin_family) &&
              offsetof(InetAddress, address) == offsetof(sockaddr_in, sin_addr) &&
              offsetof(Inet6Address, address) == offsetof(sockaddr_in6, sin6_addr));
static_assert(kFamilyInet == AF_INET && kFamilyInet6 == AF_INET6);
#endif

// Addresses of 4 or 16 bytes, in network order, as jail(2) takes them.
std::vector<Storage> storage_of(const std::vector<std::string>& addresses);

// jail(2): 0 with the jid, or the errno. This process is in the jail afterwards, its working directory where it was.
int make_jail(const char* path, const char* hostname, const std::vector<std::string>& addresses, int& jid);

}  // namespace bsdjail::dragonfly
