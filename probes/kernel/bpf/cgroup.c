/* Cgroups as they come and go: their paths name the containers, before the first program runs in them. */

/* Whoever makes cgroups without end is one that floods, too. What finds no room is counted as an exec, so that a snapshot
 * follows, which looks for cgroups as well. */
static __always_inline void tell_cgroup(void *ctx, struct scratch *s, u32 kind, struct cgroup *c, const char *path)
{
	describe(s, CURRENT(), kind, EVENT_EXECVE);
	if (!is_admitted(s, 1))
		return;
	u64 doers = s->record.cgroup;
	u32 hierarchy = s->record.hierarchy;
	s->record.cgroup = kernfs_id(c);
	s->record.hierarchy = hierarchy_of(c);
	add_kernel_string(s, SECTION_NAME0, path);
	if (output(ctx, &s->record, offsetof(struct record, data) + (s->used & 8191))) {
		s->record.cgroup = doers;
		s->record.hierarchy = hierarchy;
		lose(s, LOSS_FULL);
	}
}

/* Nobody may be told of it, so what is known of it is forgotten here. */
static __always_inline void forget_cgroup(struct cgroup *c)
{
	struct cgroup_key key = {.cgroup = kernfs_id(c), .hierarchy = hierarchy_of(c)};
	cgroup_kinds.delete(&key);
	budget_roots.delete(&key);
	zoomed_cgroups.delete(&key);
}

RAW_TRACEPOINT_PROBE(cgroup_mkdir)
{
	u32 zero = 0;
	struct scratch *s = mkdir_scratch.lookup(&zero);
	if (s)
		tell_cgroup(ctx, s, RECORD_CGROUP_MKDIR, (void *)argument(ctx, 0), (void *)argument(ctx, 1));
	return 0;
}

RAW_TRACEPOINT_PROBE(cgroup_rmdir)
{
	u32 zero = 0;
	struct scratch *s = rmdir_scratch.lookup(&zero);
	forget_cgroup((void *)argument(ctx, 0));
	if (s)
		tell_cgroup(ctx, s, RECORD_CGROUP_RMDIR, (void *)argument(ctx, 0), (void *)argument(ctx, 1));
	return 0;
}
