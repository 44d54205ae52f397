/* Requests to io_uring: no system call tells of them. A request is held when it is submitted, with its names, and sent
 * when it is complete, with its result and descriptor. It is then an event like that of the system call which does the
 * same: the rows of `specs` for requests are those of the calls, and arguments are put where the calls have them. */

#ifdef HAVE_URING

#define REQ_F_FIXED_FILE 1 /* the descriptor is a number in a table of the ring; include/linux/io_uring_types.h */
#define REQ_F_CQE_SKIP 64  /* nothing is told when it succeeds */
#define HELD_SIZE 8192

/* The beginning of a scratch, as far as it is in use. */
struct held_request {
	char bytes[offsetof(struct scratch, record) + offsetof(struct record, data) + HELD_SIZE];
};

BPF_PERCPU_ARRAY(uring_scratch, struct scratch, 1);
BPF_PERCPU_ARRAY(complete_scratch, struct scratch, 1);
BPF_F_TABLE("hash", u64, struct held_request, held_requests, 1024, 1 /* BPF_F_NO_PREALLOC */);

/* Some requests end again and again (accept). Only the last end names the request; those before name what the program
 * calls it, in its ring. */
struct repeated {
	u64 ring;
	u64 user_data;
};
BPF_F_TABLE("hash", struct repeated, u64, repeated_ends, 1024, 1 /* BPF_F_NO_PREALLOC */);

static __always_inline void add_filename(struct scratch *s, u32 section, struct filename *name)
{
	if (name)
		add_kernel_string(s, section, READ(name, name));
}

static __always_inline void add_kernel_bytes(struct scratch *s, u32 section, void *pointer, u32 size)
{
	u64 offset = room(s);
	if (offset == DATA_SIZE || bpf_probe_read_kernel(&s->record.data[offset], size, pointer))
		return;
	add(s, section, size);
}

/* A struct sockaddr that the kernel has copied. */
static __always_inline void add_kernel_address(struct scratch *s, void *pointer, u32 size)
{
	if (size < 3 || size >= SOCKADDR_SIZE)
		return;
	OPAQUE(size);
	add_kernel_bytes(s, SECTION_SOCKADDR, pointer, size & (SOCKADDR_SIZE - 1));
}

static __always_inline void describe_open(struct scratch *s, struct io_open *open)
{
	u64 *args = s->record.args;
	args[0] = (s64)(s32)READ(open, dfd);
	args[2] = READ(open, how.flags);
	args[3] = READ(open, how.mode);
	add_filename(s, SECTION_NAME0, READ(open, filename));
	if (READ(open, file_slot))
		s->spec.fd = FROM_NOWHERE;
}

static __always_inline void describe_unlink(struct scratch *s, struct io_unlink *unlink)
{
	s->record.args[0] = (s64)(s32)READ(unlink, dfd);
	s->record.args[2] = READ(unlink, flags);
	add_filename(s, SECTION_NAME0, READ(unlink, filename));
}

static __always_inline void describe_mkdir(struct scratch *s, struct io_mkdir *mkdir)
{
	s->record.args[0] = (s64)(s32)READ(mkdir, dfd);
	s->record.args[2] = READ(mkdir, mode);
	add_filename(s, SECTION_NAME0, READ(mkdir, filename));
}

static __always_inline void describe_rename(struct scratch *s, struct io_rename *rename)
{
	s->record.args[0] = (s64)(s32)READ(rename, old_dfd);
	s->record.args[2] = (s64)(s32)READ(rename, new_dfd);
	s->record.args[4] = READ(rename, flags);
	add_filename(s, SECTION_NAME0, READ(rename, oldpath));
	add_filename(s, SECTION_NAME1, READ(rename, newpath));
}

static __always_inline void describe_link(struct scratch *s, struct io_link *link, int symbolic)
{
	s->record.args[0] = (s64)(s32)READ(link, old_dfd);
	s->record.args[symbolic ? 1 : 2] = (s64)(s32)READ(link, new_dfd);
	s->record.args[4] = READ(link, flags);
	add_filename(s, SECTION_NAME0, READ(link, oldpath));
	add_filename(s, SECTION_NAME1, READ(link, newpath));
}

