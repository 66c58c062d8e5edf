// Replays recordings of a kernel on the simulated one and compares: return value, errno, errmsg, lengths and bytes.
// Reads the lines that scripts/recording-lines.mjs makes, from files or standard input. With --state FILE every
// scenario runs on a machine in a state file.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "../kernel/errno.h"
#include "../kernel/simulated/simulated.h"

namespace {

using bsdjail::IoVec;
using bsdjail::Outcome;
using bsdjail::SimulatedKernel;

std::string from_hex(const std::string& word) {
  std::string bytes;
  for (std::size_t i = 1; i + 1 < word.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(word.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::string to_hex(const std::string& bytes) {
  static const char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned char byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::vector<std::string> split(const std::string& line, char by) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string word; std::getline(in, word, by);) words.push_back(word);
  return words;
}

struct Param {
  std::string name;  // with its NUL
  char kind = 0;
  bool has_base = false;
  std::string bytes;   // as it is given, later as it has become
  std::string before;
  std::size_t length = 0;
  std::size_t length_before = 0;
};

using Names = std::map<std::string, long>;

long number(const std::string& word, const Names& names) {
  if (word.empty() || word[0] != '$') return std::stol(word);
  const auto found = names.find(word.substr(1));
  return found == names.end() ? -1 : found->second;
}

Param parse_param(const std::string& word, const Names& names) {
  const auto parts = split(word, ':');
  Param param;
  param.name = from_hex(parts.at(0)) + '\0';
  param.kind = parts.at(1)[0];
  const std::string value = parts.size() > 2 ? parts[2] : "x";
  param.has_base = param.kind != 'n';
  if (param.kind == 'b') param.bytes = from_hex(value);
  if (param.kind == 'i') {
    const int n = static_cast<int>(number(value, names));
    param.bytes.assign(reinterpret_cast<const char*>(&n), sizeof(n));
  }
  if (param.kind == 'l') {
    const long long n = value[0] == '$' ? number(value, names) : std::stoll(value);
    param.bytes.assign(reinterpret_cast<const char*>(&n), sizeof(n));
  }
  if (param.kind == 'o') param.bytes.assign(std::stoul(value), '\0');
  param.length = param.kind == 'n' ? std::stoul(value) : param.bytes.size();
  param.before = param.bytes;
  param.length_before = param.length;
  return param;
}

// What the kernel finishes in the background may be told either way.
std::string settled(std::string message) {
  for (const char* words : {" is dying", " not found"}) {
    const std::size_t at = message.find(words);
    if (at != std::string::npos) message = message.substr(0, at) + " gone";
  }
  return message;
}

std::string trimmed(std::string bytes) {
  if (bytes.size() <= 8) return bytes;
  while (!bytes.empty() && bytes.back() == '\0') bytes.pop_back();
  return bytes;
}

class Replay {
 public:
  explicit Replay(std::string state_file) : state_file_(std::move(state_file)) {}

  void run(std::istream& in) {
    for (std::string line; std::getline(in, line);) {
      if (!line.empty()) lines_.push_back(line);
    }
    at_ = 0;
    while (at_ < lines_.size()) {
      const auto words = split(lines_[at_], ' ');
      if (words[0] == "machine") {
        release_ = words.at(1);
        osrelease_ = words.at(2);
        osreldate_ = std::stoi(words.at(3));
        ++at_;
      } else if (words[0] == "scenario") {
        scenario(words);
      } else {
        std::fprintf(stderr, "stray line: %s\n", lines_[at_].c_str());
        std::exit(2);
      }
    }
    lines_.clear();
  }

  int passed = 0, failed = 0, steps = 0;

 private:
  void scenario(const std::vector<std::string>& words) {
    ++at_;
    scenario_ = from_hex(words.at(2));
    step_ = 0;
    differs_ = false;
    bsdjail::SimulatedOptions options;
    options.release = release_;
    options.osrelease = osrelease_;
    options.osreldate = osreldate_;
    options.hostname = "jailvm";
    options.hostuuid = "11111111-2222-3333-4444-555555555555";
    options.hostid = 305419896;
    options.last_jid = std::stoi(words.at(1));
    options.paths = bsdjail::SimulatedPaths::freebsd();
    options.first_descriptor = 3;
    options.state_file = state_file_;
    if (!state_file_.empty()) ::unlink(state_file_.c_str());
    std::string problem;
    const auto machine = bsdjail::SimulatedMachine::open(options, problem);
    if (machine == nullptr) {
      std::fprintf(stderr, "%s\n", problem.c_str());
      std::exit(2);
    }
    held_.clear();
    const auto kernel = machine->process();
    Names names;
    run_steps(*kernel, names);
    held_.clear();
    (differs_ ? failed : passed) += 1;
  }

  bool at_end() const {
    return at_ >= lines_.size() || lines_[at_] == "end" || lines_[at_].compare(0, 9, "scenario ") == 0 ||
           lines_[at_].compare(0, 8, "machine ") == 0;
  }

  void difference(const std::string& what) {
    if (!differs_) {
      std::printf("%s: \"%s\" step %d: %s\n", release_.c_str(), scenario_.c_str(), step_, what.c_str());
    }
    differs_ = true;
  }

  void skip_steps() {
    int depth = 0;
    while (at_ < lines_.size() && (depth > 0 || !at_end())) {
      if (lines_[at_].compare(0, 3, "in ") == 0 || lines_[at_].compare(0, 3, "as ") == 0) ++depth;
      if (lines_[at_] == "end") --depth;
      ++at_;
    }
  }

  void run_steps(SimulatedKernel& kernel, Names& names) {
    while (!at_end()) {
      const auto words = split(lines_[at_], ' ');
      const auto expected = split(lines_.at(at_ + 1), ' ');
      at_ += 2;
      ++step_;
      const bool reached = expected.at(1) != "unreached";
      if (reached != kernel.alive()) difference(reached ? "the process is gone" : "the process goes on");
      if (words[0] == "in" || words[0] == "as") {
        child(kernel, words, expected, names);
      } else if (reached) {
        ++steps;
        call(kernel, words, expected, names);
      }
    }
  }

  void child(SimulatedKernel& kernel, const std::vector<std::string>& words, const std::vector<std::string>& expected,
             const Names& names) {
    const auto forked = kernel.fork();
    Outcome outcome;
    if (words[0] == "in") {
      outcome = forked->jail_attach(static_cast<int>(number(words.at(1), names)));
    } else {
      forked->setuid(std::stoi(words.at(1)));
    }
    if (expected.at(1) != "unreached") {
      ++steps;
      compare(outcome, expected);
    }
    Names inner = names;
    if (outcome.failed()) {
      skip_steps();
    } else {
      run_steps(*forked, inner);
    }
    if (at_ < lines_.size() && lines_[at_] == "end") ++at_;
  }

  void compare(const Outcome& outcome, const std::vector<std::string>& expected) {
    const long value = std::stol(expected.at(1));
    const std::string error = expected.at(2) == "-" ? "" : expected.at(2);
    const std::string got(bsdjail::errno_name(outcome.error));
    if (outcome.value != value || got != error) {
      difference("returned " + std::to_string(outcome.value) + " " + got + ", recorded " + std::to_string(value) + " " +
                 error);
    }
  }

  void call(SimulatedKernel& kernel, const std::vector<std::string>& words, const std::vector<std::string>& expected,
            Names& names) {
    const std::string& op = words[0];
    if (op == "jail_remove" || op == "jail_attach") {
      const int jid = static_cast<int>(number(words.at(1), names));
      compare(op == "jail_remove" ? kernel.jail_remove(jid) : kernel.jail_attach(jid), expected);
    } else if (op == "hold") {
      auto held = kernel.fork();
      const Outcome outcome = held->jail_attach(static_cast<int>(number(words.at(1), names)));
      if (outcome.failed() != (expected.at(1) == "-1")) difference("hold differs");
      held_.push_back(std::move(held));
    } else if (op == "release") {
      if (!held_.empty()) held_.pop_back();
    } else {
      parameters(kernel, words, expected, names);
    }
  }

  void parameters(SimulatedKernel& kernel, const std::vector<std::string>& words,
                  const std::vector<std::string>& expected, Names& names) {
    const bool get = words[0] == "jail_get";
    std::vector<Param> params;
    for (std::size_t i = 3; i < words.size(); ++i) params.push_back(parse_param(words[i], names));
    std::vector<IoVec> iov;
    for (Param& param : params) {
      iov.push_back({param.name.data(), param.name.size()});
      iov.push_back({param.has_base ? param.bytes.data() : nullptr, param.length});
    }
    const int flags = std::stoi(words.at(1));
    const Outcome outcome =
        get ? kernel.jail_get(iov.data(), iov.size(), flags) : kernel.jail_set(iov.data(), iov.size(), flags);
    if (words.at(2) != "-") names[words[2]] = outcome.value;
    compare(outcome, expected);
    for (std::size_t i = 0; i < params.size(); ++i) params[i].length = iov[2 * i + 1].len;
    compare_outputs(params, expected, get, outcome.failed());
  }

  void compare_outputs(const std::vector<Param>& params, const std::vector<std::string>& expected, bool get,
                       bool call_failed) {
    std::vector<bool> listed(params.size());
    for (std::size_t i = 3; i < expected.size(); ++i) {
      const auto parts = split(expected[i], ':');
      const std::string name = from_hex(parts.at(0));
      std::size_t at = 0;
      while (at < params.size() && (listed[at] || params[at].name.c_str() != name)) ++at;
      if (at == params.size()) {
        difference(name + " was not asked for");
        continue;
      }
      listed[at] = true;
      const Param& param = params[at];
      if (param.length != std::stoul(parts.at(1))) {
        difference(name + " has length " + std::to_string(param.length) + ", recorded " + parts.at(1));
      }
      if (parts.at(2) == "-" || name == "cpuset.id") continue;
      const std::string want = from_hex(parts.at(2));
      const std::string have = trimmed(param.bytes.substr(0, param.length));
      if (have != want && !(name == "errmsg" && settled(have) == settled(want))) {
        difference(name + " is " + to_hex(have) + ", recorded " + to_hex(want));
      }
    }
    for (std::size_t i = 0; i < params.size(); ++i) {
      if (listed[i]) continue;
      const Param& param = params[i];
      // Inputs are read back into their own buffers, and a descriptor is written into the one it came in.
      const bool rewritten = (get && !call_failed && param.kind == 'b') || param.name.c_str() == std::string("desc");
      if (!rewritten && (param.bytes != param.before || param.length != param.length_before)) {
        difference(std::string(param.name.c_str()) + " was touched: " + to_hex(trimmed(param.bytes)));
      }
    }
  }

  const std::string state_file_;
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
  std::string release_, osrelease_, scenario_;
  int osreldate_ = 0;
  int step_ = 0;
  bool differs_ = false;
  std::vector<std::unique_ptr<SimulatedKernel>> held_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string state_file;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--state") == 0 && i + 1 < argc) {
      state_file = argv[++i];
    } else {
      files.push_back(argv[i]);
    }
  }
  Replay replay(state_file);
  if (files.empty()) replay.run(std::cin);
  for (const std::string& file : files) {
    std::ifstream in(file);
    if (!in) {
      std::fprintf(stderr, "cannot read %s\n", file.c_str());
      return 2;
    }
    replay.run(in);
  }
  std::printf("%d passed, %d failed (%d steps)\n", replay.passed, replay.failed, replay.steps);
  return replay.failed == 0 && replay.passed > 0 ? 0 : 1;
}
