/* Whose budget an event spends: that of a container, or of a unit of the host. A cgroup that somebody makes within one of
 * these has none of its own, or who may make cgroups would have as many budgets. */

#define BUDGET_LEVELS 8 /* Kubernetes within Docker has five, a user's containers have six */
#define UNIT_LEVEL 2    /* system.slice/ssh.service, user.slice/user-1000.slice */

/* The outermost cgroups of containers, as user space tells of them (probes/kernel/cgroup_facts.py). */
BPF_HASH(budget_roots, struct cgroup_key, u8, 8192);

/* The number of the cgroup above another one, or of itself, at a level; the root has level 0. */
static __always_inline u64 id_at_level(struct cgroup *c, u32 level)
{
#if defined(HAVE_cgroup_ancestors)
	struct cgroup *above = 0;
	bpf_probe_read_kernel(&above, sizeof(above), (void *)c + offsetof(struct cgroup, ancestors) + level * sizeof(above));
	return kernfs_id(above);
#elif defined(HAVE_cgroup_ancestor_ids) /* before Linux 6.1 */
	__typeof__(c->ancestor_ids[0]) id = 0;
	bpf_probe_read_kernel(&id, sizeof(id), (void *)c + offsetof(struct cgroup, ancestor_ids) + level * sizeof(id));
	return id;
#else
	return kernfs_id(c);
#endif
}

/* The first from the top that is a container. Where there is none, or nobody has told of it yet, the unit. */
static __always_inline void find_budget(struct cgroup_key *key, struct cgroup *c)
{
	u32 depth = READ(c, level);
	u64 unit = key->cgroup;
	for (u32 level = 1; level <= BUDGET_LEVELS; level++) {
		if (level > depth)
			break;
		key->cgroup = id_at_level(c, level);
		if (level <= UNIT_LEVEL)
			unit = key->cgroup;
		if (budget_roots.lookup(key))
			return;
	}
	key->cgroup = unit;
}
