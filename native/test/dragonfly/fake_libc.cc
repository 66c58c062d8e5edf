#include "fake_libc.h"

#include <login_cap.h>
#include <sys/kinfo.h>
#include <sys/procctl.h>
#include <sys/sysctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "../../kernel/dragonfly/native/abi.h"

namespace {

using Oid = std::vector<int>;

std::shared_ptr<bsdjail::SimulatedKernel> process;

int answer(const bsdjail::Outcome& outcome) {
  if (!outcome.failed()) return static_cast<int>(outcome.value);
  errno = outcome.error;
  return -1;
}

int failed(int error) {
  errno = error;
  return -1;
}

// Every name that is a leaf or has leaves below it, numbered by place among those of the same parent.
std::map<std::string, Oid> numbered() {
  std::vector<bsdjail::SysctlNode> nodes;
  process->sysctl_walk("", nodes);
  std::map<std::string, Oid> oids;
  std::map<std::string, int> counts;
  for (const bsdjail::SysctlNode& node : nodes) {
    std::string parent;
    for (std::size_t end = 0; end != std::string::npos;) {
      end = node.name.find('.', end == 0 ? 0 : end + 1);
      const std::string name = node.name.substr(0, end);
      if (oids.count(name) == 0) {
        Oid oid = parent.empty() ? Oid() : oids.at(parent);
        oid.push_back(256 + counts[parent]++);
        oids[name] = std::move(oid);
      }
      parent = name;
    }
  }
  return oids;
}

int give(const void* bytes, std::size_t size, void* old, std::size_t* old_len) {
  if (old != nullptr && *old_len < size) return failed(ENOMEM);
  if (old != nullptr) std::memcpy(old, bytes, size);
  *old_len = size;
  return 0;
}

int give(const Oid& oid, void* old, std::size_t* old_len) { return give(oid.data(), oid.size() * sizeof(int), old, old_len); }

// The table of processes, or the arguments of one.
int give_processes(const int* name, unsigned name_len, void* old, std::size_t* old_len) {
  std::vector<bsdjail::ProcessInfo> processes;
  process->processes(processes);
  std::vector<kinfo_proc> rows;
  for (const bsdjail::ProcessInfo& each : processes) {
    if (name[2] == KERN_PROC_ARGS) {
      if (name_len != 4 || name[3] != each.pid) continue;
      std::string words = each.command + '\0';
      std::replace(words.begin(), words.end(), ' ', '\0');
      return give(words.data(), each.command.empty() ? 0 : words.size(), old, old_len);
    }
    kinfo_proc row = {};
    row.kp_pid = each.pid;
    row.kp_jailid = each.jid;
    row.kp_uid = static_cast<uid_t>(each.uid);
    row.kp_start = {static_cast<time_t>(each.started_ms / 1000), 0};
    std::strcpy(row.kp_comm, "short");
    rows.push_back(row);
  }
  // The host's own, which are no jail's.
  rows.emplace_back();
  return name[2] == KERN_PROC_ALL ? give(rows.data(), rows.size() * sizeof(kinfo_proc), old, old_len) : failed(ESRCH);
}

}  // namespace

namespace bsdjail::test {

void use_process(std::shared_ptr<SimulatedKernel> user) {
  // Those before live on: a jail ends with its last process.
  static std::vector<std::shared_ptr<SimulatedKernel>> before;
  if (process != nullptr) before.push_back(std::move(process));
  process = std::move(user);
}

}  // namespace bsdjail::test

extern "C" {

int jail(struct jail* made) {
  if (made->version != 1) return failed(EINVAL);
  const auto* storage = reinterpret_cast<const bsdjail::dragonfly::Storage*>(made->ips);
  bsdjail::SimulatedLegacyJail jail{made->path, made->hostname, std::nullopt, "", ""};
  for (std::uint32_t i = 0; i < made->n_ips; ++i) {
    const std::uint8_t* bytes = storage[i].bytes;
    const bool ip4 = bytes[1] == bsdjail::dragonfly::kFamilyInet;
    if (!ip4 && bytes[1] != bsdjail::dragonfly::kFamilyInet6) return failed(EAFNOSUPPORT);
    if (bytes[0] != (ip4 ? 16 : 28)) return failed(EINVAL);
    (ip4 ? jail.ip4 : jail.ip6).append(reinterpret_cast<const char*>(bytes + (ip4 ? 4 : 8)), ip4 ? 4 : 16);
  }
  return answer(process->jail(jail));
}

int jail_attach(int jid) { return answer(process->jail_attach(jid)); }

int sysctlbyname(const char* name, void* old, std::size_t* old_len, const void* value, std::size_t value_len) {
  return answer(process->sysctl(name, old, old_len, value, value_len));
}

int sysctl(const int* name, unsigned name_len, void* old, std::size_t* old_len, const void* value, std::size_t value_len) {
  if (name_len >= 3 && name[0] == CTL_KERN && name[1] == KERN_PROC) return give_processes(name, name_len, old, old_len);
  const std::map<std::string, Oid> oids = numbered();
  if (name_len < 2 || name[0] != 0) return failed(ENOENT);
  const Oid asked(name + 2, name + name_len);
  if (name[1] == 3) {
    const auto found = oids.find(std::string(static_cast<const char*>(value), value_len));
    return found == oids.end() ? failed(ENOENT) : give(found->second, old, old_len);
  }
  if (name[1] == 2) {
    const Oid* next = nullptr;
    for (const auto& [text, oid] : oids) {
      bsdjail::SysctlNode node;
      const bool leaf = !process->sysctl_describe(text, node).failed() && (node.kind & CTLTYPE) != CTLTYPE_NODE;
      if (leaf && asked < oid && (next == nullptr || oid < *next)) next = &oid;
    }
    return next == nullptr ? failed(ENOENT) : give(*next, old, old_len);
  }
  for (const auto& [text, oid] : oids) {
    if (oid != asked) continue;
    bsdjail::SysctlNode node;
    if (process->sysctl_describe(text, node).failed()) return failed(ENOENT);
    if (name[1] == 1) return give(text.c_str(), text.size() + 1, old, old_len);
    if (name[1] == 5) return give(node.description.c_str(), node.description.size() + 1, old, old_len);
    std::string format(reinterpret_cast<const char*>(&node.kind), sizeof(node.kind));
    format += node.format + '\0';
    return give(format.data(), format.size(), old, old_len);
  }
  return failed(ENOENT);
}

int procctl(idtype_t, id_t, int command, void*) { return command == PROC_PDEATHSIG_CTL ? 0 : failed(EINVAL); }

login_cap_t* login_getpwclass(const passwd*) { return failed(ENOENT), nullptr; }
int setusercontext(login_cap_t*, passwd*, uid_t, unsigned int) { return failed(EINVAL); }
void login_close(login_cap_t*) {}

}  // extern "C"
