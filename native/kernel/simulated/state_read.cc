#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_map>

#include "state_text.h"

namespace bsdjail::simulated {
namespace {

constexpr int kMaxDepth = 256;

// One line's words. Where the next is not what it should be, it says so in `problem`, once, and reads as nothing.
class Reader {
 public:
  Reader(std::string_view line, std::string& problem) : rest_(line), problem_(problem) {}

  void fail(const std::string& what) {
    if (problem_.empty()) problem_ = what;
  }

  std::string_view word() {
    if (rest_.empty()) {
      fail("a line is too short");
      return {};
    }
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return word;
  }
  template <typename Number>
  Number number(Number low, Number high) {
    const std::string_view digits = word();
    Number value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value < low || value > high) {
      fail("\"" + std::string(digits.substr(0, 40)) + "\" is out of range");
      return low;
    }
    return value;
  }
  int integer() { return number<int>(INT32_MIN, INT32_MAX); }
  int natural() { return number<int>(0, INT32_MAX); }
  std::uint64_t serial() { return number<std::uint64_t>(0, UINT64_MAX); }
  bool flag() { return number<int>(0, 1) != 0; }
  std::string text(std::size_t limit) {
    std::string_view coded = word();
    if (coded.empty() || coded.front() != '=') {
      fail("a text is missing");
      return {};
    }
    coded.remove_prefix(1);
    std::string bytes;
    for (std::size_t i = 0; i < coded.size(); ++i) {
      if (coded[i] != '%') {
        bytes += coded[i];
        continue;
      }
      unsigned byte = 0;
      const char* digits = coded.data() + i + 1;
      if (coded.size() - i < 3 || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
        fail("a text is coded wrongly");
        return {};
      }
      bytes += static_cast<char>(byte);
      i += 2;
    }
    if (bytes.size() <= limit) return bytes;
    fail("a text is too long");
    return {};
  }
  // The same, for what the kernel keeps as a C string.
  std::string name(std::size_t room) {
    std::string text = this->text(room - 1);
    if (text.find('\0') != std::string::npos) fail("a name has a NUL");
    return text;
  }
  void end() {
    if (!rest_.empty()) fail("a line is too long");
  }

 private:
  std::string_view rest_;
  std::string& problem_;
};

std::uint64_t read_allow(const World& world, Reader& in) {
  const std::string text = in.text(1 << 16);
  std::uint64_t allow = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::uint64_t bit = world.permission(std::string_view(text).substr(at, end - at));
    if (bit == 0) in.fail("a permission is not this release's");
    allow |= bit;
    at = end + 1;
  }
  return allow;
}

class StateReader {
 public:
  StateReader(std::deque<NumberedNote>& notes, std::uint64_t& last_note, std::string& problem)
      : notes_(notes), last_note_(last_note), problem_(problem) {}
  std::unique_ptr<World> run(std::string_view text);

 private:
  void line(std::string_view text);
  void read_release(Reader& in);
  void read_counters(Reader& in);
  void read_settings(Reader& in);
  void read_prison(Reader& in);
  void read_details(Reader& in, Prison& prison);
  void read_mixed(Reader& in);
  void read_descriptor(Reader& in);
  void read_process(Reader& in);
  void read_note(Reader& in);
  void read_limit(Reader& in);
  void link();
  // The host where there is no such jail, once that has been said.
  Prison& prison(Reader& in, std::uint64_t serial) {
    const auto found = prisons_.find(serial);
    if (found != prisons_.end()) return *found->second;
    in.fail("a jail is missing");
    return world_->prisons().host();
  }

  struct Root {
    Prison* prison;
    int kind;
    std::uint64_t serial;
  };

  std::deque<NumberedNote>& notes_;
  std::uint64_t& last_note_;
  std::string& problem_;
  std::unique_ptr<World> world_;
  std::unordered_map<std::uint64_t, Prison*> prisons_;
  std::unordered_map<std::uint64_t, int> depth_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Descriptor>> descriptors_;
  std::vector<Root> roots_;
};

