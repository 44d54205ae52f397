/* The maps, and how a record leaves the kernel. */

/* Hides from the compiler where a value came from: it would else move or drop a bound that the verifier must see. */
#define OPAQUE(value) asm volatile("" : "+r"(value))

struct scratch {
	u64 used;      /* bytes of record.data written so far */
	s32 fd;        /* the event's descriptor */
	s32 base[2];   /* dirfd, AT_FDCWD, or BASE_DONE */
	u32 unasked;   /* no rule asks for it: it is sent because somebody is watched in full */
	struct cgroup *cgroup; /* that of record.cgroup */
	struct spec spec;
	struct record record;
};

#define BASE_DONE 0x7fffffff
#define AT_FDCWD -100

/* of a system call */
#define STAGE_NAMES 0
#define STAGE_BASES 1
#define STAGE_DESCRIPTOR 2
/* of anything else */
#define STAGE_PROGRAM 0
#define STAGE_HOLD 1

/* Each entry program has a scratch of its own: a tracepoint may interrupt another, never itself. */
BPF_PERCPU_ARRAY(syscall_scratch, struct scratch, 1);
BPF_PERCPU_ARRAY(exec_scratch, struct scratch, 1);
BPF_PERCPU_ARRAY(fork_scratch, struct scratch, 1);
BPF_PERCPU_ARRAY(exit_scratch, struct scratch, 1);
BPF_PERCPU_ARRAY(mkdir_scratch, struct scratch, 1);
BPF_PERCPU_ARRAY(rmdir_scratch, struct scratch, 1);

BPF_ARRAY(specs, struct spec, SPECS);
BPF_PERCPU_ARRAY(counters, struct counter, 256);   /* by row of the event table */
BPF_PERCPU_ARRAY(own_events, u64, 1);
BPF_HASH(own, u32, u8, 4096);                      /* process ids of our own tree */
BPF_PERCPU_ARRAY(unknown_own, u64, 1);             /* those that found no room there */
BPF_HASH(lost_by_cgroup, struct loss_key, struct loss, 4096);
BPF_PERCPU_ARRAY(zoom_counts, u64, 2);
BPF_ARRAY(options, u32, 8);
BPF_PROG_ARRAY(syscall_stages, 8); /* a program whose arguments are typed calls only such of the same tracepoint */
BPF_PROG_ARRAY(stages, 8);

#define ZOOM_PASSED 0
#define ZOOM_HELD_BACK 1

#define OPTION_ENVIRONMENT 0
#define OPTION_ASLEEP 2 /* the reader sleeps until it is woken */
#define OPTION_ROOM 3   /* bytes of the ring that anybody may fill */
#define OPTION_ZOOM 4   /* somebody is watched in full */
#define OPTION_PERIOD 5 /* ns for each event within a budget */

#ifdef TRANSPORT_PERF

BPF_PERF_OUTPUT(events);

static __always_inline int output(void *ctx, struct record *r, u64 size)
{
	return events.perf_submit(ctx, r, size);
}

static __always_inline u64 ring_used(struct record *r)
{
	return 0; /* nobody can ask: what finds no room is lost, whosever it is */
}

#else

BPF_RINGBUF_OUTPUT(events, RING_PAGES);

/* A reader that has work looks every 10 ms of its own accord: a wakeup for each event would cost the program that made
 * it 5 us. One that has found nothing asks to be woken, once. It asks first and looks once more then, and here the
 * record is complete (by an atomic exchange) before the question is read: one of the two sees the other. */
static __always_inline void wake_reader(void)
{
	u32 option = OPTION_ASLEEP, *asleep = options.lookup(&option);
	if (!asleep || !*(volatile u32 *)asleep)
		return;
	*asleep = 0;
	void *nothing = events.ringbuf_reserve(8);
	if (nothing)
		events.ringbuf_discard(nothing, BPF_RB_FORCE_WAKEUP);
}

static __always_inline int output(void *ctx, struct record *r, u64 size)
{
	int failed = events.ringbuf_output(r, size, BPF_RB_NO_WAKEUP);
	wake_reader();
	return failed;
}

/* Bytes that wait to be read. bcc knows no call of a ring for it, so that the one that it makes of ringbuf_output is
 * turned into another here; the record only tells bcc a type. */
#define bpf_ringbuf_output(ring, data, size, flags) bpf_ringbuf_query(ring, flags)
static __always_inline u64 ring_used(struct record *r)
{
	return events.ringbuf_output(r, 0, BPF_RB_AVAIL_DATA);
}
#undef bpf_ringbuf_output

#endif

static __always_inline struct counter *counter_of(u32 event)
{
	return counters.lookup(&event);
}

/* By cgroup; all together those for which the map has no more room. */
static __always_inline void count_loss(struct record *r, u32 cause)
{
	struct loss_key key = {r->cgroup, r->hierarchy, cause}, other = {~0ULL, ~0U, cause};
	struct loss none = {}, *lost = lost_by_cgroup.lookup_or_try_init(&key, &none);
	if (!lost)
		lost = lost_by_cgroup.lookup(&other);
	if (!lost)
		return;
	__sync_fetch_and_add(&lost->count, 1);
	lost->pid = r->pid;
	__builtin_memcpy(lost->comm, r->comm, sizeof(lost->comm));
}

static __always_inline void count_zoomed(u32 what)
{
	u64 *count = zoom_counts.lookup(&what);
	if (count)
		(*count)++;
}

/* An event that does not leave the kernel though it was to. Where no rule asks for it nothing can have been missed. */
static __always_inline void lose(struct scratch *s, u32 cause)
{
	struct counter *c = counter_of(s->record.event);
	if (s->unasked) {
		count_zoomed(ZOOM_HELD_BACK);
		return;
	}
	if (c)
		c->lost++;
	count_loss(&s->record, cause);
}

static __always_inline void send(void *ctx, struct scratch *s)
{
	u64 used = s->used;
	OPAQUE(used);
	if (used > DATA_SIZE)
		return;
	if (output(ctx, &s->record, offsetof(struct record, data) + used)) {
		lose(s, LOSS_FULL);
		return;
	}
	struct counter *c = counter_of(s->record.event);
	if (c)
		c->delivered++;
	if (s->unasked)
		count_zoomed(ZOOM_PASSED);
}

/* Whether the process belongs to our own tree; if so the event is only counted. */
static __always_inline int is_own(u32 pid)
{
	u32 zero = 0;
	if (!own.lookup(&pid))
		return 0;
	u64 *count = own_events.lookup(&zero);
	if (count)
		(*count)++;
	return 1;
}
