// The start of an executable that runs on FreeBSD 13 as well: zig's start code is that of 14, which calls this function
// of libc, and 13's libc has none.
#include <stdlib.h>

extern char **environ;
extern const char *__progname;

_Noreturn void __libc_start1(int argc, char **argv, char **env, void (*cleanup)(void),
                             int (*entry)(int, char **, char **));

_Noreturn void __libc_start1(int argc, char **argv, char **env, void (*cleanup)(void),
                             int (*entry)(int, char **, char **)) {
  if (environ == NULL) environ = env;
  if (argc > 0 && argv[0] != NULL) {
    __progname = argv[0];
    for (const char *at = argv[0]; *at != '\0'; ++at) {
      if (*at == '/') __progname = at + 1;
    }
  }
  // The run-time linker's: it runs the libraries' destructors.
  if (cleanup != NULL) atexit(cleanup);
  exit(entry(argc, argv, env));
}
