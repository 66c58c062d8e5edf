#include "answer.h"

#include <cstdio>

#include "../kernel/errno.h"

namespace bsdjail {

void put_field(const std::string& text) { std::fwrite(text.c_str(), 1, text.size() + 1, stdout); }

int tell_failure(int error, const char* call, const std::string& path, const std::string& words) {
  std::string name(errno_name(errno_from_host(error)));
  for (const std::string& field : {name, std::string(call), path, words}) {
    std::fwrite(field.c_str(), 1, field.size() + 1, stderr);
  }
  return kFailed;
}

}  // namespace bsdjail
