// What the benchmark compares with: the same work as plain loops over the same simulated kernel, without Node.js.
// `baseline NAME` prints the nanoseconds of one operation: the median of several rounds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../kernel/kernel.h"
#include "../kernel/simulated/simulated.h"

namespace {

using bsdjail::IoVec;
using bsdjail::Kernel;
using bsdjail::Outcome;
using bsdjail::SysctlNode;

constexpr int kRounds = 9;
constexpr int kJails = 1000;

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "baseline: %s\n", what);
  std::exit(1);
}

IoVec name(const char* text) { return {const_cast<char*>(text), std::strlen(text) + 1}; }

void must(const Outcome& outcome, const char* what) {
  if (outcome.failed()) die(what);
}

int create(Kernel& kernel, int number) {
  std::string text = "jail" + std::to_string(number);
  std::string host = text + ".example.org";
  unsigned char address[4] = {10, 0, static_cast<unsigned char>(number / 250), static_cast<unsigned char>(number % 250 + 1)};
  char errmsg[1024] = "";
  IoVec iov[] = {name("name"),          {text.data(), text.size() + 1},
                 name("path"),          name("/"),
                 name("host.hostname"), {host.data(), host.size() + 1},
                 name("ip4.addr"),      {address, sizeof address},
                 name("persist"),       {nullptr, 0},
                 name("errmsg"),        {errmsg, sizeof errmsg}};
  const Outcome outcome = kernel.jail_set(iov, sizeof iov / sizeof iov[0], bsdjail::kJailCreate);
  must(outcome, "jail_set");
  return static_cast<int>(outcome.value);
}

double median_of_rounds(int operations, const std::function<void()>& round) {
  std::vector<double> times;
  for (int i = 0; i <= kRounds; ++i) {
    const auto began = std::chrono::steady_clock::now();
    round();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    if (i > 0) times.push_back(took.count() / operations);  // the first round warms up
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

double create_remove(Kernel& kernel) {
  constexpr int kOperations = 2000;
  return median_of_rounds(kOperations, [&]() {
    for (int i = 0; i < kOperations; ++i) must(kernel.jail_remove(create(kernel, i % 250)), "jail_remove");
  });
}

double get_five(Kernel& kernel) {
  constexpr int kOperations = 20000;
  int jid = create(kernel, 1);
  char text[256], path[1024], host[256], errmsg[1024];
  int securelevel = 0, persist = 0;
  return median_of_rounds(kOperations, [&]() {
    for (int i = 0; i < kOperations; ++i) {
      errmsg[0] = 0;
      IoVec iov[] = {name("jid"),           {&jid, sizeof jid},
                     name("name"),          {text, sizeof text},
                     name("path"),          {path, sizeof path},
                     name("host.hostname"), {host, sizeof host},
                     name("securelevel"),   {&securelevel, sizeof securelevel},
                     name("persist"),       {&persist, sizeof persist},
                     name("errmsg"),        {errmsg, sizeof errmsg}};
      must(kernel.jail_get(iov, sizeof iov / sizeof iov[0], 0), "jail_get");
    }
  });
}

// Every parameter with a buffer of the size that its sysctl tells; lists of addresses get room for sixteen.
struct Parameter {
  std::string name;
  std::vector<unsigned char> value;
};

std::vector<Parameter> all_parameters(Kernel& kernel) {
  constexpr char kPrefix[] = "security.jail.param.";
  std::vector<SysctlNode> nodes;
  must(kernel.sysctl_walk("security.jail.param", nodes), "sysctl");
  std::vector<Parameter> parameters;
  for (const SysctlNode& node : nodes) {
    Parameter parameter{node.name.substr(sizeof kPrefix - 1), {}};
    if (parameter.name.back() == '.') parameter.name.pop_back();
    char text[64] = "";
    std::size_t len = sizeof text - 1;
    must(kernel.sysctl(node.name, text, &len, nullptr, 0), "sysctl");
    const bool string = node.format[0] == 'A';
    const bool list = node.format[0] == 'S';
    std::size_t element = 0;
    if (list) std::memcpy(&element, text, sizeof element);
    parameter.value.resize(string ? std::strtoul(text, nullptr, 10) : list ? 16 * element : len);
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

double list_all(Kernel& kernel) {
  for (int i = 0; i < kJails; ++i) create(kernel, i);
  std::vector<Parameter> parameters = all_parameters(kernel);
  char errmsg[1024];
  std::vector<IoVec> iov(2 * parameters.size() + 4);
  return median_of_rounds(1, [&]() {
    int count = 0;
    for (int last = 0;;) {
      errmsg[0] = 0;
      std::size_t at = 0;
      iov[at++] = name("lastjid");
      iov[at++] = {&last, sizeof last};
      for (Parameter& parameter : parameters) {
        iov[at++] = {parameter.name.data(), parameter.name.size() + 1};
        iov[at++] = {parameter.value.data(), parameter.value.size()};
      }
      iov[at++] = name("errmsg");
      iov[at++] = {errmsg, sizeof errmsg};
      const Outcome outcome = kernel.jail_get(iov.data(), at, 0);
      if (outcome.failed()) break;
      last = static_cast<int>(outcome.value);
      ++count;
    }
    if (count != kJails) die("the list is not whole");
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::string problem;
  const auto machine = bsdjail::SimulatedMachine::open({}, problem);
  if (machine == nullptr) die(problem.c_str());
  const std::unique_ptr<bsdjail::SimulatedKernel> kernel = machine->process();
  const std::string asked = argc > 1 ? argv[1] : "";
  double nanoseconds = 0;
  if (asked == "create-remove") {
    nanoseconds = create_remove(*kernel);
  } else if (asked == "get") {
    nanoseconds = get_five(*kernel);
  } else if (asked == "list") {
    nanoseconds = list_all(*kernel);
  } else {
    die("usage: baseline create-remove|get|list");
  }
  std::printf("%.1f\n", nanoseconds);
}
