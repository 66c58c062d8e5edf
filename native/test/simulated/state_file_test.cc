// Machines in a state file: shared, locked, and never half written.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support.h"

using namespace bsdjail;
using namespace bsdjail::test;

namespace {

// A folder of its own for each test, gone with it.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/bsdjail-state-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() {
    ::chmod(path_.c_str(), 0700);
    for (const char* file : {"/machine", "/machine.lock", "/machine.new"}) ::unlink((path_ + file).c_str());
    ::rmdir(path_.c_str());
  }
  std::string path() const { return path_; }
  std::string file() const { return path_ + "/machine"; }
  std::string read() const {
    std::ifstream in(file(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  void write(const std::string& text) const { std::ofstream(file(), std::ios::binary) << text; }
  std::shared_ptr<SimulatedMachine> machine(const std::string& release = "") const {
    SimulatedOptions options;
    options.state_file = file();
    options.release = release;
    return machine_of(options);
  }
  std::string refusal(const std::string& release = "") const {
    SimulatedOptions options;
    options.state_file = file();
    options.release = release;
    std::string problem;
    return SimulatedMachine::open(options, problem) == nullptr ? problem : "it was taken";
  }

 private:
  std::string path_;
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST(two_machines_on_one_file_are_one) {
  const Folder folder;
  const auto one = folder.machine("14.0"), two = folder.machine();
  CHECK_EQ(two->release(), "14.0");
  const auto kernel = one->process(), other = two->process();
  const int a = create(*kernel, "a", 2);
  CHECK_EQ(state_of(*other, a), "alive");
  const int b = create(*other, "a.b");
  CHECK_EQ(b, a + 1);
  Params params;
  params.number("jid", a).text("host.hostname", std::string("a b%\n\x7f") + "\xff").set(*other, kJailUpdate);
  Params read;
  read.number("jid", a).room("host.hostname", 256).get(*kernel);
  CHECK_EQ(read.text_value("host.hostname"), std::string("a b%\n\x7f") + "\xff");
  const auto inside = kernel->fork();
  inside->jail_attach(b);
  CHECK_EQ(two->processes().size(), 1u);
  other->jail_remove(a);
  CHECK_EQ(inside->alive(), false);
  CHECK_EQ(state_of(*kernel, b), "ENOENT");
}

TEST(events_cross_processes) {
  const Folder folder;
  const auto one = folder.machine(), two = folder.machine();
  const auto watcher = one->process(), other = two->process();
  Outcome outcome;
  const auto queue = watcher->event_queue(outcome);
  queue->add_jail(0, 0xf8000000u);
  const int a = create(*other, "a");
  std::vector<JailEvent> events;
  CHECK_EQ(queue->wait(events, 10000).value, 1);
  CHECK_EQ(events[0].data, a);
  // More than the file keeps: the watcher learns that it has missed some.
  queue->add_jail(a, 0xf8000000u);
  events.clear();
  for (int i = 0; i < 300; ++i) {
    Params params;
    params.number("jid", a).text("host.hostname", "h" + std::to_string(i)).set(*other, kJailUpdate);
  }
  CHECK_EQ(queue->wait(events, 10000).value, 2);
  for (const JailEvent& event : events) CHECK_EQ((event.fflags & 0x08000000u) != 0, true);
}

TEST(what_another_program_held_goes_when_it_is_killed) {
  const Folder folder;
  const auto machine = folder.machine();
  const auto kernel = machine->process();
  const int held = create(*kernel, "held");
  int ready[2];
  if (::pipe(ready) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    const auto inside = folder.machine()->process();
    Params own;
    own.text("name", "owned").flag("persist").number("desc", -1).set(*inside, kJailCreate | kJailOwnDesc);
    const char byte = inside->jail_attach(held).failed() ? 'n' : 'y';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  CHECK(::read(ready[0], &byte, 1) == 1 && byte == 'y');
  CHECK_EQ(machine->processes().size(), 1u);
  CHECK_EQ(machine->processes()[0].host_pid, static_cast<int>(child));
  Params params;
  params.text("name", "held").flag("nopersist").set(*kernel, kJailUpdate);
  CHECK_EQ(state_of(*kernel, held), "alive");
  CHECK_EQ(state_of(*kernel, held + 1), "alive");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK_EQ(state_of(*kernel, held), "ENOENT");
  CHECK_EQ(state_of(*kernel, held + 1), "ENOENT");
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(many_writers_lose_nothing) {
  const Folder folder;
  folder.machine();
  constexpr int kWriters = 4, kEach = 25;
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto kernel = folder.machine()->process();
      for (int i = 0; i < kEach; ++i) {
        if (create(*kernel, "w" + std::to_string(writer) + "-" + std::to_string(i)) <= 0) ::_exit(1);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) CHECK_EQ(wait_for(child), 0);
  CHECK_EQ(create(*folder.machine()->process(), "last"), kWriters * kEach + 1);
}

TEST(a_writer_killed_at_any_time_leaves_a_whole_file) {
  const Folder folder;
  folder.machine();
  for (int round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto kernel = folder.machine()->process();
      for (;;) kernel->jail_remove(create(*kernel, "x"));
    }
    ::usleep(1000 + 700 * static_cast<useconds_t>(round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    CHECK(folder.machine() != nullptr);
  }
}

TEST(a_damaged_file_is_refused_with_a_reason) {
  const Folder folder;
  create(*folder.machine()->process(), "a");
  const std::string whole = folder.read();
  const auto machine = folder.machine();
  const auto kernel = machine->process();
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    folder.write(whole.substr(0, length));
    CHECK(folder.refusal() != "it was taken");
  }
  folder.write(whole.substr(0, whole.size() / 2));
  CHECK(holds(folder.refusal(), "damaged or cut short"));
  Params params;
  CHECK_EQ(error_of(params.text("name", "b").flag("persist").set(*kernel, kJailCreate)), "EIO");
  CHECK(holds(params.errmsg, folder.file()) && holds(params.errmsg, "damaged or cut short"));
  CHECK(holds(machine->problem(), "damaged or cut short"));
  CHECK_EQ(error_of(kernel->jail_remove(1)), "EIO");
  std::string changed = whole;
  changed[whole.size() / 2] ^= 1;
  folder.write(changed);
  CHECK(folder.refusal() != "it was taken");
  folder.write("bsdjail-machine 2\nrelease 15.1\n");
  CHECK(holds(folder.refusal(), "another version"));
  folder.write("{}\n");
  CHECK(holds(folder.refusal(), "not a state file"));
  folder.write(whole);
  CHECK_EQ(state_of(*kernel, 1), "alive");
  CHECK_EQ(machine->problem(), "");
}

TEST(a_machine_of_another_release_is_not_this_one) {
  const Folder folder;
  folder.machine("13.2");
  CHECK(holds(folder.refusal("15.1"), "release 13.2, not 15.1"));
}

TEST(a_file_that_cannot_be_written_changes_nothing) {
  const Folder folder;
  const auto machine = folder.machine();
  const auto kernel = machine->process();
  CHECK_EQ(create(*kernel, "a"), 1);
  const std::string before = folder.read();
  // A limit on the size of files stands for a full disk: the write fails half way.
  ::signal(SIGXFSZ, SIG_IGN);
  struct rlimit old = {}, small = {};
  ::getrlimit(RLIMIT_FSIZE, &old);
  small = old;
  small.rlim_cur = before.size() / 2;
  ::setrlimit(RLIMIT_FSIZE, &small);
  Params params;
  const Outcome outcome = params.text("name", "b").flag("persist").set(*kernel, kJailCreate);
  const Outcome removed = kernel->jail_remove(1);
  const auto child = kernel->fork();
  const Outcome attached = child->jail_attach(1);
  ::setrlimit(RLIMIT_FSIZE, &old);
  CHECK_EQ(error_of(outcome), "EIO");
  CHECK(holds(params.errmsg, "cannot write"));
  CHECK_EQ(error_of(removed), "EIO");
  CHECK_EQ(error_of(attached), "EIO");
  CHECK_EQ(folder.read(), before);
  CHECK_EQ(child->alive(), true);
  CHECK_EQ(child->jid(), 0);
  CHECK_EQ(state_of(*kernel, 1), "alive");
  CHECK_EQ(create(*kernel, "b"), 2);
}

TEST(places_where_no_state_file_can_be) {
  std::string problem;
  SimulatedOptions options;
  options.state_file = "/no/such/folder/machine";
  CHECK(SimulatedMachine::open(options, problem) == nullptr);
  CHECK(holds(problem, "/no/such/folder/machine"));
  const Folder folder;
  options.state_file = folder.path();
  CHECK(SimulatedMachine::open(options, problem) == nullptr);
  CHECK(holds(problem, "not a file"));
  ::unlink((folder.path() + ".lock").c_str());
  const auto machine = folder.machine();
  const auto kernel = machine->process();
  ::unlink(folder.file().c_str());
  CHECK_EQ(error_of(kernel->jail_remove(1)), "EIO");
  CHECK(holds(machine->problem(), "is gone"));
}
