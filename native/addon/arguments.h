// Checks of what JavaScript passed: a wrong type is a TypeError that names the argument, never a crash.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <napi.h>

#include "../core/read.h"

namespace bsdjail {

std::int32_t int_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name);
std::uint32_t uint_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name);
std::string string_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name);
Napi::Uint8Array bytes_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name);
Napi::Int32Array ints_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name);

// Fields from names joined by NULs and two numbers for each: its size, and its traits (1: grows, 2: text).
std::vector<Field> fields_argument(const Napi::CallbackInfo& info, std::size_t index);

// A key from its kind (0 jid, 1 name, 2 descriptor) and its value.
Key key_argument(const Napi::CallbackInfo& info, std::size_t index);

}  // namespace bsdjail
