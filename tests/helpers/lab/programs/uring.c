/* Do something by io_uring, without the system call for it.
 *
 *	uring [quiet|poll|slot|chain|refuse|many] VERB [ARGUMENT]...
 *
 * quiet: the kernel tells only a failure; poll: a thread of the kernel submits; slot: a file is opened into a table of
 * the ring, and a socket is used from it, not from that of descriptors; chain: it is asked for twice, the second time
 * after the first one has succeeded; many: it ends three times (accept, to which a child then connects); refuse: the ring does not allow it. Exit code 77 where the kernel has no io_uring or forbids it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOT_HERE 77
#define BIND 56 /* newer than the headers of Debian 12 */
#define LISTEN 57

static int ring;
static struct io_uring_params params;
static unsigned char *area;
static struct io_uring_sqe *entries;
static struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
static struct sockaddr_in to = {.sin_family = AF_INET};
static struct iovec part = {.iov_base = "uring", .iov_len = 5};
static struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &part, .msg_iovlen = 1};

static void set_up(int polls, int refuses)
{
	params.flags = (polls ? IORING_SETUP_SQPOLL : 0) | (refuses ? IORING_SETUP_R_DISABLED : 0);
	params.sq_thread_idle = 1000;
	ring = syscall(SYS_io_uring_setup, 4, &params);
	if (ring < 0 && (errno == EPERM || errno == ENOSYS))
		exit(NOT_HERE);
	area = mmap(NULL, params.cq_off.cqes + 64 * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		    IORING_OFF_SQ_RING);
	entries = mmap(NULL, 4 * sizeof(*entries), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (ring < 0 || area == MAP_FAILED || entries == MAP_FAILED)
		exit(1);
}

static void use_slots(void)
{
	int none[4] = {-1, -1, -1, -1};

	syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, none, 4);
}

/* Put the descriptor of a request in the first place of the table. */
static void move_to_slot(struct io_uring_sqe *entry)
{
	int file = entry->fd;
	struct io_uring_files_update update = {.fds = (unsigned long)&file};

	syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES_UPDATE, &update, 1);
	entry->fd = 0;
	entry->flags |= IOSQE_FIXED_FILE;
}

