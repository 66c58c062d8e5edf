// Sequences of calls by several processes on one machine: after each, what keeps every jail is counted anew from a
// state file's text, and must be what the kernel has counted all along.
#include <memory>
#include <vector>

#include "../kernel/errno.h"
#include "../kernel/simulated/state_text.h"
#include "../kernel/simulated/world.h"
#include "input.h"

namespace {

using namespace bsdjail::simulated;
using bsdjail::IoVec;
using bsdjail::fuzz::broken;
using bsdjail::fuzz::Input;

constexpr const char* kReleases[] = {"13.2", "14.0", "15.0", "15.1"};
constexpr const char* kNames[] = {"a", "b", "c", "a.b", "a.c", "a.b.c", "b.a", "7", "a.7", "", "a.", ".a", "0", "longer-name",
                                  "a.longer-name", "a.b.longer-name"};
constexpr const char* kInts[] = {"jid",  "securelevel",  "children.max", "enforce_statfs", "devfs_ruleset", "host",
                                 "vnet", "ip4",          "ip6",          "sysvmsg",        "sysvshm",       "osreldate",
                                 "parent", "children.cur", "dying",      "lastjid"};
constexpr const char* kFlags[] = {"persist", "nopersist", "allow.mount", "allow.nomount", "allow.sysvipc", "allow.nosysvipc",
                                  "allow.suser", "allow.nosuser", "ip4.nosaddrsel", "allow.mount.tmpfs"};
constexpr const char* kTexts[] = {"host.hostname", "host.domainname", "osrelease", "meta", "meta.k", "env", "env.E", "path"};

class Machine {
 public:
  explicit Machine(Input& in) : in_(in), world_(*find_release(kReleases[in.pick(4)])) {
    world_.paths.files.push_back("/file");
    enter(world_.prisons().host(), 0);
  }

  void run() {
    for (int calls = 0; calls < 48 && !in_.empty(); ++calls) {
      step();
      audit();
    }
  }

 private:
  void enter(Prison& prison, int uid) {
    auto process = std::make_unique<Process>();
    process->pid = world_.new_pid();
    process->prison = &prison;
    process->uid = uid;
    world_.enter(std::move(process));
  }

  Process* some_process() {
    auto at = world_.processes().begin();
    if (at == world_.processes().end()) return nullptr;
    std::advance(at, in_.pick(static_cast<unsigned>(world_.processes().size())));
    return at->second.get();
  }

  int some_jid() {
    const auto& all = world_.prisons().all();
    if (all.empty() || in_.pick(8) == 0) return in_.pick(2) == 0 ? in_.pick(12) : in_.number<int>();
    auto at = all.begin();
    std::advance(at, in_.pick(static_cast<unsigned>(all.size())));
    return at->first;
  }

  int some_descriptor(const Process& process) {
    if (process.descriptors.empty() || in_.pick(8) == 0) return in_.number<int>();
    auto at = process.descriptors.begin();
    std::advance(at, in_.pick(static_cast<unsigned>(process.descriptors.size())));
    return at->first;
  }

  void step() {
    Process* process = some_process();
    if (process == nullptr) {
      enter(world_.prisons().host(), 0);
      return;
    }
    switch (in_.pick(16)) {
      case 0:
        world_.jail_attach(*process, some_jid());
        break;
      case 1:
        world_.jail_attach_descriptor(*process, some_descriptor(*process));
        break;
      case 2:
        world_.jail_remove(*process, some_jid());
        break;
      case 3:
        world_.jail_remove_descriptor(*process, some_descriptor(*process));
        break;
      case 4:
        world_.close(*process, some_descriptor(*process));
        break;
      case 5:
        world_.end(process->pid);
        break;
      case 6:
        fork(*process);
        break;
      case 7:
        if (Prison* prison = world_.prisons().at(some_jid())) {
          world_.prisons().hold(*prison, false);
          ++prison->kept;
        }
        break;
      case 8:
        if (Prison* prison = world_.prisons().at(some_jid()); prison != nullptr && prison->kept > 0) {
          --prison->kept;
          world_.prisons().drop(*prison, false);
        }
        break;
      case 9:
        parameters(*process, false);
        break;
      default:
        parameters(*process, true);
        break;
    }
  }