void StateReader::read_release(Reader& in) {
  const std::string name(in.word());
  const Release* release = find_release(name);
  if (world_ != nullptr || release == nullptr || release->text() != name) {
    in.fail("release \"" + name.substr(0, 40) + "\" is not known here, or given twice");
    return;
  }
  world_ = std::make_unique<World>(*release);
  prisons_[0] = &world_->prisons().host();
  depth_[0] = 0;
}

void StateReader::read_counters(Reader& in) {
  Prisons& prisons = world_->prisons();
  prisons.last_jid = in.number<int>(0, INT32_MAX - 1);
  prisons.last_dead_jid = in.number<int>(0, kJidMax);
  prisons.next_cpuset = in.number<int>(0, INT32_MAX - (1 << 20));
  prisons.next_serial = in.serial();
  world_->next_pid = in.natural();
  world_->next_serial = in.serial();
  world_->first_descriptor = in.number<int>(0, 1 << 30);
  last_note_ = in.serial();
}

void StateReader::read_settings(Reader& in) {
  Tunables& tunables = world_->tunables;
  tunables.default_enforce_statfs = in.integer();
  tunables.default_devfs_ruleset = in.integer();
  tunables.max_addresses = in.number<std::uint32_t>(0, UINT32_MAX);
  tunables.meta_max = in.number<std::uint32_t>(0, UINT32_MAX);
  tunables.meta_reported = in.number<std::uint32_t>(0, UINT32_MAX);
  tunables.default_allow = read_allow(*world_, in);
}

void StateReader::read_prison(Reader& in) {
  const std::uint64_t serial = in.serial();
  const std::uint64_t parent = in.serial();
  if (serial == 0) {
    const int jid = in.number<int>(0, 0);
    Prison& host = world_->prisons().host();
    host.jid = jid;
    read_details(in, host);
    return;
  }
  auto owned = std::make_unique<Prison>();
  owned->serial = serial;
  owned->parent = &prison(in, parent);
  owned->jid = in.number<int>(1, INT32_MAX);
  if (prisons_.count(serial) != 0 || serial >= world_->prisons().next_serial) in.fail("a jail is there twice");
  if (depth_[parent] >= kMaxDepth) in.fail("jails are nested too deeply");
  read_details(in, *owned);
  if (!problem_.empty()) return;
  depth_[serial] = depth_[parent] + 1;
  prisons_[serial] = owned.get();
  if (world_->prisons().restore(std::move(owned)) == nullptr) in.fail("a jid is there twice");
}

void StateReader::read_details(Reader& in, Prison& to) {
  to.state = static_cast<State>(in.number<int>(0, 2));
  to.kept = in.number<int>(0, 1 << 20);
  to.leaked = in.number<int>(0, 1 << 20);
  to.flags = in.number<std::uint32_t>(0, kLastFlag * 2 - 1);
  to.child_max = in.integer();
  to.securelevel = in.integer();
  to.enforce_statfs = in.integer();
  to.devfs_ruleset = in.integer();
  to.cpuset = in.integer();
  to.hostid = in.serial();
  to.osreldate = in.integer();
  for (int kind = 0; kind < kSysvKinds; ++kind) {
    const std::int64_t root = in.number<std::int64_t>(-1, INT64_MAX);
    if (root >= 0) roots_.push_back({&to, kind, static_cast<std::uint64_t>(root)});
    to.sysv[kind] = nullptr;
  }
  to.name_bytes = in.text(kMaxHostName);
  to.name = to.name_bytes.substr(0, std::min(to.name_bytes.find('\0'), kMaxHostName - 1));
  to.path = in.name(kMaxPath);
  to.root = in.name(kMaxPath);
  to.hostname = in.name(kMaxHostName);
  to.domainname = in.name(kMaxHostName);
  to.hostuuid = in.name(kMaxUuid);
  to.osrelease = in.name(kMaxOsRelease);
  to.meta = in.text(1 << 16);
  to.env = in.text(1 << 16);
  to.allow = read_allow(*world_, in);
  for (Family family : kFamilies) {
    const std::string bytes = in.text(1 << 16);
    if (bytes.size() % address_size(family) != 0) in.fail("an address is cut");
    to.list(family).assign(bytes);
  }
}

