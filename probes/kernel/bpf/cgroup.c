/* Cgroups as they come and go: their paths name the containers, before the first program runs in them. */

/* 0 where there is no room for it: whoever makes cgroups without end is one that floods, too. It is counted as an exec
 * then, so that a snapshot follows, which looks for cgroups as well. */
static __always_inline int describe_cgroup(struct scratch *s, u32 kind, struct cgroup *c, const char *path)
{
	describe(s, CURRENT(), kind, EVENT_EXECVE);
	if (!is_admitted(&s->record, 1))
		return 0;
	s->record.cgroup = kernfs_id(c);
	s->record.hierarchy = hierarchy_of(c);
	add_kernel_string(s, SECTION_NAME0, path);
	return 1;
}

static __always_inline void send_cgroup(void *ctx, struct scratch *s)
{
	if (output(ctx, &s->record, offsetof(struct record, data) + (s->used & 8191)))
		count_loss(&s->record, LOSS_FULL);
}

RAW_TRACEPOINT_PROBE(cgroup_mkdir)
{
	u32 zero = 0;
	struct scratch *s = mkdir_scratch.lookup(&zero);
	if (!s)
		return 0;
	if (describe_cgroup(s, RECORD_CGROUP_MKDIR, (void *)argument(ctx, 0), (void *)argument(ctx, 1)))
		send_cgroup(ctx, s);
	return 0;
}

RAW_TRACEPOINT_PROBE(cgroup_rmdir)
{
	u32 zero = 0;
	struct scratch *s = rmdir_scratch.lookup(&zero);
	if (!s)
		return 0;
	if (describe_cgroup(s, RECORD_CGROUP_RMDIR, (void *)argument(ctx, 0), (void *)argument(ctx, 1)))
		send_cgroup(ctx, s);
	return 0;
}
