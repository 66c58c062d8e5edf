// The least that a test needs: TEST(name) registers one, CHECK and CHECK_EQ fail it and go on; run_tests() counts.
#pragma once

#include <cstdio>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

namespace bsdjail::test {

struct Case {
  const char* name;
  void (*body)();
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

inline int& failures() {
  static int count = 0;
  return count;
}

struct Registration {
  Registration(const char* name, void (*body)()) { cases().push_back({name, body}); }
};

inline void fail(const char* file, int line, const std::string& what) {
  std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
  ++failures();
}

template <typename A, typename B>
void check_equal(const A& actual, const B& expected, const char* text, const char* file, int line) {
  if (actual == expected) return;
  std::ostringstream what;
  what << text << ": got " << actual << ", expected " << expected;
  fail(file, line, what.str());
}

// Runs every test whose name contains argv[1], or all; the exit status.
inline int run_tests(int argc, char** argv) {
  int passed = 0;
  int failed = 0;
  for (const Case& test : cases()) {
    if (argc > 1 && std::string(test.name).find(argv[1]) == std::string::npos) continue;
    const int before = failures();
    try {
      test.body();
    } catch (const std::exception& error) {
      fail(test.name, 0, error.what());
    }
    const bool good = failures() == before;
    good ? ++passed : ++failed;
    if (!good) std::fprintf(stderr, "FAILED %s\n", test.name);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace bsdjail::test

#define TEST(name)                                                            \
  static void test_##name();                                                  \
  static const ::bsdjail::test::Registration register_##name(#name, test_##name); \
  static void test_##name()
#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) ::bsdjail::test::fail(__FILE__, __LINE__, #condition);    \
  } while (false)
#define CHECK_EQ(actual, expected) \
  ::bsdjail::test::check_equal((actual), (expected), #actual, __FILE__, __LINE__)
