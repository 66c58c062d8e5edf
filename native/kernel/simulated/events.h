// The simulation of EVFILT_JAIL and EVFILT_JAILDESC: filters that gather what happens to a jail until it is read.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include "world.h"

namespace bsdjail::simulated {

class Filters {
 public:
  // A filter that is there already, by number and kind, only changes what it asks for.
  bool change(bool by_descriptor, std::int64_t ident, std::uint32_t wanted);
  void add(bool by_descriptor, std::int64_t ident, std::uint64_t prison, std::uint32_t wanted);
  // A filter on the descriptor of a jail that is gone tells so at once.
  void add_dead(std::int64_t ident, std::uint32_t wanted);
  void remove_descriptor(std::int64_t ident);

  void deliver(const NoteEntry& note);
  // Some notes were missed: tells each filter of all that may have been in them.
  void resync(World& world);
  // Reads what there is, in the order in which it began, and forgets it.
  std::size_t take(std::vector<JailEvent>& events);
  bool pending() const { return !active_.empty(); }

 private:
  struct Filter {
    std::uint64_t id = 0;
    bool by_descriptor = false;
    std::int64_t ident = 0;
    std::uint64_t prison = 0;
    std::uint32_t wanted = 0;
    std::uint32_t seen = 0;
    std::int64_t data = 0;
    bool gone = false;
  };
  void record(Filter& filter, std::uint32_t event, std::int64_t data);
  void drop_gone();

  std::vector<Filter> filters_;
  std::vector<std::uint64_t> active_;
  std::uint64_t next_id_ = 1;
};

}  // namespace bsdjail::simulated
