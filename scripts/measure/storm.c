// A storm of one system call or of a mixture, for what watching adds to it:
//
//   storm MODE COUNT [CORE [RATE [MARKER EVERY FIRST]]]
//
// CORE -1 is any; RATE is iterations a second, 0 without limit. Every EVERYth iteration opens MARKER and a number from
// FIRST on, which is not there. It prints "begun" first; at the end, or when told by SIGTERM, nanoseconds of wall clock
// and of CPU for each iteration, iterations, seconds, and markers opened.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILE_READ "/etc/hostname"
#define BATCH 100 // iterations between two looks at the clock of a limited storm

extern char **environ;
static volatile sig_atomic_t told;
static int null;
static char bytes[64];

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static double cpu_of(int whom) {
  struct rusage used;
  getrusage(whom, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e9 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e3;
}

static void open_and_close(void) { close(open(FILE_READ, O_RDONLY)); }

static void ask_for_parent(void) { syscall(SYS_getppid); }

static void mix(void) {
  struct stat status;
  stat(FILE_READ, &status);
  int file = open(FILE_READ, O_RDONLY);
  if (read(file, bytes, sizeof bytes) < 0 || write(null, bytes, sizeof bytes) < 0) exit(1);
  close(file);
}

static void spawn(void) {
  pid_t child;
  char *arguments[] = {"true", NULL};
  if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ)) exit(1);
  waitpid(child, NULL, 0);
}

static void nothing(void) {}

static const struct {
  const char *name;
  void (*once)(void);
} MODES[] = {{"open", open_and_close}, {"getppid", ask_for_parent}, {"mix", mix}, {"spawn", spawn}, {"marker", nothing}};

static void stop(int signal) { told = signal; }

static void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (sched_setaffinity(0, sizeof set, &set)) perror("storm: sched_setaffinity"), exit(1);
}

static void wait_until(double due) {
  double left = due - now(CLOCK_MONOTONIC);
  if (left <= 0) return;
  struct timespec rest = {(time_t)(left / 1e9), (long)left % 1000000000};
  nanosleep(&rest, NULL);
}

static void open_marker(const char *marker, long number) {
  char path[4096];
  snprintf(path, sizeof path, "%s%ld", marker, number);
  int file = open(path, O_RDONLY);
  if (file >= 0) close(file);
}

int main(int argc, char **argv) {
  void (*once)(void) = NULL;
  for (size_t i = 0; argc > 2 && i < sizeof MODES / sizeof *MODES; i++)
    if (!strcmp(argv[1], MODES[i].name)) once = MODES[i].once;
  if (!once) return fprintf(stderr, "usage: storm MODE COUNT [CORE [RATE [MARKER EVERY FIRST]]]\n"), 2;
  long count = atol(argv[2]), rate = argc > 4 ? atol(argv[4]) : 0;
  const char *marker = argc > 7 ? argv[5] : NULL;
  long every = marker ? atol(argv[6]) : 0, first = marker ? atol(argv[7]) : 0, markers = 0, i = 0;
  if (argc > 3 && atoi(argv[3]) >= 0) pin(atoi(argv[3]));
  setpriority(PRIO_PROCESS, 0, 0); // whoever measures may have taken precedence
  signal(SIGTERM, stop);
  null = open("/dev/null", O_WRONLY);
  puts("begun");
  fflush(stdout);
  double start = now(CLOCK_MONOTONIC), used = cpu_of(RUSAGE_SELF);
  while (i < count && !told) {
    once();
    i++;
    if (every && i % every == 0) open_marker(marker, first + markers++);
    if (rate && i % BATCH == 0) wait_until(start + i * 1e9 / rate);
  }
  double wall = now(CLOCK_MONOTONIC) - start, cpu = cpu_of(RUSAGE_SELF) - used + cpu_of(RUSAGE_CHILDREN);
  printf("%.1f %.1f %ld %.4f %ld\n", wall / (i ? i : 1), cpu / (i ? i : 1), i, wall / 1e9, markers);
  return 0;
}
