/* Facts about tasks. */

#define READ(pointer, field)                                                                    \
	({                                                                                      \
		__typeof__((pointer)->field) value_ = 0;                                        \
		bpf_probe_read_kernel(&value_, sizeof(value_), (void *)(pointer) +              \
			__builtin_offsetof(__typeof__(*(pointer)), field));                     \
		value_;                                                                         \
	})

/* An argument of a raw tracepoint. In a function of its own, so that bcc does not take the pointer for one whose
 * dereferences it must rewrite: it garbles macros. */
static __always_inline u64 argument(struct bpf_raw_tracepoint_args *ctx, int i)
{
	return ctx->args[i];
}

/* The current task. What belongs to it is read by OF: directly where the kernel knows the types (5.11). Elsewhere the
 * helper has a name that bcc does not know, for the same reason. */
#ifdef HAVE_BPF_FUNC_get_current_task_btf
#define CURRENT() bpf_get_current_task_btf()
#define OF(pointer, field) ((pointer)->field)
#else
static struct task_struct *(*current_task)(void) = (void *)35; /* BPF_FUNC_get_current_task */
#define CURRENT() current_task()
#define OF(pointer, field) READ(pointer, field)
#endif

static __always_inline u64 boot_time(void)
{
#if defined(HAVE_BPF_FUNC_ktime_get_boot_ns) && !defined(CLOCK_MONOTONIC)
	return bpf_ktime_get_boot_ns();
#else
	return bpf_ktime_get_ns(); /* the sensor adds the time of suspends (boot_time.py) */
#endif
}

/* The cgroup that tells the container: that of the pids controller on a v1 tree, else that of the unified one. */
static __always_inline struct cgroup *container_cgroup(struct task_struct *t)
{
	struct css_set *set = READ(t, cgroups);
#ifdef PIDS_CGROUP
	struct cgroup_subsys_state *css = 0;
	bpf_probe_read_kernel(&css, sizeof(css), &set->subsys[PIDS_CGROUP]);
	struct cgroup *pids = READ(css, cgroup);
	struct cgroup_root *root = READ(pids, root);
	if (READ(root, hierarchy_id) && READ(pids, level))
		return pids;
#endif
	return READ(set, dfl_cgrp);
}

static __always_inline u64 kernfs_id(struct cgroup *c)
{
	struct kernfs_node *node = READ(c, kn);
	u64 id = READ(node, id);
#ifdef KERNFS_ID_HAS_GENERATION
	return (u32)id; /* the inode number of the directory, as everywhere else */
#else
	return id;
#endif
}

static __always_inline u32 hierarchy_of(struct cgroup *c)
{
	struct cgroup_root *root = READ(c, root);
	return READ(root, hierarchy_id);
}

static __always_inline void describe(struct scratch *s, struct task_struct *t, u32 kind, u32 event)
{
	struct record *r = &s->record;
	struct cgroup *c = container_cgroup(t);
	struct task_struct *leader = OF(t, group_leader), *parent = OF(t, real_parent);
	struct cred *cred = (void *)OF(t, cred);
	s->used = 0;
	s->cgroup = c;
	__builtin_memset(r->length, 0, sizeof(r->length));
	__builtin_memset(r->args, 0, sizeof(r->args));
	r->kind = kind;
	r->event = event;
	r->flags = 0;
	r->ret = 0;
	r->time = boot_time();
	r->start = OF(leader, start_boottime);
	r->cap_effective = OF(cred, cap_effective);
	r->cap_permitted = OF(cred, cap_permitted);
	r->cgroup = kernfs_id(c);
	r->hierarchy = hierarchy_of(c);
	r->pid = OF(t, tgid);
	r->tid = OF(t, pid);
	r->ppid = OF(parent, tgid);
	r->uid = OF(cred, euid);
	r->gid = OF(cred, egid);
	bpf_get_current_comm(r->comm, sizeof(r->comm));
}

/* The number of a struct pid at a level of the pid namespaces (0 is the host's); 0 where it has none. */
static __always_inline u32 pid_number(struct pid *p, u32 level)
{
	struct upid number = {};
	if (!p || READ(p, level) < level || level > 32)
		return 0;
	bpf_probe_read_kernel(&number, sizeof(number), (void *)p + offsetof(struct pid, numbers) + level * sizeof(number));
	return number.nr;
}

static __always_inline u32 pid_namespace_of(struct pid *p, u32 level)
{
	struct upid number = {};
	if (level > 32)
		return 0;
	bpf_probe_read_kernel(&number, sizeof(number), (void *)p + offsetof(struct pid, numbers) + level * sizeof(number));
	struct pid_namespace *ns = (void *)number.ns;
	u32 inum = 0;
	bpf_probe_read_kernel(&inum, sizeof(inum), &ns->ns.inum);
	return inum;
}

/* The device number of the controlling terminal, coded as in /proc/PID/stat and in Falco's proc.tty. */
static __always_inline u32 terminal_of(struct task_struct *t)
{
	struct signal_struct *signal = READ(t, signal);
	struct tty_struct *tty = READ(signal, tty);
	if (!tty)
		return 0;
	struct tty_driver *driver = READ(tty, driver);
	u32 major = READ(driver, major);
	u32 minor = READ(driver, minor_start) + READ(tty, index);
	return (minor & 0xff) | (major << 8) | ((minor & ~0xffU) << 12);
}

static __always_inline void fill_ids(struct task_info *info, struct task_struct *t)
{
	struct pid *self = READ(t, thread_pid);
	struct signal_struct *signal = READ(t, signal);
	struct pid *group = 0, *session = 0;
	u32 level = READ(self, level);
	bpf_probe_read_kernel(&group, sizeof(group), &signal->pids[PIDTYPE_PGID]);
	bpf_probe_read_kernel(&session, sizeof(session), &signal->pids[PIDTYPE_SID]);
	info->vpid = pid_number(self, level);
	info->pid_ns = pid_namespace_of(self, level);
	info->pgid = pid_number(group, 0);
	info->vpgid = pid_number(group, level);
	info->sid = pid_number(session, 0);
}

/* Everything but what concerns the program (exe_*). The task may be another than the current one. */
static __always_inline void fill_task(struct task_info *info, struct task_struct *t)
{
	struct task_struct *parent = READ(t, real_parent);
	struct cred *cred = (void *)READ(t, cred);
	struct cgroup *c = container_cgroup(t);
	__builtin_memset(info, 0, sizeof(*info));
	info->start = READ(t, start_boottime);
	bpf_probe_read_kernel(&info->cap_inheritable, sizeof(u64), &cred->cap_inheritable);
	info->cgroup = kernfs_id(c);
	info->hierarchy = hierarchy_of(c);
	info->pid = READ(t, tgid);
	info->ppid = READ(parent, tgid);
	info->tty = terminal_of(t);
#ifdef HAVE_task_struct_loginuid
	info->loginuid = READ(t, loginuid);
#else
	info->loginuid = -1;
#endif
	fill_ids(info, t);
	struct nsproxy *namespaces = READ(t, nsproxy);
	if (namespaces) {
		struct mnt_namespace *mnt = READ(namespaces, mnt_ns);
		bpf_probe_read_kernel(&info->mnt_ns, sizeof(u32), &mnt->ns.inum);
	}
	bpf_probe_read_kernel(info->comm, sizeof(info->comm), &t->comm);
}