void StateReader::read_mixed(Reader& in) {
  Prison& owner = prison(in, in.serial());
  const std::string bytes = in.text(1 << 20);
  std::size_t at = 0;
  while (at < bytes.size() && (bytes[at] == 4 || bytes[at] == 6)) at += bytes[at] == 4 ? 5 : 17;
  if (at != bytes.size()) in.fail("an address is cut");
  if (problem_.empty()) owner.mixed = bytes;
}

void StateReader::read_descriptor(Reader& in) {
  auto descriptor = std::make_shared<Descriptor>();
  descriptor->serial = in.serial();
  const bool live = in.flag();
  descriptor->prison_serial = in.serial();
  descriptor->owning = in.flag();
  descriptor->uid = in.natural();
  descriptor->jail = in.serial();
  if (!descriptors_.emplace(descriptor->serial, descriptor).second) in.fail("a descriptor is there twice");
  if (!live) return;
  descriptor->prison = &prison(in, descriptor->prison_serial);
  ++descriptor->prison->references;
}

void StateReader::read_process(Reader& in) {
  auto process = std::make_unique<Process>();
  process->serial = in.serial();
  process->pid = in.number<int>(1, INT32_MAX);
  process->parent = in.natural();
  process->prison = &prison(in, in.serial());
  process->uid = in.natural();
  process->host_pid = in.natural();
  process->host_start = in.serial();
  process->started_ms = in.number<std::int64_t>(0, INT64_MAX);
  process->spawned = in.flag();
  process->user = in.text(1 << 16);
  process->command = in.text(1 << 24);
  const int ignored = in.number<int>(0, 1 << 10);
  for (int i = 0; i < ignored && problem_.empty(); ++i) process->ignores.push_back(in.integer());
  const int open = in.number<int>(0, 1 << 20);
  for (int i = 0; i < open && problem_.empty(); ++i) {
    const int fd = in.natural();
    const auto descriptor = descriptors_.find(in.serial());
    if (descriptor == descriptors_.end()) {
      in.fail("a descriptor is missing");
    } else if (!process->descriptors.emplace(fd, descriptor->second).second) {
      in.fail("a descriptor is open twice");
    }
  }
  if (process->serial == 0 || world_->processes().count(process->pid) != 0) in.fail("a process is there twice");
  if (problem_.empty()) world_->enter(std::move(process));
}

void StateReader::read_note(Reader& in) {
  NumberedNote note;
  note.number = in.serial();
  note.note.prison = in.serial();
  note.note.event = in.number<std::uint32_t>(0, UINT32_MAX);
  note.note.data = in.number<std::int64_t>(INT64_MIN, INT64_MAX);
  if (notes_.size() >= kKeptNotes) in.fail("there are too many events");
  notes_.push_back(note);
}

void StateReader::read_limit(Reader& in) {
  LimitRule rule;
  rule.known = in.serial();
  rule.serial = in.serial();
  if (parse_limit(in.text(1 << 12), rule) != 0 || rule.amount < 0) in.fail("a limit is none");
  if (rule.per.empty()) rule.per = rule.subject;
  if (problem_.empty()) world_->limits.push_back(std::move(rule));
}

