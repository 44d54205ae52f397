/* The life of processes: a record for each exec, fork and exit of a thread group. */

/* A flag that multigrain timestamps (6.13) keep in the nanoseconds. */
#define I_CTIME_QUERIED (1U << 31)

static __always_inline s64 inode_ctime(struct inode *inode)
{
#if defined(HAVE_inode_i_ctime_sec)
	return READ(inode, i_ctime_sec) * 1000000000LL + (READ(inode, i_ctime_nsec) & ~I_CTIME_QUERIED);
#elif defined(HAVE_inode___i_ctime)
	struct timespec64 time = {};
	bpf_probe_read_kernel(&time, sizeof(time), &inode->__i_ctime);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
#else
	struct timespec64 time = {};
	bpf_probe_read_kernel(&time, sizeof(time), &inode->i_ctime);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
#endif
}

static __always_inline s64 inode_mtime(struct inode *inode)
{
#if defined(HAVE_inode_i_mtime_sec)
	return READ(inode, i_mtime_sec) * 1000000000LL + READ(inode, i_mtime_nsec);
#elif defined(HAVE_inode___i_mtime)
	struct timespec64 time = {};
	bpf_probe_read_kernel(&time, sizeof(time), &inode->__i_mtime);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
#else
	struct timespec64 time = {};
	bpf_probe_read_kernel(&time, sizeof(time), &inode->i_mtime);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
#endif
}

static __always_inline struct task_info *add_task(struct scratch *s, struct task_struct *t)
{
	u64 offset = room(s);
	if (offset == DATA_SIZE)
		return 0;
	struct task_info *info = (void *)&s->record.data[offset];
	fill_task(info, t);
	add(s, SECTION_TASK, sizeof(*info));
	return info;
}

static __always_inline void count_seen(u32 event)
{
	struct counter *c = counter_of(event);
	if (c)
		c->seen++;
}

static __always_inline void add_cgroup_names(struct scratch *s, struct task_struct *t)
{
	struct cgroup *c = container_cgroup(t);
	struct kernfs_node *node = READ(c, kn);
#ifdef HAVE_kernfs_node___parent
	struct kernfs_node *parent = READ(node, __parent);
#else
	struct kernfs_node *parent = READ(node, parent);
#endif
	add_kernel_string(s, SECTION_CGROUP, READ(node, name));
	if (parent)
		add_kernel_string(s, SECTION_CGROUP_PARENT, READ(parent, name));
}

static __always_inline void add_cwd(struct scratch *s, struct task_struct *t)
{
	struct fs_struct *fs = READ(t, fs);
	struct path cwd = {};
	bpf_probe_read_kernel(&cwd, sizeof(cwd), &fs->pwd);
	add_path(s, SECTION_BASE0, (void *)cwd.dentry, (void *)cwd.mnt);
}

RAW_TRACEPOINT_PROBE(sched_process_exec)
{
	u32 zero = 0, pid = bpf_get_current_pid_tgid() >> 32;
	struct task_struct *t = CURRENT();
	struct linux_binprm *bprm = (void *)argument(ctx, 2);
	count_seen(EVENT_EXECVE);
	if (is_own(pid))
		return 0;
	struct scratch *s = exec_scratch.lookup(&zero);
	if (!s)
		return 0;
	describe(s, t, RECORD_EXEC, EVENT_EXECVE);
	if (!is_admitted(s, 1))
		return 0;
#ifdef HAVE_linux_binprm_fdpath
	if (READ(bprm, fdpath))
		s->record.flags |= FLAG_EXECVEAT;
#endif
	add_kernel_string(s, SECTION_NAME0, READ(bprm, filename));
	add_cwd(s, t);
	stages.call(ctx, STAGE_PROGRAM);
	return 0;
}

int capture_program(struct bpf_raw_tracepoint_args *ctx)
{
	u32 zero = 0;
	struct task_struct *t = CURRENT();
	struct scratch *s = exec_scratch.lookup(&zero);
	if (!s)
		return 0;
	struct mm_struct *mm = READ(t, mm);
	struct file *f = READ(mm, exe_file);
	struct dentry *dentry = dentry_of(f);
	struct inode *inode = READ(f, f_inode);
	add_path(s, SECTION_PATH, dentry, mount_of(f));
	struct task_info *info = add_task(s, t);
	if (!info)
		return 0;
	info->start = s->record.start;
	info->exe_ino = READ(inode, i_ino);
	info->exe_ctime = inode_ctime(inode);
	info->exe_mtime = inode_mtime(inode);
	info->exe_flags = layer_of(inode) | memfd_of(dentry);
	u64 begin = READ(mm, arg_start), end = READ(mm, arg_end);
	add_user_bytes(s, SECTION_ARGV, begin, end - begin > STRING_SIZE ? STRING_SIZE : end - begin);
	u32 option = OPTION_ENVIRONMENT, *wanted = options.lookup(&option);
	if (wanted && *wanted) {
		begin = READ(mm, env_start);
		end = READ(mm, env_end);
		add_user_bytes(s, SECTION_ENV, begin, end - begin > STRING_SIZE ? STRING_SIZE : end - begin);
	}
	add_cgroup_names(s, t);
	send(ctx, s);
	return 0;
}

