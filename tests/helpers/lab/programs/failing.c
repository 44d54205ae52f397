/* Make system calls that cannot succeed, every argument being -1, and print what each returns.
 *
 *	failing native|compat NUMBER[:FIRST]...
 *
 * FIRST is the first argument where it says which call it is (socketcall). */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long native(long number, long first)
{
	long result = syscall(number, first, -1L, -1L, -1L, -1L, -1L);

	return result == -1 ? -errno : result;
}

static long compat(long number, long first)
{
	long result = -ENOSYS;

#if defined(__x86_64__)
	__asm__ volatile("push %%rbp; mov $-1, %%ebp; int $0x80; pop %%rbp"
			 : "=a"(result)
			 : "a"(number), "b"(first), "c"(-1L), "d"(-1L), "S"(-1L), "D"(-1L)
			 : "memory", "r8", "r9", "r10", "r11");
#endif
	return (int)result;
}

int main(int argc, char **argv)
{
	int is_compat = argc > 1 && !strcmp(argv[1], "compat");

	for (int i = 2; i < argc; i++) {
		char *colon = strchr(argv[i], ':');
		long number = atol(argv[i]), first = colon ? atol(colon + 1) : -1;
		printf("%ld\n", is_compat ? compat(number, first) : native(number, first));
		fflush(stdout);
	}
	return 0;
}
