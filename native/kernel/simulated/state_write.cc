#include <charconv>
#include <set>

#include "state_text.h"

namespace bsdjail::simulated {
namespace {

class Writer {
 public:
  Writer& line(std::string_view word) {
    if (!text_.empty()) text_ += '\n';
    text_ += word;
    return *this;
  }
  template <typename Number>
  Writer& number(Number value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof(digits), value);
    text_ += ' ';
    text_.append(digits, end.ptr);
    return *this;
  }
  // Any bytes: what would end a word, or the line, goes as %XX. "=" before it keeps an empty text a word.
  Writer& text(std::string_view bytes) {
    static constexpr char kHex[] = "0123456789abcdef";
    text_ += " =";
    for (char c : bytes) {
      const unsigned char byte = static_cast<unsigned char>(c);
      if (byte > ' ' && byte < 0x7f && byte != '%') {
        text_ += c;
      } else {
        text_ += '%';
        text_ += kHex[byte >> 4];
        text_ += kHex[byte & 15];
      }
    }
    return *this;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string allow_text(const World& world, std::uint64_t allow) {
  std::string text;
  for (std::size_t i = 0; i < world.permissions().size(); ++i) {
    if ((allow >> i & 1) == 0) continue;
    if (!text.empty()) text += ',';
    text += world.permissions()[i].name;
  }
  return text;
}

void write_prison(Writer& out, const World& world, const Prison& prison) {
  out.line("jail").number(prison.serial).number(prison.parent == nullptr ? 0 : prison.parent->serial);
  out.number(prison.jid).number(static_cast<int>(prison.state)).number(prison.kept).number(prison.leaked);
  out.number(prison.flags).number(prison.child_max).number(prison.securelevel).number(prison.enforce_statfs);
  out.number(prison.devfs_ruleset).number(prison.cpuset).number(prison.hostid).number(prison.osreldate);
  for (const Prison* root : prison.sysv) out.number(root == nullptr ? -1 : static_cast<std::int64_t>(root->serial));
  const std::string name = prison.name_bytes.substr(0, prison.name_bytes.find_last_not_of('\0') + 1);
  for (const std::string* text : {&name, &prison.path, &prison.root, &prison.hostname, &prison.domainname,
                                  &prison.hostuuid, &prison.osrelease, &prison.meta, &prison.env}) {
    out.text(*text);
  }
  out.text(allow_text(world, prison.allow));
  for (const Addresses& list : prison.addresses) out.text(list.bytes());
  if (!prison.mixed.empty()) out.line("mixed").number(prison.serial).text(prison.mixed);
}

void write_below(Writer& out, const World& world, const Prison& prison) {
  write_prison(out, world, prison);
  for (const Prison* child : prison.children) write_below(out, world, *child);
}

}  // namespace

std::string write_state(const World& world, const std::deque<NumberedNote>& notes, std::uint64_t last_note) {
  Writer out;
  const Prisons& prisons = world.prisons();
  out.line(kStateMagic);
  out.line("release " + world.release().text());
  out.line("counters").number(prisons.last_jid).number(prisons.last_dead_jid).number(prisons.next_cpuset);
  out.number(prisons.next_serial).number(world.next_pid).number(world.next_serial).number(world.first_descriptor);
  out.number(last_note);
  const Tunables& tunables = world.tunables;
  out.line("settings").number(tunables.default_enforce_statfs).number(tunables.default_devfs_ruleset);
  out.number(tunables.max_addresses).number(tunables.meta_max).number(tunables.meta_reported);
  out.text(allow_text(world, tunables.default_allow));
  if (world.accounts) out.line("accounts");
  for (const LimitRule& rule : world.limits) {
    out.line("limit").number(rule.known).number(rule.serial).text(limit_text(rule));
  }
  out.line("paths").number(world.paths.any ? 1 : 0);
  for (const std::string& path : world.paths.directories) out.line("directory").text(path);
  for (const std::string& path : world.paths.files) out.line("file").text(path);
  write_below(out, world, prisons.host());
  std::set<std::uint64_t> written;
  for (const auto& [pid, process] : world.processes()) {
    for (const auto& [fd, descriptor] : process->descriptors) {
      if (!written.insert(descriptor->serial).second) continue;
      out.line("descriptor").number(descriptor->serial).number(descriptor->prison != nullptr ? 1 : 0);
      out.number(descriptor->prison_serial).number(descriptor->owning ? 1 : 0).number(descriptor->uid);
      out.number(descriptor->jail);
    }
  }
  for (const auto& [pid, process] : world.processes()) {
    out.line("process").number(process->serial).number(pid).number(process->parent).number(process->prison->serial);
    out.number(process->uid).number(process->host_pid).number(process->host_start).number(process->started_ms);
    out.number(process->spawned ? 1 : 0).text(process->user).text(process->command);
    out.number(process->ignores.size());
    for (int signal : process->ignores) out.number(signal);
    out.number(process->descriptors.size());
    for (const auto& [fd, descriptor] : process->descriptors) out.number(fd).number(descriptor->serial);
  }
  for (const NumberedNote& note : notes) {
    out.line("event").number(note.number).number(note.note.prison).number(note.note.event).number(note.note.data);
  }
  out.line("");
  std::string text = out.take();
  char sum[17];
  const auto end = std::to_chars(sum, sum + sizeof(sum), state_checksum(text), 16);
  text += kStateEnd;
  text.append(sum, end.ptr);
  text += '\n';
  return text;
}

std::uint64_t state_checksum(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace bsdjail::simulated
