#include "events.h"

#include <algorithm>

namespace bsdjail::simulated {

bool Filters::change(bool by_descriptor, std::int64_t ident, std::uint32_t wanted) {
  for (Filter& filter : filters_) {
    if (filter.by_descriptor != by_descriptor || filter.ident != ident) continue;
    filter.wanted = wanted;
    return true;
  }
  return false;
}

void Filters::add(bool by_descriptor, std::int64_t ident, std::uint64_t prison, std::uint32_t wanted) {
  Filter filter;
  filter.id = next_id_++;
  filter.by_descriptor = by_descriptor;
  filter.ident = ident;
  filter.prison = prison;
  filter.wanted = wanted;
  filters_.push_back(filter);
}

void Filters::add_dead(std::int64_t ident, std::uint32_t wanted) {
  add(true, ident, 0, wanted);
  record(filters_.back(), kNoteRemove, 0);
  drop_gone();
}

void Filters::remove_descriptor(std::int64_t ident) {
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    if (!filters_[i].by_descriptor || filters_[i].ident != ident) continue;
    active_.erase(std::remove(active_.begin(), active_.end(), filters_[i].id), active_.end());
    filters_.erase(filters_.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

void Filters::record(Filter& filter, std::uint32_t event, std::int64_t data) {
  const bool first = filter.seen == 0;
  if ((filter.wanted & event) != 0) {
    filter.seen |= event;
    if (event == kNoteChild || event == kNoteAttach) {
      // Only one number fits: as soon as there are two, there is none.
      if (filter.data != 0) filter.seen |= kNoteMulti;
      filter.data = (filter.seen & kNoteMulti) != 0 ? 0 : data;
    }
  }
  if (event == kNoteRemove) filter.gone = true;
  if (first && filter.seen != 0) active_.push_back(filter.id);
}

void Filters::drop_gone() {
  std::erase_if(filters_, [](const Filter& filter) { return filter.gone && filter.seen == 0; });
}

void Filters::deliver(const NoteEntry& note) {
  for (Filter& filter : filters_) {
    if (!filter.gone && filter.prison == note.prison) record(filter, note.event, note.data);
  }
  drop_gone();
}

void Filters::resync(World& world) {
  for (Filter& filter : filters_) {
    if (filter.gone) continue;
    const Prison* prison = world.prisons().by_serial(filter.prison);
    if (prison == nullptr || !prison->alive()) {
      record(filter, kNoteRemove, 0);
      continue;
    }
    for (std::uint32_t event : {kNoteChild, kNoteAttach, kNoteSet}) {
      record(filter, event, 0);
      if ((filter.wanted & event) != 0 && event != kNoteSet) filter.seen |= kNoteMulti;
    }
    if ((filter.seen & kNoteMulti) != 0) filter.data = 0;
  }
  drop_gone();
}

std::size_t Filters::take(std::vector<JailEvent>& events) {
  std::size_t taken = 0;
  for (const std::uint64_t id : active_) {
    for (Filter& filter : filters_) {
      if (filter.id != id) continue;
      events.push_back({filter.by_descriptor, filter.ident, filter.seen, filter.data, filter.gone});
      filter.seen = 0;
      filter.data = 0;
      ++taken;
    }
  }
  active_.clear();
  drop_gone();
  return taken;
}

}  // namespace bsdjail::simulated
