#include "check.h"

int main(int argc, char** argv) { return bsdjail::test::run_tests(argc, argv); }
