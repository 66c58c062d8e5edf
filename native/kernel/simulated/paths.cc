#include "paths.h"

#include <algorithm>
#include <vector>

#include "../errno.h"
#include "prison.h"

namespace bsdjail::simulated {
namespace {

constexpr std::size_t kMaxComponent = 255;

enum class Kind { kNone, kFile, kDirectory };

bool listed(const std::vector<std::string>& list, std::string_view path) {
  return std::find(list.begin(), list.end(), path) != list.end();
}

Kind kind_of(const SimulatedPaths& paths, std::string_view path) {
  if (path == "/") return Kind::kDirectory;
  if (listed(paths.files, path)) return Kind::kFile;
  return paths.any || listed(paths.directories, path) ? Kind::kDirectory : Kind::kNone;
}

}  // namespace

int resolve_directory(const SimulatedPaths& paths, std::string_view root, bool jailed, std::string_view path,
                      std::string& resolved) {
  if (path.empty()) return kENOENT;
  if (path.size() >= kMaxPath) return kENAMETOOLONG;
  if (path.front() != '/' && !jailed) return kENOENT;

  std::string at(root == "/" ? "" : root);
  const std::size_t root_length = at.size();
  Kind kind = Kind::kDirectory;
  for (std::size_t i = 0; i < path.size();) {
    const std::size_t end = std::min(path.find('/', i), path.size());
    const std::string_view component = path.substr(i, end - i);
    i = end + 1;
    if (component.empty()) continue;
    if (component.size() > kMaxComponent) return kENAMETOOLONG;
    if (kind != Kind::kDirectory) return kENOTDIR;
    if (component == ".") continue;
    if (component == "..") {
      if (at.size() > root_length) at.resize(at.rfind('/'));
      continue;
    }
    at += '/';
    at += component;
    kind = kind_of(paths, at);
    if (kind == Kind::kNone) return kENOENT;
  }
  if (kind != Kind::kDirectory) return kENOTDIR;
  resolved = at.empty() ? "/" : at;
  return resolved.size() >= kMaxPath ? kENAMETOOLONG : 0;
}

}  // namespace bsdjail::simulated

namespace bsdjail {

SimulatedPaths SimulatedPaths::freebsd() {
  SimulatedPaths paths;
  paths.any = false;
  for (const char* path :
       {"/bin", "/boot", "/boot/kernel", "/boot/loader.conf.d", "/boot/modules", "/dev", "/dev/fd", "/etc", "/etc/defaults",
        "/etc/devd", "/etc/jail.conf.d", "/etc/mail", "/etc/mtree", "/etc/newsyslog.conf.d", "/etc/pam.d", "/etc/periodic",
        "/etc/pkg", "/etc/ppp", "/etc/rc.conf.d", "/etc/rc.d", "/etc/security", "/etc/skel", "/etc/ssh", "/etc/ssl",
        "/etc/sysctl.kld.d", "/etc/syslog.d", "/home", "/lib", "/lib/geom", "/libexec", "/media", "/mnt", "/net", "/proc",
        "/rescue", "/root", "/sbin", "/tmp", "/usr", "/usr/bin", "/usr/home", "/usr/include", "/usr/lib", "/usr/lib32",
        "/usr/libdata", "/usr/libexec", "/usr/local", "/usr/local/bin", "/usr/local/etc", "/usr/local/lib", "/usr/local/sbin",
        "/usr/local/share", "/usr/obj", "/usr/sbin", "/usr/share", "/usr/src", "/usr/tests", "/var", "/var/account",
        "/var/audit", "/var/backups", "/var/cache", "/var/crash", "/var/cron", "/var/db", "/var/empty", "/var/games",
        "/var/heimdal", "/var/log", "/var/mail", "/var/msgs", "/var/preserve", "/var/run", "/var/rwho", "/var/spool",
        "/var/tmp", "/var/yp"}) {
    paths.directories.emplace_back(path);
  }
  for (const char* path : {"/COPYRIGHT", "/bin/sh", "/etc/group", "/etc/hosts", "/etc/master.passwd", "/etc/motd.template",
                           "/etc/passwd", "/etc/rc", "/etc/rc.conf", "/etc/resolv.conf", "/etc/services"}) {
    paths.files.emplace_back(path);
  }
  return paths;
}

}  // namespace bsdjail