void StateReader::line(std::string_view text) {
  Reader in(text, problem_);
  const std::string_view kind = in.word();
  if (kind == "release") {
    read_release(in);
  } else if (world_ == nullptr) {
    in.fail("the release is not the first line");
  } else if (kind == "counters") {
    read_counters(in);
  } else if (kind == "settings") {
    read_settings(in);
  } else if (kind == "paths") {
    world_->paths.any = in.flag();
  } else if (kind == "directory") {
    world_->paths.directories.push_back(in.text(kMaxPath));
  } else if (kind == "file") {
    world_->paths.files.push_back(in.text(kMaxPath));
  } else if (kind == "jail") {
    read_prison(in);
  } else if (kind == "mixed") {
    read_mixed(in);
  } else if (kind == "descriptor") {
    read_descriptor(in);
  } else if (kind == "process") {
    read_process(in);
  } else if (kind == "accounts") {
    world_->accounts = true;
  } else if (kind == "limit") {
    read_limit(in);
  } else if (kind == "event") {
    read_note(in);
  } else {
    in.fail("\"" + std::string(kind.substr(0, 40)) + "\" means nothing here");
  }
  in.end();
}

void StateReader::link() {
  Reader in({}, problem_);
  for (const Root& root : roots_) {
    Prison& owner = prison(in, root.serial);
    if (&owner != root.prison && !root.prison->below(owner)) in.fail("a jail shares what is not above it");
    root.prison->sysv[root.kind] = &owner;
  }
  // What keeps a jail is not written down, since all of it can be counted.
  for (const auto& [jid, prison] : world_->prisons().all()) {
    const int persists = prison->has(kPersist) ? 1 : 0;
    prison->users += persists;
    prison->references += persists + prison->kept + prison->leaked;
    ++prison->parent->users;
    ++prison->parent->references;
    for (Prison* at = prison->parent; at != nullptr; at = at->parent) ++at->child_count;
  }
  std::set<const Descriptor*> open;
  for (const auto& [pid, process] : world_->processes()) {
    for (const auto& [fd, descriptor] : process->descriptors) open.insert(descriptor.get());
  }
  if (open.size() != descriptors_.size()) in.fail("a descriptor is nobody's");
  for (const auto& [jid, prison] : world_->prisons().all()) {
    if (prison->references <= 0 || (prison->alive() && (prison->users <= 0 || !prison->parent->alive()))) {
      in.fail("nothing keeps jail " + std::to_string(jid));
    }
  }
  if (!world_->prisons().host().alive()) in.fail("the host is not alive");
  world_->dirty = false;
  world_->notes.clear();
}

std::unique_ptr<World> StateReader::run(std::string_view text) {
  for (std::size_t at = 0; at < text.size() && problem_.empty();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    line(text.substr(at, end - at));
    at = end + 1;
  }
  if (world_ == nullptr && problem_.empty()) problem_ = "it is empty";
  if (problem_.empty()) link();
  if (problem_.empty()) return std::move(world_);
  return nullptr;
}

}  // namespace

std::unique_ptr<World> read_state(std::string_view text, std::deque<NumberedNote>& notes, std::uint64_t& last_note,
                                  std::string& problem) {
  const std::string_view first = text.substr(0, text.find('\n'));
  const std::string_view word = kStateMagic.substr(0, kStateMagic.find(' '));
  if (first != kStateMagic) {
    problem = first.substr(0, word.size()) == word
                  ? "written by another version of bsdjail (" + std::string(first.substr(0, 60)) + ")"
                  : "not a state file of bsdjail";
    return nullptr;
  }
  const std::size_t at = text.rfind(kStateEnd);
  std::uint64_t sum = 0;
  bool whole = at != std::string_view::npos && at > first.size() && text[at - 1] == '\n' && text.back() == '\n';
  if (whole) {
    const char* digits = text.data() + at + kStateEnd.size();
    const char* last = text.data() + text.size() - 1;
    const auto [end, error] = std::from_chars(digits, last, sum, 16);
    whole = error == std::errc() && end == last && sum == state_checksum(text.substr(0, at));
  }
  if (!whole) {
    problem = "damaged or cut short";
    return nullptr;
  }
  std::string damage;
  auto world = StateReader(notes, last_note, damage).run(text.substr(0, at).substr(first.size() + 1));
  if (world == nullptr) problem = "damaged: " + damage;
  return world;
}

}  // namespace bsdjail::simulated
