/* Do things under any name: the name is that of the link by which it is started.
 *
 *	act do VERB [ARGUMENT]... [then VERB [ARGUMENT]...]...
 *
 * Started otherwise it does nothing. What fails is passed over: the attempt is what counts. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYS_FCHMODAT2 452 /* newer than the headers of Debian 12 */

static struct sockaddr_in address(char **words)
{
	struct sockaddr_in found = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};

	inet_pton(AF_INET, words[0], &found.sin_addr);
	return found;
}

static void do_read(char **words)
{
	close(open(words[0], O_RDONLY));
}

static void do_write(char **words)
{
	close(open(words[0], O_WRONLY | O_CREAT, 0644));
}

static void do_empty(char **words)
{
	close(open(words[0], O_WRONLY | O_TRUNC));
}

static void do_create_program(char **words)
{
	close(open(words[0], O_WRONLY | O_CREAT, 0755));
}

/* Start a program and wait for its end; its arguments go on to the end of ours. */
static void do_run(char **words)
{
	pid_t child = fork();

	if (child == 0) {
		execv(words[0], words);
		_exit(127);
	}
	waitpid(child, NULL, 0);
}

/* Does not wait for an answer: the kernel says EINPROGRESS, or has sent the datagrams' address. */
static void connect_by(int type, char **words)
{
	struct sockaddr_in to = address(words);
	int file = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	connect(file, (struct sockaddr *)&to, sizeof(to));
	close(file);
}

static void do_tcp(char **words)
{
	connect_by(SOCK_STREAM, words);
}

static void do_udp(char **words)
{
	connect_by(SOCK_DGRAM, words);
}

/* Accept a connection from oneself at ADDRESS PORT, and be told CLASS, the beginning of a Java class. */
static void do_serve(char **words)
{
	struct sockaddr_in at = address(words);
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	char buffer[64];

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	bind(listener, (struct sockaddr *)&at, sizeof(at));
	listen(listener, 1);
	connect(client, (struct sockaddr *)&at, sizeof(at));
	int server = accept(listener, NULL, NULL);
	send(server, "\xca\xfe\xba\xbe\0\0\0A", 8, 0);
	recv(client, buffer, sizeof(buffer), MSG_DONTWAIT);
	close(server);
	close(client);
	close(listener);
}

static void do_stdin_to_socket(char **words)
{
	struct sockaddr_in to = address(words);
	int file = socket(AF_INET, SOCK_DGRAM, 0);

	connect(file, (struct sockaddr *)&to, sizeof(to));
	dup2(file, 0);
}

static void do_packet(char **words)
{
	(void)words;
	close(socket(AF_PACKET, SOCK_RAW, 0));
}

static void do_traced(char **words)
{
	(void)words;
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void do_attach(char **words)
{
	ptrace(PTRACE_ATTACH, atoi(words[0]), NULL, NULL);
}

static void do_setuid(char **words)
{
	setuid(atoi(words[0]));
}

static void do_setns(char **words)
{
	setns(open(words[0], O_RDONLY), 0);
}

static void do_unshare(char **words)
{
	(void)words;
	unshare(CLONE_NEWUSER);
}

static void do_bpf(char **words)
{
	union bpf_attr attributes = {};

	(void)words;
	syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes));
}

static void do_userfaultfd(char **words)
{
	(void)words;
	syscall(SYS_userfaultfd, O_CLOEXEC);
}

static void do_sleep(char **words)
{
	usleep(1000 * atoi(words[0]));
}

static void do_openat2(char **words)
{
	struct open_how how = {.flags = O_RDONLY};

	syscall(SYS_openat2, AT_FDCWD, words[0], &how, sizeof(how));
}

static void do_setuid_bit(char **words)
{
	syscall(SYS_FCHMODAT2, AT_FDCWD, words[0], 04755, 0);
}

static void do_setuid_bit_of_open_file(char **words)
{
	int file = open(words[0], O_RDONLY);

	fchmod(file, 04755);
	close(file);
}

static void do_name(char **words)
{
	prctl(PR_SET_NAME, words[0]);
}

/* A process of one's own that waits, with the same memory at the same addresses. */
static pid_t begin_other(void)
{
	pid_t other = fork();

	if (other == 0)
		pause();
	return other;
}

static void end_other(pid_t other)
{
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

static void do_write_memory(char **words)
{
	char text[8] = "written";
	struct iovec part = {.iov_base = text, .iov_len = sizeof(text)};
	pid_t other = begin_other();

	(void)words;
	process_vm_writev(other, &part, 1, &part, 1, 0);
	end_other(other);
}

static void do_take_descriptor(char **words)
{
	pid_t other = begin_other();

	(void)words;
	syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, other, 0), 1, 0);
	end_other(other);
}

static void do_new_namespace(char **words)
{
	struct clone_args arguments = {.flags = CLONE_NEWUSER | CLONE_NEWUTS, .exit_signal = SIGCHLD};
	pid_t child = syscall(SYS_clone3, &arguments, sizeof(arguments));

	(void)words;
	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
}

static const struct verb {
	const char *name;
	void (*act)(char **words);
} VERBS[] = {
	{"read", do_read}, {"write", do_write}, {"empty", do_empty}, {"create-program", do_create_program},
	{"run", do_run}, {"tcp", do_tcp}, {"udp", do_udp}, {"serve", do_serve},
	{"stdin-to-socket", do_stdin_to_socket}, {"packet", do_packet}, {"traced", do_traced},
	{"attach", do_attach}, {"setuid", do_setuid}, {"setns", do_setns}, {"unshare", do_unshare},
	{"openat2", do_openat2}, {"setuid-bit", do_setuid_bit}, {"setuid-bit-of-open-file", do_setuid_bit_of_open_file}, {"name", do_name},
	{"write-memory", do_write_memory}, {"take-descriptor", do_take_descriptor}, {"new-namespace", do_new_namespace},
	{"bpf", do_bpf}, {"userfaultfd", do_userfaultfd}, {"sleep", do_sleep},
};

static int act(char **words)
{
	for (size_t i = 0; i < sizeof(VERBS) / sizeof(*VERBS); i++)
		if (strcmp(words[0], VERBS[i].name) == 0) {
			VERBS[i].act(words + 1);
			return 0;
		}
	fprintf(stderr, "act: there is no verb %s\n", words[0]);
	return 2;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 3 || strcmp(argv[1], "do"))
		return 0;
	char **words = argv + 2;
	for (char **word = words; *word && !failed; word++)
		if (strcmp(*word, "then") == 0) {
			failed = act(words);
			words = word + 1;
		}
	return failed ? failed : act(words);
}
