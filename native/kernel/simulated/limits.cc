#include "limits.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "../errno.h"
#include "world.h"

namespace bsdjail::simulated {
namespace {

enum Trait : unsigned {
  kDeniable = 1,  // "deny" means something
  kDecays = 2,    // so does "throttle"
  kSloppy = 4,    // not counted for a single process
};

struct Resource {
  std::string_view name;
  unsigned traits;
};

// In the order in which the kernel tells them.
constexpr std::array kResources = {
    Resource{"cputime", 0},
    Resource{"datasize", kDeniable},
    Resource{"stacksize", kDeniable},
    Resource{"coredumpsize", kDeniable},
    Resource{"memoryuse", kDeniable},
    Resource{"memorylocked", kDeniable},
    Resource{"maxproc", kDeniable},
    Resource{"openfiles", kDeniable},
    Resource{"vmemoryuse", kDeniable},
    Resource{"pseudoterminals", kDeniable | kSloppy},
    Resource{"swapuse", kDeniable | kSloppy},
    Resource{"nthr", kDeniable},
    Resource{"msgqqueued", kDeniable | kSloppy},
    Resource{"msgqsize", kDeniable | kSloppy},
    Resource{"nmsgq", kDeniable | kSloppy},
    Resource{"nsem", kDeniable | kSloppy},
    Resource{"nsemop", kDeniable},
    Resource{"nshm", kDeniable | kSloppy},
    Resource{"shmsize", kDeniable | kSloppy},
    Resource{"wallclock", 0},
    Resource{"pcpu", kDeniable},
    Resource{"readbps", kDecays},
    Resource{"writebps", kDecays},
    Resource{"readiops", kDecays},
    Resource{"writeiops", kDecays},
};

constexpr std::string_view kSubjects[] = {"process", "user", "loginclass", "jail"};
constexpr std::string_view kActions[] = {
    "sighup",  "sigint",  "sigquit",   "sigill",  "sigtrap",  "sigabrt", "sigemt",  "sigfpe",  "sigkill", "sigbus",
    "sigsegv", "sigsys",  "sigpipe",   "sigalrm", "sigterm",  "sigurg",  "sigstop", "sigtstp", "sigchld", "sigttin",
    "sigttou", "sigio",   "sigxcpu",   "sigxfsz", "sigvtalrm", "sigprof", "sigwinch", "siginfo", "sigusr1", "sigusr2",
    "sigthr",  "deny",    "log",       "devctl",  "throttle",
};
constexpr std::size_t kMaxInput = 4096;
constexpr std::size_t kMaxSubject = 256;

// Up to the first of `stops`; what follows it stays in `text`. No text at all once it is used up.
std::string_view take(std::string_view& text, std::string_view stops) {
  const std::size_t end = std::min(text.find_first_of(stops), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return small;
}

template <typename Words>
bool among(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

const Resource* find_resource(std::string_view name) {
  for (const Resource& resource : kResources) {
    if (resource.name == name) return &resource;
  }
  return nullptr;
}

bool digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool matches(const LimitRule& rule, const LimitRule& filter) {
  const auto same = [](const std::string& wanted, const std::string& own) { return wanted.empty() || wanted == own; };
  return same(filter.subject, rule.subject) && same(filter.id, rule.id) && same(filter.resource, rule.resource) &&
         same(filter.action, rule.action) && (filter.amount < 0 || filter.amount == rule.amount) &&
         same(filter.per, rule.per);
}

std::size_t remove(World& world, const LimitRule& filter) {
  const std::size_t gone = std::erase_if(world.limits, [&](const LimitRule& rule) { return matches(rule, filter); });
  if (gone > 0) world.dirty = true;
  return gone;
}

const Prison* find_jail(const World& world, std::string_view name) {
  for (const auto& [jid, prison] : world.prisons().all()) {
    if (prison->alive() && prison->name == name) return prison.get();
  }
  return nullptr;
}

std::int64_t processes_in(const World& world, const Prison& prison) {
  std::int64_t count = 0;
  for (const auto& [pid, process] : world.processes()) {
    if (process->prison == &prison || process->prison->below(prison)) ++count;
  }
  return count;
}

// A rule that makes no sense is refused: 0, or an errno.
int check(const LimitRule& rule) {
  const unsigned traits = find_resource(rule.resource)->traits;
  if (rule.action == "deny" && (traits & kDeniable) == 0) return kEOPNOTSUPP;
  if (rule.action == "throttle" && (traits & kDecays) == 0) return kEOPNOTSUPP;
  if (rule.per == "process" && (traits & kSloppy) != 0) return kEOPNOTSUPP;
  return 0;
}

int add(World& world, LimitRule rule) {
  if (rule.per.empty()) rule.per = rule.subject;
  if (rule.subject.empty() || rule.id.empty() || rule.resource.empty() || rule.action.empty() || rule.amount < 0) {
    return kEINVAL;
  }
  if (int error = check(rule)) return error;
  LimitRule same = rule;
  // One that differs by its amount alone takes the other's place.
  if (rule.action == "deny") same.amount = -1;
  remove(world, same);
  const Prison* jail = rule.subject == "jail" ? find_jail(world, rule.id) : nullptr;
  rule.serial = world.next_serial++;
  rule.known = jail != nullptr ? jail->serial * 2 : world.prisons().next_serial * 2 - 1;
  for (const LimitRule& other : world.limits) {
    if (other.subject == rule.subject && other.id == rule.id) rule.known = other.known;
  }
  world.limits.push_back(std::move(rule));
  world.dirty = true;
  return 0;
}

std::string rules_text(const World& world, const LimitRule& filter) {
  std::vector<const LimitRule*> found;
  for (const LimitRule& rule : world.limits) {
    if (matches(rule, filter)) found.push_back(&rule);
  }
  std::sort(found.begin(), found.end(), [](const LimitRule* a, const LimitRule* b) {
    return std::tie(a->known, a->serial) > std::tie(b->known, b->serial);
  });
  std::string text;
  for (const LimitRule* rule : found) text += (text.empty() ? "" : ",") + limit_text(*rule);
  return text;
}

// What a jail uses; of one that is not there nothing, as the kernel says it.
std::string use_text(const World& world, std::string_view name, std::int64_t now_ms) {
  const Prison* jail = find_jail(world, name);
  std::int64_t count = 0;
  std::int64_t seconds = 0;
  if (jail != nullptr) {
    count = processes_in(world, *jail);
    for (const auto& [pid, process] : world.processes()) {
      if (process->prison != jail && !process->prison->below(*jail)) continue;
      seconds += std::max<std::int64_t>(now_ms - process->started_ms, 0) / 1000;
    }
  }
  std::string text;
  for (const Resource& resource : kResources) {
    const bool counts = resource.name == "maxproc" || resource.name == "nthr";
    const std::int64_t amount = counts ? count : resource.name == "wallclock" ? seconds : 0;
    text += (text.empty() ? "" : ",") + std::string(resource.name) + "=" + std::to_string(amount);
  }
  return text;
}

}  // namespace

std::string limit_text(const LimitRule& rule) {
  std::string text = rule.subject + ":" + rule.id + ":" + rule.resource + ":" + rule.action + "=" +
                     std::to_string(rule.amount);
  if (rule.per != rule.subject) text += "/" + rule.per;
  return text;
}

int parse_limit(std::string_view text, LimitRule& rule) {
  rule.subject = lower(take(text, ":"));
  rule.id = take(text, ":");
  rule.resource = lower(take(text, ":"));
  rule.action = lower(take(text, "=/"));
  const std::string_view amount = take(text, "/");
  rule.per = lower(text);
  if (!rule.subject.empty() && !among(kSubjects, rule.subject)) return kEINVAL;
  if (!rule.id.empty()) {
    if (rule.subject.empty()) return kEINVAL;
    if ((rule.subject == "process" || rule.subject == "user") && !digits(rule.id)) return kEINVAL;
    if (rule.id.size() >= kMaxSubject) return kENAMETOOLONG;
  }
  if (!rule.resource.empty() && find_resource(rule.resource) == nullptr) return kEINVAL;
  if (!rule.action.empty() && !among(kActions, rule.action)) return kEINVAL;
  if (!rule.per.empty() && !among(kSubjects, rule.per)) return kEINVAL;
  if (amount.empty()) return 0;
  if (!digits(amount)) return kEINVAL;
  const auto [end, problem] = std::from_chars(amount.data(), amount.data() + amount.size(), rule.amount);
  return problem == std::errc() ? 0 : kERANGE;
}

Outcome limits_call(World& world, const Process& caller, RctlCall call, std::string_view filter, std::int64_t now_ms,
                    std::string& answer) {
  if (!world.accounts) return Outcome::fail(kENOSYS);
  if (caller.prison != &world.prisons().host() || !world.privileged(caller)) return Outcome::fail(kEPERM);
  if (filter.size() + 1 > kMaxInput) return Outcome::fail(kE2BIG);
  LimitRule rule;
  if (int error = parse_limit(filter, rule)) return Outcome::fail(error);
  int error = 0;
  switch (call) {
    case RctlCall::kRacct:
      if (rule.subject.empty() || rule.id.empty()) return Outcome::fail(kEINVAL);
      answer = use_text(world, rule.subject == "jail" ? rule.id : std::string(), now_ms);
      break;
    case RctlCall::kRules:
      answer = rules_text(world, rule);
      break;
    case RctlCall::kAdd:
      error = add(world, std::move(rule));
      break;
    case RctlCall::kRemove:
      error = remove(world, rule) == 0 ? kESRCH : 0;
      break;
  }
  return error != 0 ? Outcome::fail(error) : Outcome::ok();
}

bool denies_process(const World& world, const Prison& prison) {
  if (!world.accounts) return false;
  for (const Prison* at = &prison; at->parent != nullptr; at = at->parent) {
    for (const LimitRule& rule : world.limits) {
      const bool counts = rule.resource == "maxproc" || rule.resource == "nthr";
      if (!counts || rule.action != "deny" || rule.subject != "jail" || rule.per != "jail" || rule.id != at->name) continue;
      if (processes_in(world, *at) + 1 > rule.amount) return true;
    }
  }
  return false;
}

}  // namespace bsdjail::simulated
