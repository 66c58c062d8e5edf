// What the kernel's filters tell of a jail's life, as it was watched on a 15.1 kernel.
#include <thread>

#include "support.h"

using namespace bsdjail;
using namespace bsdjail::test;

namespace {

constexpr std::uint32_t kAll = 0xf8000000u, kChild = 0x80000000u, kSet = 0x40000000u, kAttach = 0x20000000u,
                        kRemove = 0x10000000u, kMulti = 0x08000000u;

class Watched {
 public:
  Watched() : machine(machine_of()), kernel(machine->process()), queue(kernel->event_queue(outcome)) {}

  // "jail 0 80000000 5" or "desc …", " eof" behind it; several with "; " between.
  std::string events() {
    std::vector<JailEvent> list;
    queue->wait(list, 0);
    std::string text;
    for (const JailEvent& event : list) {
      char line[80];
      std::snprintf(line, sizeof(line), "%s%s %lld %x %lld%s", text.empty() ? "" : "; ",
                    event.by_descriptor ? "desc" : "jail", static_cast<long long>(event.ident), event.fflags,
                    static_cast<long long>(event.data), event.eof ? " eof" : "");
      text += line;
    }
    return text;
  }
  static std::string line(int ident, std::uint32_t fflags, long long data, bool eof = false) {
    char text[80];
    std::snprintf(text, sizeof(text), "jail %d %x %lld%s", ident, fflags, data, eof ? " eof" : "");
    return text;
  }
  Outcome update(int jid, const std::string& name, const std::string& value) {
    Params params;
    return params.number("jid", jid).text(name, value).set(*kernel, kJailUpdate);
  }

  Outcome outcome;
  std::shared_ptr<SimulatedMachine> machine;
  std::unique_ptr<SimulatedKernel> kernel;
  std::unique_ptr<EventQueue> queue;
};

}  // namespace

TEST(a_jails_life_as_its_watchers_hear_of_it) {
  Watched w;
  CHECK_EQ(w.queue->add_jail(0, kAll).value, 0);
  CHECK_EQ(error_of(w.queue->add_jail(99999, kAll)), "ENOENT");
  const int a = create(*w.kernel, "a", 8);
  CHECK_EQ(w.events(), Watched::line(0, kChild, a));
  const int b = create(*w.kernel, "b");
  const int c = create(*w.kernel, "c");
  CHECK_EQ(w.events(), Watched::line(0, kChild | kMulti, 0));
  w.kernel->jail_remove(b);
  w.kernel->jail_remove(c);
  CHECK_EQ(w.events(), "");

  CHECK_EQ(w.queue->add_jail(a, kAll).value, 0);
  w.update(a, "host.hostname", "h");
  CHECK_EQ(w.events(), Watched::line(a, kSet, 0));
  w.update(a, "host.hostname", "h");
  CHECK_EQ(w.events(), Watched::line(a, kSet, 0));
  w.update(a, "osrelease", "1");
  w.update(a, "no.such", "1");
  CHECK_EQ(w.events(), "");
  w.update(a, "name", "renamed");
  CHECK_EQ(w.events(), Watched::line(a, kSet, 0));

  const int kid = create(*w.kernel, "renamed.kid");
  CHECK_EQ(w.events(), Watched::line(a, kChild, kid));
  create(*w.kernel, "renamed.second");
  create(*w.kernel, "renamed.third");
  CHECK_EQ(w.events(), Watched::line(a, kChild | kMulti, 0));

  auto first = w.kernel->fork();
  first->jail_attach(a);
  CHECK_EQ(w.events(), Watched::line(a, kAttach, first->pid()));
  auto second = w.kernel->fork(), third = w.kernel->fork();
  second->jail_attach(a);
  third->jail_attach(a);
  CHECK_EQ(w.events(), Watched::line(a, kAttach | kMulti, 0));
  second->exit();
  third->exit();
  CHECK_EQ(w.events(), "");
  w.update(a, "host.hostname", "i");
  auto fourth = w.kernel->fork();
  fourth->jail_attach(a);
  CHECK_EQ(w.events(), Watched::line(a, kSet | kAttach, fourth->pid()));
  w.kernel->jail_remove(kid);
  CHECK_EQ(w.events(), "");
  w.kernel->jail_remove(a);
  CHECK_EQ(w.events(), Watched::line(a, kRemove, 0, true));
  CHECK_EQ(w.events(), "");
}

