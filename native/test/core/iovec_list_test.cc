#include "../../core/iovec_list.h"

#include <cstring>

#include "check.h"

using bsdjail::IovecList;

namespace {

constexpr std::uint8_t kData[] = {'j', 'i', 'd', 0, 1, 0, 0, 0};

TEST(unpack_cuts_the_data_in_order) {
  const std::int32_t lengths[] = {4, 4};
  IovecList list;
  CHECK(list.unpack(kData, sizeof kData, lengths, 2));
  CHECK_EQ(list.count(), std::size_t{2});
  CHECK_EQ(std::strcmp(static_cast<const char*>(list.entries()[0].base), "jid"), 0);
  CHECK_EQ(static_cast<const std::uint8_t*>(list.entries()[1].base)[0], 1);
  CHECK_EQ(list.length(1), 4);
}

TEST(unpack_copies_so_that_the_callers_bytes_stay) {
  std::uint8_t data[] = {1, 2};
  const std::int32_t lengths[] = {1, 1};
  IovecList list;
  CHECK(list.unpack(data, 2, lengths, 2));
  static_cast<std::uint8_t*>(list.entries()[0].base)[0] = 9;
  CHECK_EQ(data[0], 1);
  CHECK_EQ(list.bytes()[0], 9);
}

TEST(negative_lengths_are_null_bases) {
  const std::int32_t lengths[] = {8, -1, 0, -65};
  IovecList list;
  CHECK(list.unpack(kData, sizeof kData, lengths, 4));
  CHECK(list.entries()[1].base == nullptr);
  CHECK_EQ(list.entries()[1].len, std::size_t{0});
  CHECK(list.entries()[2].base != nullptr);
  CHECK_EQ(list.entries()[2].len, std::size_t{0});
  CHECK(list.entries()[3].base == nullptr);
  CHECK_EQ(list.entries()[3].len, std::size_t{64});
}

TEST(the_smallest_length_does_not_overflow) {
  const std::int32_t lengths[] = {INT32_MIN};
  IovecList list;
  CHECK(list.unpack(nullptr, 0, lengths, 1));
  CHECK_EQ(list.entries()[0].len, std::size_t{INT32_MAX});
}

TEST(lengths_that_do_not_add_up_are_refused) {
  const std::int32_t more[] = {4, 5};
  const std::int32_t less[] = {4, 3};
  const std::int32_t huge[] = {INT32_MAX, INT32_MAX, INT32_MAX};
  IovecList list;
  CHECK(!list.unpack(kData, sizeof kData, more, 2));
  CHECK(!list.unpack(kData, sizeof kData, less, 2));
  CHECK(!list.unpack(kData, sizeof kData, huge, 3));
  CHECK(!list.unpack(kData, sizeof kData, nullptr, 0));
  CHECK(list.unpack(nullptr, 0, nullptr, 0));
}

TEST(a_length_beyond_an_int32_is_told_as_the_most) {
  const std::int32_t lengths[] = {8};
  IovecList list;
  CHECK(list.unpack(kData, sizeof kData, lengths, 1));
  list.entries()[0].len = std::size_t{1} << 40;
  CHECK_EQ(list.length(0), INT32_MAX);
}

}  // namespace