static __always_inline void describe_socket(struct scratch *s, struct io_socket *socket)
{
	s->record.args[0] = READ(socket, domain);
	s->record.args[1] = READ(socket, type);
	s->record.args[2] = READ(socket, protocol);
	if (READ(socket, file_slot))
		s->spec.fd = FROM_NOWHERE;
}

static __always_inline void describe_connect(struct scratch *s, struct io_connect *connect)
{
	u32 size = READ(connect, addr_len);
	add_user_bytes(s, SECTION_SOCKADDR, (u64)READ(connect, addr), smaller(size, SOCKADDR_SIZE));
}

#ifdef IORING_OP_BIND /* Linux 6.11 */
/* Later kernels keep the bare address where the first ones keep a message, which begins with a pointer: that is never
 * the number of a family, being aligned. */
static __always_inline void describe_bind(struct scratch *s, struct io_kiocb *request, struct io_bind *bind)
{
	struct io_async_msghdr *message = READ(request, async_data);
	u16 family = 0;
	if (!message)
		return;
	bpf_probe_read_kernel(&family, sizeof(family), message);
	int bare = family == AF_UNIX || family == AF_INET || family == AF_INET6;
	add_kernel_address(s, bare ? (void *)message : &message->addr, READ(bind, addr_len));
}
#endif

/* The address of a message has been copied into the kernel by now. */
static __always_inline void describe_send(struct scratch *s, struct io_kiocb *request, struct io_sr_msg *send)
{
	struct io_async_msghdr *message = READ(request, async_data);
	s->record.args[2] = READ(send, len);
	if (message && READ(message, msg.msg_name))
		add_kernel_address(s, &message->addr, READ(message, msg.msg_namelen));
}

static __always_inline void describe_request(struct scratch *s, struct io_kiocb *request, u32 opcode)
{
	switch (opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		describe_open(s, (void *)request);
		break;
	case IORING_OP_UNLINKAT:
		describe_unlink(s, (void *)request);
		break;
	case IORING_OP_MKDIRAT:
		describe_mkdir(s, (void *)request);
		break;
	case IORING_OP_RENAMEAT:
		describe_rename(s, (void *)request);
		break;
	case IORING_OP_SYMLINKAT:
	case IORING_OP_LINKAT:
		describe_link(s, (void *)request, opcode == IORING_OP_SYMLINKAT);
		break;
	case IORING_OP_SOCKET:
		describe_socket(s, (void *)request);
		break;
	case IORING_OP_CONNECT:
		describe_connect(s, (void *)request);
		break;
#ifdef IORING_OP_BIND
	case IORING_OP_BIND:
		describe_bind(s, request, (void *)request);
		break;
	case IORING_OP_LISTEN:
		s->record.args[1] = READ((struct io_listen *)request, backlog);
		break;
#endif
	case IORING_OP_SEND:
	case IORING_OP_SENDMSG:
	case IORING_OP_SEND_ZC:
	case IORING_OP_SENDMSG_ZC:
		describe_send(s, request, (void *)request);
		break;
	}
}

RAW_TRACEPOINT_PROBE(io_uring_submit_req)
{
	struct io_kiocb *request = (void *)argument(ctx, 0);
	struct task_struct *t = CURRENT();
	u32 zero = 0, opcode = READ(request, opcode), row = SPEC_URING + opcode;
	struct spec *spec = specs.lookup(&row);
	if (!spec || !spec->present)
		return 0;
	struct counter *c = counter_of(spec->event);
	if (c)
		c->seen++;
	if (!spec->enabled || is_own(OF(t, tgid)))
		return 0;
	if (spec->enabled != ENABLED_BY_RULES && !passes_zoom(t))
		return 0;
	struct scratch *s = uring_scratch.lookup(&zero);
	if (!s)
		return 0;
	describe(s, t, RECORD_SYSCALL, spec->event);
	s->unasked = spec->enabled != ENABLED_BY_RULES;
	if (!is_admitted(s, 0))
		return 0;
	s->spec = *spec;
	s->record.flags = FLAG_URING;
	if (spec->fd == 0)
		s->record.args[0] = (s64)(s32)READ(request, cqe.fd);
	describe_request(s, request, opcode);
	stages.call(ctx, STAGE_HOLD);
	return 0;
}

