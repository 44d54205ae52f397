/* The maps, and how a record leaves the kernel. */

/* Hides from the compiler where a value came from: it would else move or drop a bound that the verifier must see. */
#define OPAQUE(value) asm volatile("" : "+r"(value))

struct scratch {
	u64 used;      /* bytes of record.data written so far */
	s32 fd;        /* the event's descriptor */
	s32 base[2];   /* dirfd, AT_FDCWD, or BASE_DONE */
	struct spec spec;
	struct record record;
};

#define BASE_DONE 0x7fffffff
#define AT_FDCWD -100

#define STAGE_NAMES 0
#define STAGE_BASES 1
#define STAGE_DESCRIPTOR 2
#define STAGE_PROGRAM 3
#define STAGE_HOLD 4

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
BPF_HASH(lost_by_cgroup, struct cgroup_key, u64, 4096);
BPF_ARRAY(options, u32, 8);
BPF_PROG_ARRAY(stages, 8);

#define OPTION_ENVIRONMENT 0

#ifdef TRANSPORT_PERF
BPF_PERF_OUTPUT(events);
#else
BPF_RINGBUF_OUTPUT(events, RING_PAGES);
#endif

static __always_inline int output(void *ctx, struct record *r, u64 size)
{
#ifdef TRANSPORT_PERF
	return events.perf_submit(ctx, r, size);
#else
	/* The reader looks every 10 ms of its own accord: a wakeup would cost the program that made the event 5 us. */
	return events.ringbuf_output(r, size, BPF_RB_NO_WAKEUP);
#endif
}

static __always_inline struct counter *counter_of(u32 event)
{
	return counters.lookup(&event);
}

/* By cgroup; all together those for which the map has no more room. */
static __always_inline void count_loss(struct record *r)
{
	struct cgroup_key key = {.cgroup = r->cgroup, .hierarchy = r->hierarchy}, other = {~0ULL, ~0ULL};
	u64 zero = 0, *lost = lost_by_cgroup.lookup_or_try_init(&key, &zero);
	if (!lost)
		lost = lost_by_cgroup.lookup(&other);
	if (lost)
		__sync_fetch_and_add(lost, 1);
}

static __always_inline void send(void *ctx, struct scratch *s)
{
	u64 used = s->used;
	OPAQUE(used);
	if (used > DATA_SIZE)
		return;
	int failed = output(ctx, &s->record, offsetof(struct record, data) + used);
	struct counter *c = counter_of(s->record.event);
	if (!c)
		return;
	if (failed) {
		c->lost++;
		count_loss(&s->record);
	} else {
		c->delivered++;
	}
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
