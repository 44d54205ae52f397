/* Reach something by a detour, as one does to get past detectors.
 *
 *	detour VERB [ARGUMENT]...
 *
 * Exit code 0 when it was reached; 1, with the call that failed, when not. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static int must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(1);
	}
	return result;
}

#define MUST(call) must(call, #call)

/* A socket on standard input:   socket-by dup|dup2|dup3|fcntl|fcntl-cloexec ADDRESS PORT */
static void do_socket_by(char **words)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
	int file = MUST(socket(AF_INET, SOCK_DGRAM, 0));

	inet_pton(AF_INET, words[1], &to.sin_addr);
	MUST(connect(file, (struct sockaddr *)&to, sizeof(to)));
	close(0);
	if (!strcmp(words[0], "dup"))
		MUST(dup(file));
	else if (!strcmp(words[0], "dup2"))
		MUST(dup2(file, 0));
	else if (!strcmp(words[0], "dup3"))
		MUST(dup3(file, 0, O_CLOEXEC));
	else
		MUST(fcntl(file, strcmp(words[0], "fcntl") ? F_DUPFD_CLOEXEC : F_DUPFD, 0));
	MUST(fcntl(0, F_GETFD)); /* this one duplicates nothing */
}

static char path[PATH_MAX];
static const char *fifo, *harmless;

/* Until the first thread stands in a call: its number is the first word. */
static void wait_for_call(long call)
{
	char where[64], state[4096], number[16];
	int file, size;

	snprintf(number, sizeof(number), "%ld ", call);
	snprintf(where, sizeof(where), "/proc/self/task/%d/syscall", getpid());
	do {
		file = MUST(open(where, O_RDONLY));
		size = MUST(read(file, state, sizeof(state) - 1));
		state[size] = 0;
		close(file);
	} while (strncmp(state, number, strlen(number)));
}

/* When the call has begun, its path is written over; only then can it end. */
static void *write_over(void *unused)
{
	wait_for_call(SYS_openat);
	strcpy(path, harmless);
	MUST(open(fifo, O_WRONLY));
	return unused;
}

/* Opens a FIFO by a path that another thread writes over before the call has ended:   written-over FIFO HARMLESS */
static void do_written_over(char **words)
{
	pthread_t thread;

	fifo = words[0], harmless = words[1];
	strcpy(path, fifo);
	pthread_create(&thread, NULL, write_over, NULL);
	MUST(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0));
	pthread_join(thread, NULL);
}

static struct sockaddr_in to = {.sin_family = AF_INET};
static int listener;
static const char *elsewhere;

static void *write_over_address(void *unused)
{
	wait_for_call(SYS_connect);
	inet_pton(AF_INET, elsewhere, &to.sin_addr);
	MUST(accept(listener, NULL, NULL));
	MUST(accept(listener, NULL, NULL));
	return unused;
}

/* Connects to oneself, by an address that another thread writes over while the queue is full:   address OTHER */
static void do_address(char **words)
{
	socklen_t size = sizeof(to);
	pthread_t thread;

	elsewhere = words[0];
	listener = MUST(socket(AF_INET, SOCK_STREAM, 0));
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	MUST(bind(listener, (struct sockaddr *)&to, sizeof(to)));
	MUST(listen(listener, 0));
	MUST(getsockname(listener, (struct sockaddr *)&to, &size));
	MUST(connect(MUST(socket(AF_INET, SOCK_STREAM, 0)), (struct sockaddr *)&to, sizeof(to)));
	pthread_create(&thread, NULL, write_over_address, NULL);
	MUST(connect(MUST(socket(AF_INET, SOCK_STREAM, 0)), (struct sockaddr *)&to, sizeof(to)));
	pthread_join(thread, NULL);
}

/* A descriptor that only names the file, opened again by its number:   number PATH */
static void do_number(char **words)
{
	char again[32];

	snprintf(again, sizeof(again), "/proc/self/fd/%d", MUST(open(words[0], O_PATH)));
	MUST(open(again, O_RDONLY));
}

static void do_open(char **words)
{
	MUST(open(words[0], O_RDONLY));
}

/* In another root folder:   root FOLDER PATH */
static void do_root(char **words)
{
	MUST(chroot(words[0]));
	MUST(chdir("/"));
	MUST(open(words[1], O_RDONLY));
	MUST(open(words[1] + 1, O_RDONLY));
}

