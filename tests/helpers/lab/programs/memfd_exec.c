/* Run a program without a file: copy it into a memfd and execute that.   memfd-exec PROGRAM [ARGUMENT]... */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv, char **environment)
{
	int program = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	int memory = memfd_create("payload", MFD_CLOEXEC);
	struct stat status;

	if (program < 0 || memory < 0 || fstat(program, &status) ||
	    sendfile(memory, program, NULL, status.st_size) != status.st_size) {
		perror("memfd-exec");
		return 1;
	}
	fexecve(memory, argv + 1, environment);
	perror("fexecve");
	return 1;
}
