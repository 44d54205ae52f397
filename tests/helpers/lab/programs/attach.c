/* Trace another process: attach to it, wait for it to stop, let it go.   attach PID */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	pid_t pid = argc > 1 ? atoi(argv[1]) : 0;

	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) || waitpid(pid, NULL, 0) != pid ||
	    ptrace(PTRACE_DETACH, pid, NULL, NULL)) {
		perror("attach");
		return 1;
	}
	return 0;
}
