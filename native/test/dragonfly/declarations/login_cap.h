#pragma once

#include <pwd.h>
#include <sys/types.h>

#define LOGIN_SETGROUP 0x0001
#define LOGIN_SETLOGIN 0x0002
#define LOGIN_SETPATH 0x0004
#define LOGIN_SETENV 0x0080
#define LOGIN_SETALL 0x01ff

struct login_cap_t;

extern "C" {
login_cap_t* login_getpwclass(const passwd* user);
int setusercontext(login_cap_t* handle, passwd* user, uid_t uid, unsigned int flags);
void login_close(login_cap_t* handle);
}
