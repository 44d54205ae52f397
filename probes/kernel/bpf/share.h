/* Shares of the ring: one that floods must not take the room of all others.
 *
 * Some of the ring is anybody's (probes/kernel/pace.py says how much, at most half). Beyond that, up to
 *   + 1/8  what keeps state (exec, fork, exit) of those who have spent their budget,
 *   + 1/4  any event of containers, and units of the host, that keep within their budget,
 *   1      what keeps state, of these.
 * So nothing is held back as long as the reader keeps up, whoever makes how many events. */

#define RING_SIZE ((u64)RING_PAGES << 12)
#define BUDGET_BURST 500000000ULL /* ns: half a second's worth at once */

BPF_TABLE("lru_hash", struct cgroup_key, u64, budgets, 4096); /* boot time until which each has spent (bpf/budget.h) */

/* Takes one event from a budget. Two processors may spend the same moment: a few events more than it says. */
static __always_inline int spend(u64 *spent, u64 now, u64 period, u64 burst)
{
	u64 from = *spent < now - burst ? now - burst : *spent;
	if (from + period > now)
		return 0;
	*spent = from + period;
	return 1;
}

/* The slower the reader, the less anybody has for himself (probes/kernel/pace.py): else one who floods had all of it. */
static __always_inline u64 budget_period(void)
{
	u32 option = OPTION_PERIOD, *period = options.lookup(&option);
	return period ? *period : 0;
}

static __always_inline int is_within_budget(struct scratch *s)
{
	struct record *r = &s->record;
	struct cgroup_key key = {.cgroup = r->cgroup, .hierarchy = r->hierarchy};
	find_budget(&key, s->cgroup);
	u64 full = r->time - BUDGET_BURST, *spent = budgets.lookup_or_try_init(&key, &full);
	return spent && spend(spent, r->time, budget_period(), BUDGET_BURST);
}

static __always_inline u64 room_for_anybody(void)
{
	u32 option = OPTION_ROOM, *room = options.lookup(&option);
	return room ? *room : 0;
}

/* Whether there is room for an event; counted as lost if not, or as held back where only a zoom asked for it. */
static __always_inline int is_admitted(struct scratch *s, int keeps_state)
{
	struct record *r = &s->record;
	u64 used = ring_used(r), room = room_for_anybody();
	if (used <= room)
		return 1;
	if ((keeps_state || used <= room + RING_SIZE / 4) && is_within_budget(s))
		return 1;
	if (keeps_state && used <= room + RING_SIZE / 8)
		return 1;
	lose(s, LOSS_SHARE);
	return 0;
}