#define CLONE_NEWTIME 0x00000080
#define CLONE_NEWNS 0x00020000
#define CLONE_NEWCGROUP 0x02000000
#define CLONE_NEWUTS 0x04000000
#define CLONE_NEWIPC 0x08000000
#define CLONE_NEWUSER 0x10000000
#define CLONE_NEWPID 0x20000000
#define CLONE_NEWNET 0x40000000

#define IF_OTHER(field, flag) (READ(a, field) != READ(b, field) ? flag : 0)

/* The flags of clone(2) for the namespaces that a child has of its own. By what it has and not by what was asked for:
 * so it is the same for every call that makes processes, and nobody can write over it. */
static __always_inline u64 new_namespaces(struct task_struct *parent, struct task_struct *child)
{
	struct nsproxy *a = READ(parent, nsproxy), *b = READ(child, nsproxy);
	struct cred *ours = (void *)READ(parent, cred), *theirs = (void *)READ(child, cred);
	u64 flags = READ(ours, user_ns) != READ(theirs, user_ns) ? CLONE_NEWUSER : 0;
	if (!a || !b || a == b)
		return flags;
	flags |= IF_OTHER(mnt_ns, CLONE_NEWNS) | IF_OTHER(uts_ns, CLONE_NEWUTS) | IF_OTHER(ipc_ns, CLONE_NEWIPC);
	flags |= IF_OTHER(pid_ns_for_children, CLONE_NEWPID) | IF_OTHER(net_ns, CLONE_NEWNET);
	flags |= IF_OTHER(cgroup_ns, CLONE_NEWCGROUP);
#ifdef HAVE_nsproxy_time_ns_for_children
	flags |= IF_OTHER(time_ns_for_children, CLONE_NEWTIME);
#endif
	return flags;
}

/* A child that finds no room is one like any other. */
static __always_inline void inherit_own(u32 child)
{
	u8 one = 1;
	u32 zero = 0;
	u64 *unknown = own.update(&child, &one) ? unknown_own.lookup(&zero) : 0;
	if (unknown)
		(*unknown)++;
}

RAW_TRACEPOINT_PROBE(sched_process_fork)
{
	u32 zero = 0, pid = bpf_get_current_pid_tgid() >> 32;
	struct task_struct *child = (void *)argument(ctx, 1);
	u32 child_pid = READ(child, tgid);
	if (READ(child, pid) != child_pid)
		return 0; /* a thread */
	count_seen(EVENT_CLONE);
	if (is_own(pid)) {
		inherit_own(child_pid);
		return 0;
	}
	inherit_zoom(pid, child_pid);
	struct scratch *s = fork_scratch.lookup(&zero);
	if (!s)
		return 0;
	struct task_struct *t = CURRENT();
	describe(s, t, RECORD_FORK, EVENT_CLONE);
	if (!is_admitted(s, 1))
		return 0;
	s->record.ret = child_pid;
	s->record.args[0] = new_namespaces(t, child);
	add_task(s, child);
	send(ctx, s);
	return 0;
}

RAW_TRACEPOINT_PROBE(sched_process_exit)
{
	u32 zero = 0, pid = bpf_get_current_pid_tgid() >> 32;
	struct task_struct *t = CURRENT();
	struct signal_struct *signal = READ(t, signal);
	if (READ(signal, live))
		return 0; /* other threads live on */
	count_seen(EVENT_PROCEXIT);
	if (is_own(pid)) {
		own.delete(&pid);
		return 0;
	}
	end_zoom(pid);
	struct scratch *s = exit_scratch.lookup(&zero);
	if (!s)
		return 0;
	describe(s, t, RECORD_EXIT, EVENT_PROCEXIT);
	if (!is_admitted(s, 1))
		return 0;
	u32 group = READ(signal, group_exit_code);
	s->record.ret = group ? group : READ(t, exit_code);
	send(ctx, s);
	return 0;
}
