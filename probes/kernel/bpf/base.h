/* The folder that a relative path begins in. */

/* The dirfd of a captured path that is relative, AT_FDCWD for the working directory, BASE_DONE when none is needed. */
static __always_inline s32 base_of(struct scratch *s, u64 begin, u32 size, s8 base)
{
	if (size == 0 || base == BASE_NONE || begin >= DATA_SIZE || s->record.data[begin] == '/')
		return BASE_DONE;
	return base == BASE_CWD ? AT_FDCWD : (s32)register_of(s, base);
}

static __always_inline void add_base(struct scratch *s, struct task_struct *t, u32 section, s32 fd)
{
	if (fd == BASE_DONE)
		return;
	if (fd == AT_FDCWD) {
		struct fs_struct *fs = READ(t, fs);
		struct path cwd = {};
		bpf_probe_read_kernel(&cwd, sizeof(cwd), &fs->pwd);
		add_path(s, section, (void *)cwd.dentry, (void *)cwd.mnt);
		return;
	}
	struct file *f = file_of(t, fd);
	if (f)
		add_path(s, section, dentry_of(f), mount_of(f));
}
