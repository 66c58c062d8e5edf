// The text of jail.list: what an honest kernel writes, and what a jail's root makes of it.
#include <set>

#include "../../kernel/dragonfly/list.h"
#include "../../kernel/dragonfly/permissions.h"
#include "check.h"

namespace bsdjail::test {
namespace {

using dragonfly::ListedJail;

std::vector<ListedJail> parsed(const std::string& text, const std::set<int>& living, bool* joined = nullptr,
                               bool* whole = nullptr) {
  std::vector<ListedJail> jails;
  bool some = false;
  const bool good = dragonfly::parse_list(text, [&living](int jid) { return living.count(jid) != 0; }, jails, some);
  if (joined != nullptr) *joined = some;
  if (whole != nullptr) *whole = good;
  return jails;
}

}  // namespace

TEST(list_reads_jails) {
  const auto jails = parsed("12 web.example.org /jails/web 10.0.0.1 ::2\n3 db /jails/db", {3, 12});
  CHECK_EQ(jails.size(), 2u);
  CHECK_EQ(jails[0].jid, 12);
  CHECK_EQ(jails[0].hostname, "web.example.org");
  CHECK_EQ(jails[0].path, "/jails/web");
  CHECK_EQ(jails[0].addresses.size(), 2u);
  CHECK_EQ(jails[0].addresses[0].bytes, std::string("\x0a\0\0\x01", 4));
  CHECK_EQ(jails[0].addresses[1].bytes, std::string(15, '\0') + '\x02');
  CHECK_EQ(jails[1].path, "/jails/db");
  CHECK(jails[1].addresses.empty());
}

TEST(list_keeps_blanks_in_paths) {
  const auto jails = parsed("1 h /jails/my web server 127.0.0.2\n2 h /jails/a  b\n4  /no name ?family? 10.0.0.1", {1, 2, 4});
  CHECK_EQ(jails[0].path, "/jails/my web server");
  CHECK_EQ(jails[0].addresses.size(), 1u);
  CHECK_EQ(jails[1].path, "/jails/a  b");
  CHECK_EQ(jails[2].hostname, "");
  CHECK_EQ(jails[2].path, "/no name");
  CHECK_EQ(jails[2].addresses.size(), 2u);
  CHECK(jails[2].addresses[0].bytes.empty());
}

TEST(list_of_none) {
  CHECK(parsed("", {}).empty());
}

// A host name with a blank can put something before the path, and never a path of its choice in its place.
TEST(list_is_not_led_astray_by_blanks) {
  const auto jails = parsed("5 a /etc /jails/x 10.0.0.9", {5});
  CHECK_EQ(jails[0].hostname, "a");
  CHECK_EQ(jails[0].path, "/etc /jails/x");
}

TEST(list_joins_lines_of_jails_that_are_not_there) {
  bool joined = false;
  const auto jails = parsed("5 a /etc\n7 b /jails/x 10.0.0.9\n3 c /jails/c", {3, 5}, &joined);
  CHECK(joined);
  CHECK_EQ(jails.size(), 2u);
  CHECK_EQ(jails[0].path, "/etc\n7 b /jails/x");
  CHECK_EQ(jails[1].jid, 3);
  parsed("garbage\n3 c /jails/c", {3}, &joined);
  CHECK(joined);
}

TEST(list_refuses_a_jail_that_is_there_twice) {
  bool whole = true;
  parsed("5 a /x\n3 forged /etc\n3 c /jails/c", {3, 5}, nullptr, &whole);
  CHECK(!whole);
}

TEST(paths_that_can_be_told_from_addresses) {
  CHECK(dragonfly::path_can_be_listed("/jails/my web"));
  CHECK(!dragonfly::path_can_be_listed("/jails/web 10.0.0.1"));
  CHECK(!dragonfly::path_can_be_listed("/jails/web ::1"));
  CHECK(!dragonfly::path_can_be_listed("/jails/web ?family?"));
  CHECK(!dragonfly::path_can_be_listed("/jails/a\nb"));
}

TEST(permissions_have_common_names) {
  bool inverted = false;
  const auto name = [&inverted](const char* leaf) { return dragonfly::permission_name(leaf, inverted); };
  CHECK_EQ(name("socket_unixiproute_only"), "allow.socket_af");
  CHECK(inverted);
  CHECK_EQ(name("net_unixiproute"), "allow.socket_af");
  CHECK_EQ(name("sys_set_hostname"), "allow.set_hostname");
  CHECK(!inverted);
  CHECK_EQ(name("set_hostname_allowed"), "allow.set_hostname");
  CHECK_EQ(name("sysvipc_allowed"), "allow.sysvipc");
  CHECK_EQ(name("sys_sysvipc"), "allow.sysvipc");
  CHECK_EQ(name("vfs_chflags"), "allow.chflags");
  CHECK_EQ(name("chflags_allowed"), "allow.chflags");
  CHECK_EQ(name("net_raw_sockets"), "allow.raw_sockets");
  CHECK_EQ(name("allow_raw_sockets"), "allow.raw_sockets");
  CHECK_EQ(name("allow_listen_override"), "allow.listen_override");
  CHECK_EQ(name("vfs_mount_hammer2"), "allow.mount.hammer2");
  CHECK_EQ(name("sys_settime"), "allow.settime");
}

}  // namespace bsdjail::test
