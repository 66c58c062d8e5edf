// A machine as text: one line for each thing, a checksum at the end.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "world.h"

namespace bsdjail::simulated {

struct NumberedNote {
  std::uint64_t number = 0;
  NoteEntry note;
};

inline constexpr std::string_view kStateMagic = "bsdjail-machine 1";
inline constexpr std::string_view kStateEnd = "end ";

// FNV-1a, over all that stands before the last line.
std::uint64_t state_checksum(std::string_view text);

// How many notes the text keeps for processes that have yet to read them.
inline constexpr std::size_t kKeptNotes = 256;

std::string write_state(const World& world, const std::deque<NumberedNote>& notes, std::uint64_t last_note);

// Null, with the reason in `problem`, where this is not such a text, or not a whole one.
std::unique_ptr<World> read_state(std::string_view text, std::deque<NumberedNote>& notes, std::uint64_t& last_note,
                                  std::string& problem);

}  // namespace bsdjail::simulated
