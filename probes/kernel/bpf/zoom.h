/* Zoom: the events of a cgroup, or of a process and those that it begins, leave the kernel whether or not a rule asks for
 * them, because somebody looks, or because there was an alert a moment ago (probes/kernel/zooms.py). */

#define ZOOM_PERIOD 200000ULL   /* ns for each event that no rule asks for: 5,000 a second for all that is watched … */
#define ZOOM_BURST 500000000ULL /* … and half a second's worth at once */

BPF_HASH(zoomed_cgroups, struct cgroup_key, u8, 1024);
BPF_TABLE("lru_hash", u32, u32, zoomed_processes, 16384); /* the number of the zoom that they are part of, … */
BPF_ARRAY(zoom_numbers, u32, 64);                         /* … which lasts as long as it stands in its slot */
BPF_ARRAY(zoom_spent, u64, 1); /* boot time until which the limit is spent */

static __always_inline int is_anything_zoomed(void)
{
	u32 option = OPTION_ZOOM, *zoom = options.lookup(&option);
	return zoom && *(volatile u32 *)zoom;
}

static __always_inline int is_zoomed(struct task_struct *t)
{
	u32 pid = OF(t, tgid);
	if (!is_anything_zoomed())
		return 0;
	u32 *number = zoomed_processes.lookup(&pid), slot = number ? *number & 63 : 0;
	u32 *lasting = zoom_numbers.lookup(&slot);
	if (number && lasting && *number == *lasting)
		return 1;
	struct cgroup *c = container_cgroup(t);
	struct cgroup_key key = {.cgroup = kernfs_id(c), .hierarchy = hierarchy_of(c)};
	return zoomed_cgroups.lookup(&key) != 0;
}

/* Whether an event that no rule asks for leaves the kernel nevertheless. */
static __always_inline int passes_zoom(struct task_struct *t)
{
	u32 zero = 0;
	if (!is_zoomed(t))
		return 0;
	u64 *spent = zoom_spent.lookup(&zero);
	if (spent && spend(spent, boot_time(), ZOOM_PERIOD, ZOOM_BURST))
		return 1;
	count_zoomed(ZOOM_HELD_BACK);
	return 0;
}

static __always_inline void inherit_zoom(u32 parent, u32 child)
{
	if (!is_anything_zoomed())
		return;
	u32 *number = zoomed_processes.lookup(&parent);
	if (number)
		zoomed_processes.update(&child, number);
}

static __always_inline void end_zoom(u32 pid)
{
	if (is_anything_zoomed())
		zoomed_processes.delete(&pid);
}
