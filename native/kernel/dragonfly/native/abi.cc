#include "abi.h"

#include <cerrno>
#include <cstring>

namespace bsdjail::dragonfly {
namespace {

template <typename Socket>
Storage filled(std::uint8_t family, const std::string& address) {
  Socket socket{};
  socket.length = sizeof(socket);
  socket.family = family;
  std::memcpy(socket.address, address.data(), sizeof(socket.address));
  Storage storage{};
  std::memcpy(storage.bytes, &socket, sizeof(socket));
  return storage;
}

}  // namespace

std::vector<Storage> storage_of(const std::vector<std::string>& addresses) {
  std::vector<Storage> list;
  for (const std::string& address : addresses) {
    list.push_back(address.size() == 4 ? filled<InetAddress>(kFamilyInet, address)
                                       : filled<Inet6Address>(kFamilyInet6, address));
  }
  return list;
}

int make_jail(const char* path, const char* hostname, const std::vector<std::string>& addresses, int& jid) {
  std::vector<Storage> list = storage_of(addresses);
  struct ::jail made {};
  made.version = kJailVersion;
  made.path = const_cast<char*>(path);
  made.hostname = const_cast<char*>(hostname);
  made.n_ips = static_cast<std::uint32_t>(list.size());
  made.ips = reinterpret_cast<struct sockaddr_storage*>(list.data());
  jid = ::jail(&made);
  return jid == -1 ? errno : 0;
}

}  // namespace bsdjail::dragonfly
