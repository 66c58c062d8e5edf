#include "../../core/read.h"

#include <string>

#include "check.h"
#include "scripted_kernel.h"

using bsdjail::Field;
using bsdjail::Key;
using bsdjail::Outcome;
using bsdjail::Rows;
using bsdjail::test::Call;
using bsdjail::test::ScriptedKernel;

namespace {

Key jid_key(int jid) { return Key{Key::Kind::kJid, jid, ""}; }

std::string bytes_of(const Rows& rows) { return std::string(rows.data.begin(), rows.data.end()); }

TEST(a_read_passes_key_fields_and_errmsg) {
  ScriptedKernel kernel;
  kernel.on_get = [](const Call& call) {
    CHECK_EQ(call.number("jid"), 7);
    CHECK_EQ(call.value("securelevel").len, std::size_t{4});
    CHECK_EQ(call.value("errmsg").len, std::size_t{1024});
    CHECK_EQ(call.flags(), 8);
    call.put_number("securelevel", 3);
    return Outcome::ok(7);
  };
  Rows rows;
  read_jail(kernel, jid_key(7), {{"securelevel", 4}}, 8, rows);
  CHECK_EQ(rows.outcome.value, 7);
  CHECK_EQ(rows.rows, std::size_t{1});
  CHECK_EQ(bytes_of(rows), std::string("\3\0\0\0", 4));
}

TEST(a_name_key_ends_in_nul_and_a_descriptor_sets_its_flag) {
  ScriptedKernel kernel;
  kernel.on_get = [](const Call& call) {
    if (call.has("name")) {
      CHECK(call.value("name").len >= 4);
      CHECK_EQ(static_cast<const char*>(call.value("name").base)[call.value("name").len - 1], '\0');
      CHECK_EQ(call.text("name"), std::string("web"));
      return Outcome::ok(1);
    }
    CHECK_EQ(call.number("desc"), 5);
    CHECK_EQ(call.flags(), bsdjail::kJailUseDesc);
    return Outcome::ok(1);
  };
  Rows rows;
  read_jail(kernel, Key{Key::Kind::kName, 0, "web"}, {}, 0, rows);
  read_jail(kernel, Key{Key::Kind::kDescriptor, 5, ""}, {}, 0, rows);
  CHECK_EQ(kernel.calls, 2);
  CHECK(!rows.outcome.failed());
}

TEST(a_field_that_names_the_key_shares_its_entry) {
  ScriptedKernel kernel;
  kernel.on_get = [](const Call& call) {
    CHECK_EQ(call.pairs(), std::size_t{2});
    CHECK_EQ(call.text("name"), std::string("7"));
    call.put_text("name", "a.much.longer.name");
    return Outcome::ok(7);
  };
  Rows rows;
  read_jail(kernel, Key{Key::Kind::kName, 0, "7"}, {{"name", 256, false, true}, {"name", 256, false, true}}, 0, rows);
  CHECK_EQ(bytes_of(rows), std::string("a.much.longer.namea.much.longer.name"));
  Rows by_jid;
  kernel.on_get = [](const Call& call) { return Outcome::ok(call.number("jid")); };
  read_jail(kernel, jid_key(7), {{"jid", 4}}, 0, by_jid);
  CHECK_EQ(bytes_of(by_jid), std::string("\7\0\0\0", 4));
}

TEST(a_field_that_is_asked_for_twice_is_answered_twice) {
  ScriptedKernel kernel;
  kernel.on_get = [](const Call& call) {
    CHECK_EQ(call.pairs(), std::size_t{3});
    call.put_number("securelevel", 2);
    return Outcome::ok(1);
  };
  Rows rows;
  read_jail(kernel, jid_key(1), {{"securelevel", 4}, {"securelevel", 4}}, 0, rows);
  CHECK_EQ(bytes_of(rows), std::string("\2\0\0\0\2\0\0\0", 8));
}

TEST(a_refusal_keeps_errno_and_message_and_has_no_row) {
  ScriptedKernel kernel;
  kernel.on_get = [](const Call& call) {
    call.put_text("errmsg", "jail 9 not found");
    return Outcome::fail(bsdjail::kENOENT);
  };
  Rows rows;
  read_jail(kernel, jid_key(9), {{"name", 64, false, true}}, 0, rows);
  CHECK_EQ(rows.outcome.error, bsdjail::kENOENT);
  CHECK_EQ(rows.message, std::string("jail 9 not found"));
  CHECK_EQ(rows.rows, std::size_t{0});
}

TEST(text_ends_at_its_nul_and_other_values_do_not) {
  ScriptedKernel kernel;
  kernel.on_get = [](const Call& call) {
    call.put_text("name", "ab");
    call.put_text("raw", "ab");
    return Outcome::ok(1);
  };
  Rows rows;
  read_jail(kernel, jid_key(1), {{"name", 16, false, true}, {"raw", 4}}, 0, rows);
  CHECK_EQ(rows.lengths[0], 2);
  CHECK_EQ(rows.lengths[1], 4);
  CHECK_EQ(bytes_of(rows), std::string("abab\0\0", 6));
}

TEST(a_value_that_outgrew_its_room_is_asked_for_its_size_and_read_again) {
  ScriptedKernel kernel;
  const std::string addresses(400, 'x');
  kernel.on_get = [&](const Call& call) {
    return call.put_array("ip4.addr", addresses) ? Outcome::ok(1) : Outcome::fail(bsdjail::kEINVAL);
  };
  Rows rows;
  read_jail(kernel, jid_key(1), {{"ip4.addr", 4, true}}, 0, rows);
  CHECK_EQ(kernel.calls, 3);
  CHECK_EQ(bytes_of(rows), addresses);
}

TEST(a_field_without_room_is_still_read) {
  ScriptedKernel kernel;
  kernel.on_get = [](const Call& call) {
    return call.put_array("meta", "a=b") ? Outcome::ok(1) : Outcome::fail(bsdjail::kEINVAL);
  };
  Rows rows;
  read_jail(kernel, jid_key(1), {{"meta", 0, true}}, 0, rows);
  CHECK_EQ(bytes_of(rows), std::string("a=b"));
}

TEST(a_value_that_never_stops_growing_is_given_up) {
  ScriptedKernel kernel;
  std::size_t size = 1000;
  kernel.on_get = [&](const Call& call) {
    size *= 2;
    return call.put_array("meta", std::string(size, 'x')) ? Outcome::ok(1) : Outcome::fail(bsdjail::kEINVAL);
  };
  Rows rows;
  read_jail(kernel, jid_key(1), {{"meta", 4, true}}, 0, rows);
  CHECK_EQ(rows.outcome.error, bsdjail::kEINVAL);
  CHECK(kernel.calls < 20);
}

TEST(einval_with_a_message_is_an_answer_not_a_size) {
  ScriptedKernel kernel;
  kernel.on_get = [](const Call& call) {
    call.put_text("errmsg", "unknown parameter: nosuch");
    return Outcome::fail(bsdjail::kEINVAL);
  };
  Rows rows;
  read_jail(kernel, jid_key(1), {{"nosuch", 4, true}}, 0, rows);
  CHECK_EQ(kernel.calls, 1);
  CHECK_EQ(rows.message, std::string("unknown parameter: nosuch"));
}

TEST(einval_is_not_retried_where_nothing_can_grow) {
  ScriptedKernel kernel;
  kernel.on_get = [](const Call&) { return Outcome::fail(bsdjail::kEINVAL); };
  Rows rows;
  read_jail(kernel, jid_key(1), {{"securelevel", 5}}, 0, rows);
  CHECK_EQ(kernel.calls, 1);
  CHECK_EQ(rows.outcome.error, bsdjail::kEINVAL);
}

// Jails 1, 3 and 4; a jail that is asked about by its size may be gone when it is read.
Outcome three_jails(const Call& call) {
  for (const int jid : {1, 3, 4}) {
    if (jid > call.number("lastjid")) {
      if (call.has("jid")) call.put_number("jid", jid);
      return Outcome::ok(jid);
    }
  }
  call.put_text("errmsg", "no jail after 4");
  return Outcome::fail(bsdjail::kENOENT);
}

TEST(a_list_walks_to_its_end) {
  ScriptedKernel kernel;
  kernel.on_get = three_jails;
  Rows rows;
  list_jails(kernel, {{"jid", 4}}, 0, rows);
  CHECK_EQ(rows.outcome.value, 3);
  CHECK_EQ(rows.rows, std::size_t{3});
  CHECK_EQ(bytes_of(rows), std::string("\1\0\0\0\3\0\0\0\4\0\0\0", 12));
  CHECK_EQ(kernel.calls, 4);
  CHECK(rows.message.empty());
}

TEST(a_list_without_fields_counts) {
  ScriptedKernel kernel;
  kernel.on_get = three_jails;
  Rows rows;
  list_jails(kernel, {}, 0, rows);
  CHECK_EQ(rows.rows, std::size_t{3});
  CHECK(rows.data.empty());
}

TEST(a_jail_that_went_between_size_and_read_is_left_out) {
  ScriptedKernel kernel;
  bool gone = false;
  kernel.on_get = [&](const Call& call) {
    const int jid = call.number("lastjid") < 1 ? 1 : call.number("lastjid") < 2 && !gone ? 2 : 5;
    if (call.number("lastjid") >= 5) return Outcome::fail(bsdjail::kENOENT);
    if (jid == 2 && call.asks_size("ip4.addr")) gone = true;
    const std::string addresses(jid == 2 ? 800 : 8, static_cast<char>('0' + jid));
    return call.put_array("ip4.addr", addresses) ? Outcome::ok(jid) : Outcome::fail(bsdjail::kEINVAL);
  };
  Rows rows;
  list_jails(kernel, {{"ip4.addr", 8, true}}, 0, rows);
  CHECK_EQ(rows.outcome.value, 2);
  CHECK_EQ(bytes_of(rows), std::string("1111111155555555"));
}

TEST(a_list_that_is_refused_tells_why) {
  ScriptedKernel kernel;
  kernel.on_get = [](const Call& call) {
    call.put_text("errmsg", "unknown parameter: nosuch");
    return Outcome::fail(bsdjail::kEINVAL);
  };
  Rows rows;
  list_jails(kernel, {{"nosuch", 4}}, 0, rows);
  CHECK_EQ(rows.outcome.error, bsdjail::kEINVAL);
  CHECK_EQ(rows.message, std::string("unknown parameter: nosuch"));
}

}  // namespace
