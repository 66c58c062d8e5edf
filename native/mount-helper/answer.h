// How the helper talks to its caller: fields that end in a NUL, since paths may hold every other byte.
#pragma once

#include <string>

namespace bsdjail {

// Exit status of everything that failed and was told.
inline constexpr int kFailed = 1;
// Exit status of wrong arguments.
inline constexpr int kUsage = 64;

void put_field(const std::string& text);
// errno's name, the call, the path and, where the kernel has words of its own, those; returns kFailed.
int tell_failure(int error, const char* call, const std::string& path, const std::string& words = {});

}  // namespace bsdjail
