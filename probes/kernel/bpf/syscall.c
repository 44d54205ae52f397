/* System calls: one dispatcher on the raw sys_exit tracepoint, then a program for each stage that the call needs.
 *
 *   sys_exit ──▶ names ──▶ bases ──▶ descriptor ──▶ sent
 *
 * What a call needs is a row of `specs`; a stage without work is skipped. The tracepoint is the raw one because
 * syscalls:sys_exit_* never fire for 32-bit calls. */


/* Where the kernel tells the types of a tracepoint's arguments, registers are read directly; a helper that reads them, or
 * that gives them typed, costs as much as a third of the empty tracepoint. */
#ifdef TYPED_SYS_EXIT
#define REGISTER(regs, name) ((regs)->name)
#else
#define REGISTER(regs, name) READ(regs, name)
#endif

#if defined(__x86_64__)
#define TS_COMPAT 2
#define X32_BIT 0x40000000
#define NR_SOCKETCALL 102
#define IS_COMPAT(t, regs) (OF(t, thread_info.status) & TS_COMPAT)
#define NUMBER(regs) (REGISTER(regs, orig_ax) & ~X32_BIT)
#elif defined(__aarch64__)
#define PSR_MODE32 0x10
#define NR_SOCKETCALL ~0U /* not among the calls of 32-bit programs there */
#define IS_COMPAT(t, regs) (REGISTER(regs, pstate) & PSR_MODE32)
#define NUMBER(regs) REGISTER(regs, syscallno)
#endif

static __always_inline void read_args(u64 *args, struct pt_regs *regs, int compat)
{
#if defined(__x86_64__)
	if (compat) {
		args[0] = (u32)REGISTER(regs, bx);
		args[1] = (u32)REGISTER(regs, cx);
		args[2] = (u32)REGISTER(regs, dx);
		args[3] = (u32)REGISTER(regs, si);
		args[4] = (u32)REGISTER(regs, di);
		args[5] = (u32)REGISTER(regs, bp);
		return;
	}
	args[0] = REGISTER(regs, di);
	args[1] = REGISTER(regs, si);
	args[2] = REGISTER(regs, dx);
	args[3] = REGISTER(regs, r10);
	args[4] = REGISTER(regs, r8);
	args[5] = REGISTER(regs, r9);
#elif defined(__aarch64__)
	args[0] = REGISTER(regs, orig_x0);
	args[1] = REGISTER(regs, regs[1]);
	args[2] = REGISTER(regs, regs[2]);
	args[3] = REGISTER(regs, regs[3]);
	args[4] = REGISTER(regs, regs[4]);
	args[5] = REGISTER(regs, regs[5]);
#endif
}

#define SOCKETCALL_SEND 9
#define SOCKETCALL_RECV 10

/* socketcall(2) keeps its arguments in an array of 32-bit words; send and recv have four, the others' address none. */
static __always_inline void unfold_socketcall(u64 *args, u32 call)
{
	u32 words[6] = {};
	bpf_probe_read_user(words, sizeof(words), (void *)args[1]);
	if (call == SOCKETCALL_SEND || call == SOCKETCALL_RECV)
		words[4] = words[5] = 0;
	for (int i = 0; i < 6; i++)
		args[i] = words[i];
}

#define F_DUPFD 0
#define F_DUPFD_CLOEXEC 1030

static __always_inline int duplicates(struct pt_regs *regs, int compat)
{
	u64 args[6];
	read_args(args, regs, compat);
	return (u32)args[1] == F_DUPFD || (u32)args[1] == F_DUPFD_CLOEXEC;
}

static __always_inline void resolve_descriptor(struct scratch *s)
{
	s->fd = s->spec.fd == FROM_NOWHERE ? -1 : (s32)register_of(s, s->spec.fd);
}

static __always_inline int needs_descriptor_stage(struct scratch *s)
{
	struct spec *spec = &s->spec;
	return s->fd >= 0 || spec->sockaddr != FROM_NOWHERE || spec->how != FROM_NOWHERE || spec->message != FROM_NOWHERE;
}

static __always_inline int first_stage(struct scratch *s)
{
	if (s->spec.string[0] != FROM_NOWHERE)
		return STAGE_NAMES;
	return needs_descriptor_stage(s) ? STAGE_DESCRIPTOR : -1;
}