TEST(a_failed_update_is_told_when_it_had_begun_to_change) {
  Watched w;
  const int a = create(*w.kernel, "a");
  w.queue->add_jail(a, kAll);
  Params params;
  params.number("jid", a).raw(std::string("meta") + '\0', "unterminated").set(*w.kernel, kJailUpdate);
  CHECK_EQ(w.events(), Watched::line(a, kSet, 0));
}

TEST(only_what_was_asked_for_is_told) {
  Watched w;
  const int a = create(*w.kernel, "a");
  w.queue->add_jail(a, kSet);
  w.queue->add_jail(0, kSet);
  create(*w.kernel, "b");
  CHECK_EQ(w.events(), "");
  w.queue->add_jail(0, kChild);
  const int c = create(*w.kernel, "c");
  CHECK_EQ(w.events(), Watched::line(0, kChild, c));
  // Nobody asked for its end: the filter goes without a word, and the jid can be watched anew.
  w.kernel->jail_remove(a);
  CHECK_EQ(w.events(), "");
  CHECK_EQ(error_of(w.queue->add_jail(a, kAll)), "ENOENT");
}

TEST(a_jail_that_ends_with_its_last_process_is_told) {
  Watched w;
  auto inside = w.kernel->fork();
  Params params;
  const int a = static_cast<int>(params.text("name", "a").set(*inside, kJailCreate | kJailAttach).value);
  w.queue->add_jail(a, kAll);
  inside->exit();
  CHECK_EQ(w.events(), Watched::line(a, kRemove, 0, true));
}

TEST(a_descriptor_is_watched_until_it_is_closed) {
  Watched w;
  Params params;
  params.text("name", "e").flag("persist").number("desc", -1);
  const int e = static_cast<int>(params.set(*w.kernel, kJailCreate | kJailGetDesc).value);
  const int fd = params.int_value("desc");
  const std::string desc = "desc " + std::to_string(fd);
  CHECK_EQ(w.queue->add_descriptor(fd, kAll).value, 0);
  CHECK_EQ(error_of(w.queue->add_descriptor(3, kAll)), "EBADF");
  w.update(e, "host.hostname", "h");
  CHECK_EQ(w.events(), desc + " 40000000 0");
  w.kernel->jail_remove(e);
  CHECK_EQ(w.events(), desc + " 10000000 0 eof");
  CHECK_EQ(w.queue->add_descriptor(fd, kAll).value, 0);
  CHECK_EQ(w.events(), desc + " 10000000 0 eof");
  CHECK_EQ(w.queue->add_descriptor(fd, kSet).value, 0);
  CHECK_EQ(w.events(), "");

  Params next;
  next.text("name", "f").flag("persist").number("desc", -1);
  const int f = static_cast<int>(next.set(*w.kernel, kJailCreate | kJailGetDesc).value);
  w.queue->add_descriptor(next.int_value("desc"), kAll);
  w.update(f, "host.hostname", "h");
  w.kernel->close(next.int_value("desc"));
  CHECK_EQ(w.events(), "");
}

TEST(waiting_ends_with_an_event_or_a_wake) {
  Watched w;
  w.queue->add_jail(0, kAll);
  std::vector<JailEvent> events;
  std::thread creator([&] { create(*w.kernel, "a"); });
  CHECK_EQ(w.queue->wait(events, -1).value, 1);
  creator.join();
  std::thread waker([&] { w.queue->wake(); });
  CHECK_EQ(w.queue->wait(events, -1).value, 0);
  waker.join();
  CHECK_EQ(w.queue->wait(events, 1).value, 0);
}
