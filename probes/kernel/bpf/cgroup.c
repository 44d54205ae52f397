/* Cgroups as they come and go: their paths name the containers, before the first program runs in them. */

static __always_inline void describe_cgroup(struct scratch *s, u32 kind, struct cgroup *c, const char *path)
{
	describe(s, CURRENT(), kind, 0);
	s->record.cgroup = kernfs_id(c);
	s->record.hierarchy = hierarchy_of(c);
	add_kernel_string(s, SECTION_NAME0, path);
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
	describe_cgroup(s, RECORD_CGROUP_MKDIR, (void *)argument(ctx, 0), (void *)argument(ctx, 1));
	send_cgroup(ctx, s);
	return 0;
}

RAW_TRACEPOINT_PROBE(cgroup_rmdir)
{
	u32 zero = 0;
	struct scratch *s = rmdir_scratch.lookup(&zero);
	if (!s)
		return 0;
	describe_cgroup(s, RECORD_CGROUP_RMDIR, (void *)argument(ctx, 0), (void *)argument(ctx, 1));
	send_cgroup(ctx, s);
	return 0;
}