static void own_mounts(void)
{
	MUST(unshare(CLONE_NEWNS));
	MUST(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

/* In another root mount:   pivot FOLDER PATH */
static void do_pivot(char **words)
{
	own_mounts();
	MUST(mount(words[0], words[0], NULL, MS_BIND, NULL));
	MUST(chdir(words[0]));
	MUST(syscall(SYS_pivot_root, ".", "."));
	MUST(umount2(".", MNT_DETACH));
	MUST(chdir("/"));
	MUST(open(words[1], O_RDONLY));
}

/* Below a bind mount:   bind FOLDER PLACE NAME */
static void do_bind(char **words)
{
	own_mounts();
	MUST(mount(words[0], words[1], NULL, MS_BIND, NULL));
	MUST(chdir(words[1]));
	MUST(open(words[2], O_RDONLY));
}

/* A tmpfs, without mount(2):   mount PLACE */
static void do_mount(char **words)
{
	own_mounts();
	int system = MUST(syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC));
	MUST(syscall(SYS_fsconfig, system, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	int mounted = MUST(syscall(SYS_fsmount, system, 0, 0));
	MUST(syscall(SYS_move_mount, mounted, "", AT_FDCWD, words[0], MOVE_MOUNT_F_EMPTY_PATH));
}

/* A copy of a mount:   copy-mount FOLDER PLACE */
static void do_copy_mount(char **words)
{
	own_mounts();
	int tree = MUST(syscall(SYS_open_tree, AT_FDCWD, words[0], OPEN_TREE_CLONE | O_CLOEXEC));
	MUST(syscall(SYS_move_mount, tree, "", AT_FDCWD, words[1], MOVE_MOUNT_F_EMPTY_PATH));
}

/* A device by its number:   device PATH MAJOR MINOR */
static void do_device(char **words)
{
	MUST(mknod(words[0], S_IFBLK | 0600, makedev(atoi(words[1]), atoi(words[2]))));
}

static void *open_as_another(void *name)
{
	prctl(PR_SET_NAME, "kworker/u8:3");
	MUST(open(name, O_RDONLY));
	return NULL;
}

/* By a thread of another name:   thread PATH */
static void do_thread(char **words)
{
	pthread_t thread;

	pthread_create(&thread, NULL, open_as_another, words[0]);
	pthread_join(thread, NULL);
}

/* A new name by the file for it:   name NAME PATH */
static void do_name(char **words)
{
	int file = MUST(open("/proc/self/comm", O_WRONLY));

	MUST(write(file, words[0], strlen(words[0])));
	MUST(open(words[1], O_RDONLY));
}

/* When the first thread has ended:   leader-gone PATH */
static void *outlive(void *name)
{
	char status[4096] = "";

	while (!strstr(status, "Z (zombie)")) {
		char of[64];
		snprintf(of, sizeof(of), "/proc/self/task/%d/status", getpid());
		int file = open(of, O_RDONLY);
		status[MUST(read(file, status, sizeof(status) - 1))] = 0;
		close(file);
	}
	MUST(open(name, O_RDONLY));
	exit(0);
}

static void do_leader_gone(char **words)
{
	pthread_t thread;

	pthread_create(&thread, NULL, outlive, words[0]);
	pthread_exit(NULL);
}

/* By a child in the same memory:   vfork PROGRAM [ARGUMENT]... */
static void do_vfork(char **words)
{
	pid_t child = vfork();

	if (child == 0) {
		execv(words[0], words);
		_exit(127);
	}
	MUST(child);
	waitpid(child, NULL, 0);
}

/* From file to file in the kernel:   copy-by sendfile|splice|copy_file_range FROM TO */
static void do_copy_by(char **words)
{
	int from = MUST(open(words[1], O_RDONLY)), to = MUST(open(words[2], O_WRONLY | O_CREAT, 0600));
	int ends[2];

	MUST(pipe(ends));
	if (!strcmp(words[0], "sendfile"))
		MUST(sendfile(to, from, NULL, 4096));
	else if (!strcmp(words[0], "copy_file_range"))
		MUST(copy_file_range(from, NULL, to, NULL, 4096, 0));
	else
		MUST(splice(from, NULL, ends[1], NULL, 4096, 0));
}

/* By its number in the file system:   handle PATH */
static void do_handle(char **words)
{
	static struct {
		struct file_handle handle;
		unsigned char bytes[MAX_HANDLE_SZ];
	} h = {.handle.handle_bytes = MAX_HANDLE_SZ};
	int number;

	MUST(name_to_handle_at(AT_FDCWD, words[0], &h.handle, &number, 0));
	MUST(open_by_handle_at(MUST(open(words[0], O_RDONLY)), &h.handle, O_RDONLY));
}

/* Below DEPTH folders of names of LENGTH bytes:   deep DEPTH LENGTH NAME */
static void do_deep(char **words)
{
	int length = atoi(words[1]);
	char name[256] = "";

	memset(name, 'd', length);
	for (int i = atoi(words[0]); i; i--) {
		MUST(mkdir(name, 0700));
		MUST(chdir(name));
	}
	MUST(open(words[2], O_RDONLY | O_CREAT, 0600));
}

static const struct verb {
	const char *name;
	void (*act)(char **words);
} VERBS[] = {
	{"socket-by", do_socket_by}, {"written-over", do_written_over}, {"address", do_address}, {"number", do_number}, {"open", do_open},
	{"root", do_root}, {"pivot", do_pivot}, {"bind", do_bind}, {"mount", do_mount}, {"copy-mount", do_copy_mount},
	{"device", do_device}, {"thread", do_thread}, {"name", do_name}, {"leader-gone", do_leader_gone},
	{"vfork", do_vfork}, {"copy-by", do_copy_by}, {"handle", do_handle}, {"deep", do_deep},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(VERBS) / sizeof(*VERBS) && argc > 1; i++)
		if (strcmp(argv[1], VERBS[i].name) == 0) {
			VERBS[i].act(argv + 2);
			return 0;
		}
	return 2;
}
