// A storm of one system call, for the cost that watching adds to it: storm open|getppid COUNT.
// Prints wall-clock nanoseconds for each iteration.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  long count = atol(argv[2]);
  int opens = strcmp(argv[1], "open") == 0;
  double start = now();
  for (long i = 0; i < count; i++) {
    if (opens) close(open("/etc/hostname", O_RDONLY));
    else syscall(SYS_getppid);
  }
  printf("%.1f\n", (now() - start) / count);
  return 0;
}