/* From now on nothing but NOP is allowed. */
static void restrict_ring(void)
{
	struct io_uring_restriction only = {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_NOP};

	syscall(SYS_io_uring_register, ring, IORING_REGISTER_RESTRICTIONS, &only, 1);
	syscall(SYS_io_uring_register, ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

static unsigned *at(unsigned offset)
{
	return (unsigned *)(area + offset);
}

/* Submit the first entries; wait for as many ends. The result of the first, 0 when none is waited for. */
static int submit(unsigned count, unsigned waits)
{
	unsigned *tail = at(params.sq_off.tail), *end = at(params.cq_off.tail);

	for (unsigned i = 0; i < count; i++)
		at(params.sq_off.array)[i] = i;
	__atomic_store_n(tail, *tail + count, __ATOMIC_RELEASE);
	syscall(SYS_io_uring_enter, ring, count, waits, IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAKEUP, NULL, 0);
	while (__atomic_load_n(end, __ATOMIC_ACQUIRE) < waits)
		usleep(1000);
	return waits ? ((struct io_uring_cqe *)(area + params.cq_off.cqes))[0].res : 0;
}

static void name(struct io_uring_sqe *entry, int operation, const char *path)
{
	entry->opcode = operation;
	entry->fd = AT_FDCWD;
	entry->addr = (unsigned long)path;
}

static void names(struct io_uring_sqe *entry, int operation, char **paths)
{
	name(entry, operation, paths[0]);
	entry->len = AT_FDCWD;
	entry->addr2 = (unsigned long)paths[1];
}

static void peer(struct io_uring_sqe *entry, int operation, int type, char **words)
{
	inet_pton(AF_INET, words[0], &to.sin_addr);
	to.sin_port = htons(atoi(words[1]));
	entry->opcode = operation;
	entry->fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
}

static int fill(struct io_uring_sqe *entry, const char *verb, char **words)
{
	if (!strcmp(verb, "open")) {
		name(entry, IORING_OP_OPENAT, words[0]);
	} else if (!strcmp(verb, "create")) {
		name(entry, IORING_OP_OPENAT, words[0]);
		entry->open_flags = O_WRONLY | O_CREAT;
		entry->len = 0644;
	} else if (!strcmp(verb, "open2")) {
		name(entry, IORING_OP_OPENAT2, words[0]);
		entry->len = sizeof(how);
		entry->addr2 = (unsigned long)&how;
	} else if (!strcmp(verb, "unlink")) {
		name(entry, IORING_OP_UNLINKAT, words[0]);
	} else if (!strcmp(verb, "mkdir")) {
		name(entry, IORING_OP_MKDIRAT, words[0]);
		entry->len = 0750;
	} else if (!strcmp(verb, "rename")) {
		names(entry, IORING_OP_RENAMEAT, words);
	} else if (!strcmp(verb, "link")) {
		names(entry, IORING_OP_LINKAT, words);
	} else if (!strcmp(verb, "symlink")) {
		names(entry, IORING_OP_SYMLINKAT, words);
		entry->len = 0;
	} else if (!strcmp(verb, "socket")) {
		entry->opcode = IORING_OP_SOCKET;
		entry->fd = AF_INET;
		entry->off = SOCK_DGRAM;
	} else if (!strcmp(verb, "connect")) {
		peer(entry, IORING_OP_CONNECT, SOCK_DGRAM, words);
		entry->addr = (unsigned long)&to;
		entry->off = sizeof(to);
	} else if (!strcmp(verb, "send")) {
		peer(entry, IORING_OP_SENDMSG, SOCK_DGRAM, words);
		entry->addr = (unsigned long)&message;
		entry->len = 1;
	} else if (!strcmp(verb, "send-zc")) {
		peer(entry, IORING_OP_SEND_ZC, SOCK_DGRAM, words);
		entry->addr = (unsigned long)part.iov_base;
		entry->len = part.iov_len;
		entry->addr2 = (unsigned long)&to;
		entry->addr_len = sizeof(to);
	} else if (!strcmp(verb, "bind")) {
		peer(entry, BIND, SOCK_STREAM, words);
		entry->addr = (unsigned long)&to;
		entry->addr2 = sizeof(to);
	} else if (!strcmp(verb, "listen")) {
		peer(entry, LISTEN, SOCK_STREAM, words);
		bind(entry->fd, (struct sockaddr *)&to, sizeof(to));
		entry->len = 7;
	} else if (!strcmp(verb, "accept")) {
		peer(entry, IORING_OP_ACCEPT, SOCK_STREAM, words);
		bind(entry->fd, (struct sockaddr *)&to, sizeof(to));
		listen(entry->fd, 7);
		entry->ioprio = IORING_ACCEPT_MULTISHOT;
		entry->user_data = 4711;
	} else {
		return 0;
	}
	return 1;
}

static void visit(int times)
{
	if (fork())
		return;
	while (times--)
		connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof(to));
	_exit(0);
}

int main(int argc, char **argv)
{
	char **words = argv + 1;
	const char *way = argc > 2 ? words[0] : "";
	int quiet = !strcmp(way, "quiet"), polls = !strcmp(way, "poll"), slot = !strcmp(way, "slot");
	int chains = !strcmp(way, "chain"), refuses = !strcmp(way, "refuse"), many = !strcmp(way, "many");

	if (argc < 2)
		return 2;
	words += quiet || polls || slot || chains || refuses || many;
	set_up(polls, refuses);
	if (slot)
		use_slots();
	if (!fill(entries, words[0], words + 1))
		return 2;
	if (slot && entries->fd >= 0)
		move_to_slot(entries);
	else if (slot)
		entries->file_index = 1;
	entries[1] = entries[0];
	if (refuses)
		restrict_ring();
	entries->flags |= quiet ? IOSQE_CQE_SKIP_SUCCESS : chains ? IOSQE_IO_LINK : 0;
	if (many)
		visit(3);
	int result = submit(1 + chains, quiet ? 0 : many ? 3 : 1 + chains);
	printf("%d\n", result);
	return result < 0;
}