RAW_TRACEPOINT_PROBE(sys_exit)
{
	struct pt_regs *regs = (void *)argument(ctx, 0);
	u32 zero = 0, number = NUMBER(regs), row = number;
	if (number >= SPEC_COMPAT)
		return 0;
	struct spec *spec = specs.lookup(&row);
	if (!spec)
		return 0;
	/* Most calls end here: the number is nobody's, be it of a 64-bit or of a 32-bit call, and no helper was asked. */
	if (!spec->present && number != NR_SOCKETCALL)
		return 0;
	struct task_struct *t = CURRENT();
	int compat = IS_COMPAT(t, regs) != 0;
	if (compat) {
		row = number + SPEC_COMPAT;
		spec = specs.lookup(&row);
	}
	if (compat && number == NR_SOCKETCALL) {
		u64 call[6];
		read_args(call, regs, compat);
		row = SPEC_SOCKETCALL + (call[0] & 31);
		spec = specs.lookup(&row);
	}
	if (!spec || !(spec->present & PRESENT))
		return 0;
	/* A successful exec has its own record, made when the new program is in place. */
	if (spec->failures_only && (s64)argument(ctx, 1) >= 0)
		return 0;
	if (spec->by_command && !duplicates(regs, compat))
		return 0;
	struct counter *c = counter_of(spec->event);
	if (c)
		c->seen++;
	if (!spec->enabled)
		return 0;
	int asked = spec->enabled == ENABLED_BY_RULES;
	struct filter *filter = asked && row < SPEC_SOCKETCALL ? filter_of(spec->event) : 0;
	if (filter) {
		u64 args[6];
		read_args(args, regs, compat);
		asked = passes(filter, t, spec, args, argument(ctx, 1));
	}
	if ((!asked && !is_anything_zoomed()) || is_own(OF(t, tgid)) || (!asked && !passes_zoom(t)))
		return 0;
	struct scratch *s = syscall_scratch.lookup(&zero);
	if (!s)
		return 0;
	describe(s, t, RECORD_SYSCALL, spec->event);
	s->unasked = !asked;
	if (!is_admitted(s, 0))
		return 0;
	s->spec = *spec;
	s->record.ret = argument(ctx, 1);
	s->record.flags = compat ? FLAG_COMPAT : 0;
	read_args(s->record.args, regs, compat);
	if (row >= SPEC_SOCKETCALL)
		unfold_socketcall(s->record.args, row - SPEC_SOCKETCALL);
	resolve_descriptor(s);
	int stage = first_stage(s);
	if (stage >= 0)
		syscall_stages.call(ctx, stage);
	send(ctx, s);
	return 0;
}

#define PR_SET_NAME 15 /* the only operation whose second argument is a string */

int capture_names(struct bpf_raw_tracepoint_args *ctx)
{
	u32 zero = 0;
	struct scratch *s = syscall_scratch.lookup(&zero);
	if (!s)
		return 0;
	s->base[0] = s->base[1] = BASE_DONE;
	if (s->record.event == EVENT_PRCTL && s->record.args[0] != PR_SET_NAME)
		s->spec.string[0] = FROM_NOWHERE;
	if (s->spec.string[0] != FROM_NOWHERE) {
		add_user_string(s, SECTION_NAME0, register_of(s, s->spec.string[0]));
		s->base[0] = base_of(s, 0, s->record.length[SECTION_NAME0], s->spec.base[0]);
	}
	if (s->spec.string[1] != FROM_NOWHERE) {
		u64 begin = s->used;
		add_user_string(s, SECTION_NAME1, register_of(s, s->spec.string[1]));
		s->base[1] = base_of(s, begin, s->record.length[SECTION_NAME1], s->spec.base[1]);
	}
	if (s->base[0] != BASE_DONE || s->base[1] != BASE_DONE)
		syscall_stages.call(ctx, STAGE_BASES);
	if (needs_descriptor_stage(s))
		syscall_stages.call(ctx, STAGE_DESCRIPTOR);
	send(ctx, s);
	return 0;
}

int capture_bases(struct bpf_raw_tracepoint_args *ctx)
{
	u32 zero = 0;
	struct scratch *s = syscall_scratch.lookup(&zero);
	struct task_struct *t = CURRENT();
	if (!s)
		return 0;
	add_base(s, t, SECTION_BASE0, s->base[0]);
	add_base(s, t, SECTION_BASE1, s->base[1]);
	if (needs_descriptor_stage(s))
		syscall_stages.call(ctx, STAGE_DESCRIPTOR);
	send(ctx, s);
	return 0;
}

int capture_descriptor(struct bpf_raw_tracepoint_args *ctx)
{
	u32 zero = 0;
	struct scratch *s = syscall_scratch.lookup(&zero);
	struct task_struct *t = CURRENT();
	if (!s)
		return 0;
	struct message message = message_of(s);
	if (message.address)
		add_user_bytes(s, SECTION_SOCKADDR, message.address, message.address_size);
	if (s->spec.how != FROM_NOWHERE)
		add_user_bytes(s, SECTION_HOW, register_of(s, s->spec.how), 24);
	struct file *f = s->fd >= 0 ? file_of(t, s->fd) : 0;
	if (f)
		add_descriptor(s, f);
	if (message.payload)
		add_user_bytes(s, SECTION_PAYLOAD, message.payload, message.payload_size);
	send(ctx, s);
	return 0;
}
