/* Open a file by a 32-bit system call, as a program with 64 bits may.   int80 PATH */
#include <string.h>
#include <sys/mman.h>

#define NR_OPEN_32 5

int main(int argc, char **argv)
{
	/* Pointers of 32-bit calls have 32 bits. */
	char *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long result = -1;

	if (argc < 2 || low == MAP_FAILED)
		return 2;
	strncpy(low, argv[1], 4095);
#if defined(__x86_64__)
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(NR_OPEN_32), "b"(low), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
#endif
	return result < 0;
}
