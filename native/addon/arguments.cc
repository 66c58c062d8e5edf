#include "arguments.h"

#include <algorithm>
#include <cmath>

namespace bsdjail {
namespace {

[[noreturn]] void refuse(const Napi::CallbackInfo& info, const char* name, const char* wanted) {
  throw Napi::TypeError::New(info.Env(), std::string(name) + " must be " + wanted);
}

}  // namespace

std::int32_t int_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
  if (!info[index].IsNumber()) refuse(info, name, "a 32-bit integer");
  const double value = info[index].As<Napi::Number>().DoubleValue();
  if (!(value >= -2147483648.0 && value <= 2147483647.0) || value != std::trunc(value)) {
    refuse(info, name, "a 32-bit integer");
  }
  return static_cast<std::int32_t>(value);
}

std::uint32_t uint_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
  const double value = info[index].IsNumber() ? info[index].As<Napi::Number>().DoubleValue() : -1;
  if (!(value >= 0 && value <= 4294967295.0) || value != std::trunc(value)) {
    refuse(info, name, "an unsigned 32-bit integer");
  }
  return static_cast<std::uint32_t>(value);
}

std::string string_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
  if (!info[index].IsString()) refuse(info, name, "a string");
  return info[index].As<Napi::String>().Utf8Value();
}

Napi::Uint8Array bytes_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
  if (!info[index].IsTypedArray() ||
      info[index].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    refuse(info, name, "a Uint8Array");
  }
  return info[index].As<Napi::Uint8Array>();
}

Napi::Int32Array ints_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
  if (!info[index].IsTypedArray() ||
      info[index].As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
    refuse(info, name, "an Int32Array");
  }
  return info[index].As<Napi::Int32Array>();
}

std::vector<Field> fields_argument(const Napi::CallbackInfo& info, std::size_t index) {
  const std::string names = string_argument(info, index, "names");
  const Napi::Int32Array spec = ints_argument(info, index + 1, "spec");
  std::vector<Field> fields(spec.ElementLength() / 2);
  std::size_t at = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    // No value is larger than what one call may carry (64 KiB); a larger buffer would only be memory spent.
    if (at > names.size() || spec[2 * i] < 0 || spec[2 * i] > 1 << 20) {
      refuse(info, "spec", "a size from 0 to 1 MiB and traits for each name");
    }
    const std::size_t end = std::min(names.find('\0', at), names.size());
    fields[i].name = names.substr(at, end - at);
    fields[i].size = static_cast<std::size_t>(spec[2 * i]);
    fields[i].grows = (spec[2 * i + 1] & 1) != 0;
    fields[i].text = (spec[2 * i + 1] & 2) != 0;
    at = end + 1;
  }
  return fields;
}

Key key_argument(const Napi::CallbackInfo& info, std::size_t index) {
  Key key;
  switch (int_argument(info, index, "kind")) {
    case 0:
      key.number = int_argument(info, index + 1, "jid");
      break;
    case 1:
      key.kind = Key::Kind::kName;
      key.name = string_argument(info, index + 1, "name");
      break;
    case 2:
      key.kind = Key::Kind::kDescriptor;
      key.number = int_argument(info, index + 1, "desc");
      break;
    default:
      refuse(info, "kind", "0, 1 or 2");
  }
  return key;
}

}  // namespace bsdjail