/* What cannot wait for its result is sent at once, as if it had succeeded. */
int hold_request(struct bpf_raw_tracepoint_args *ctx)
{
	u32 zero = 0;
	struct scratch *s = uring_scratch.lookup(&zero);
	struct task_struct *t = CURRENT();
	struct io_kiocb *request = (void *)argument(ctx, 0);
	u64 key = (u64)request;
	if (!s)
		return 0;
	u32 first = s->record.length[SECTION_NAME0];
	add_base(s, t, SECTION_BASE0, base_of(s, 0, first, s->spec.base[0]));
	add_base(s, t, SECTION_BASE1, base_of(s, first, s->record.length[SECTION_NAME1], s->spec.base[1]));
	if (s->spec.how != FROM_NOWHERE)
		add_kernel_bytes(s, SECTION_HOW, &((struct io_open *)request)->how, sizeof(struct open_how));
	if (READ(request, flags) & REQ_F_CQE_SKIP || s->used > HELD_SIZE || held_requests.update(&key, (void *)s)) {
		send(ctx, s);
	} else if (READ(request, opcode) == IORING_OP_ACCEPT) {
		struct repeated repeated = {(u64)READ(request, ctx), READ(request, cqe.user_data)};
		repeated_ends.update(&repeated, &key);
	}
	return 0;
}

static __always_inline struct file *file_of_request(struct scratch *s, struct io_kiocb *request)
{
	s32 result = s->record.ret;
	if (s->spec.fd == FROM_NOWHERE)
		return 0;
	if (s->spec.fd != FROM_RETURN)
		return READ(request, file);
	return result >= 0 ? file_of(CURRENT(), result) : 0;
}

/* An end that does not name its request: the tracepoint gives what the program calls it and the result, or, in newer
 * kernels, where both stand. */
static __always_inline u64 find_repeated(struct bpf_raw_tracepoint_args *ctx, s64 *result)
{
#ifdef URING_END_IN_ARGUMENTS
	struct repeated repeated = {argument(ctx, 0), argument(ctx, 2)};
	*result = (s32)argument(ctx, 3);
#else
	struct io_uring_cqe *end = (void *)argument(ctx, 2);
	struct repeated repeated = {argument(ctx, 0), READ(end, user_data)};
	*result = (s32)READ(end, res);
#endif
	u64 *request = repeated_ends.lookup(&repeated);
	return request ? *request : 0;
}

static __always_inline void forget_request(struct io_kiocb *request)
{
	u64 key = (u64)request;
	struct repeated repeated = {(u64)READ(request, ctx), READ(request, cqe.user_data)};
	held_requests.delete(&key);
	if (READ(request, opcode) == IORING_OP_ACCEPT)
		repeated_ends.delete(&repeated);
}

RAW_TRACEPOINT_PROBE(io_uring_complete)
{
	struct io_kiocb *last = (void *)argument(ctx, 1);
	s64 result = last ? (s32)READ(last, cqe.res) : 0;
	u64 key = last ? (u64)last : find_repeated(ctx, &result);
	u32 zero = 0;
	struct io_kiocb *request = (void *)key;
	struct held_request *held = key ? held_requests.lookup(&key) : 0;
	struct scratch *s = complete_scratch.lookup(&zero);
	if (!held || !s)
		return 0;
	bpf_probe_read_kernel(s, sizeof(*held), held);
	if (last)
		forget_request(last);
	s->record.ret = result;
	if (!last)
		s->record.time = boot_time();
	struct file *f = file_of_request(s, request);
	if (f)
		add_descriptor(s, f);
	send(ctx, s);
	return 0;
}

#else

int hold_request(struct bpf_raw_tracepoint_args *ctx)
{
	return 0;
}

#endif
