#pragma once

#include <sys/wait.h>

#define PROC_PDEATHSIG_CTL 3

extern "C" int procctl(idtype_t type, id_t id, int command, void* argument);