  void fork(const Process& parent) {
    if (world_.processes().size() >= 12) return;
    auto child = std::make_unique<Process>(parent);
    child->serial = 0;
    child->pid = world_.new_pid();
    if (in_.pick(4) == 0) child->uid = 1001;
    world_.enter(std::move(child));
  }

  void add(const std::string& name, const std::string& value) {
    texts_.push_back(std::make_unique<std::string>(name + '\0'));
    std::string& kept = *texts_.back();
    texts_.push_back(std::make_unique<std::string>(value));
    std::string& bytes = *texts_.back();
    iov_.push_back({kept.data(), kept.size()});
    iov_.push_back({bytes.empty() ? nullptr : bytes.data(), bytes.size()});
  }

  static std::string int_bytes(int number) { return {reinterpret_cast<const char*>(&number), sizeof(number)}; }

  void parameters(Process& process, bool set) {
    texts_.clear();
    iov_.clear();
    add("errmsg", std::string(200, '\0'));
    int flags = in_.pick(8);
    if (in_.pick(3) == 0) flags |= in_.pick(16) << 4;
    if ((flags & 0xf0) != 0) add("desc", int_bytes(some_descriptor(process)));
    if (in_.pick(3) != 0) add("name", std::string(kNames[in_.pick(std::size(kNames))]) + '\0');
    if (in_.pick(4) == 0) add("jid", int_bytes(some_jid()));
    if (set && (flags & 1) != 0 && in_.pick(4) != 0) add("persist", "");
    for (unsigned more = in_.pick(4); more > 0; --more) {
      switch (in_.pick(5)) {
        case 0:
          add(kInts[in_.pick(std::size(kInts))], int_bytes(in_.pick(4) == 0 ? in_.number<int>() : in_.pick(5)));
          break;
        case 1:
          add(kFlags[in_.pick(std::size(kFlags))], set ? "" : int_bytes(0));
          break;
        case 2:
          add(kTexts[in_.pick(std::size(kTexts))], set ? "/x=" + in_.bytes(20) + '\0' : std::string(in_.pick(64), '\0'));
          break;
        case 3:
          add(in_.pick(8) == 0 ? "ip6.addr" : "ip4.addr", addresses());
          break;
        default:
          add("persist", set ? "" : int_bytes(0));
          break;
      }
    }
    Options options;
    if (options.build(iov_.data(), iov_.size()) != 0) return;
    if (set) {
      int descriptor = -1;
      if (world_.precheck_set(process, flags) == 0) world_.jail_set(process, options, flags, descriptor);
    } else {
      world_.jail_get(process, options, flags & world_.get_mask());
    }
  }

  std::string addresses() {
    std::string list;
    for (unsigned count = in_.pick(5); count > 0; --count) list += std::string("\x0a\0\0", 3) + static_cast<char>(in_.pick(6));
    return list;
  }

  void audit() {
    const std::string text = write_state(world_, {}, 0);
    std::deque<NumberedNote> notes;
    std::uint64_t last = 0;
    std::string problem;
    const auto again = read_state(text, notes, last, problem);
    if (again == nullptr) broken("a state that cannot be read back: " + problem + "\n" + text);
    if (write_state(*again, {}, 0) != text) broken("a state that changes when it is read");
    compare(world_.prisons().host(), again->prisons().host(), text);
    for (const auto& [jid, prison] : world_.prisons().all()) {
      const Prison* other = again->prisons().at(jid);
      if (prison->jid != jid || other == nullptr) broken("a jail that is not at its jid");
      compare(*prison, *other, text);
    }
  }

  static void compare(const Prison& live, const Prison& counted, const std::string& text) {
    if (live.users == counted.users && live.references == counted.references && live.child_count == counted.child_count) {
      return;
    }
    broken("jail " + std::to_string(live.jid) + " has " + std::to_string(live.users) + " users, " +
           std::to_string(live.references) + " references, " + std::to_string(live.child_count) + " below; counted " +
           std::to_string(counted.users) + ", " + std::to_string(counted.references) + ", " +
           std::to_string(counted.child_count) + "\n" + text);
  }

  Input& in_;
  World world_;
  std::vector<std::unique_ptr<std::string>> texts_;
  std::vector<IoVec> iov_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  Machine(in).run();
  return 0;
}
