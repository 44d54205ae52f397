/* What a descriptor stands for. */

#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define FMODE_CREATED 0x100000
#define OVERLAYFS_MAGIC 0x794c7630
#define PID_FS_MAGIC 0x50494446 /* pidfds have a file system of their own since 6.9, in which none has a name */

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10

/* Of the current task: its members are read directly where the kernel knows their types. */
static __always_inline struct file *file_of(struct task_struct *t, s32 fd)
{
	struct files_struct *files = OF(t, files);
	if (!files)
		return 0;
	struct fdtable *table = OF(files, fdt);
	struct file **slots = (void *)OF(table, fd), *file = 0;
	if (fd < 0 || (u32)fd >= OF(table, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
	return file;
}

static __always_inline struct dentry *dentry_of(struct file *f)
{
	struct dentry *dentry = 0;
	bpf_probe_read_kernel(&dentry, sizeof(dentry), &f->f_path.dentry);
	return dentry;
}

static __always_inline struct vfsmount *mount_of(struct file *f)
{
	struct vfsmount *mount = 0;
	bpf_probe_read_kernel(&mount, sizeof(mount), &f->f_path.mnt);
	return mount;
}

/* Which layer of an overlayfs holds the file: struct ovl_inode has __upperdentry right behind the inode. */
static __always_inline u32 layer_of(struct inode *inode)
{
	struct super_block *sb = READ(inode, i_sb);
	struct dentry *upper = 0;
	if (READ(sb, s_magic) != OVERLAYFS_MAGIC)
		return 0;
	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + sizeof(struct inode));
	if (upper && READ(upper, d_inode))
		return FILE_OVERLAY_UPPER;
	return FILE_OVERLAY_LOWER;
}

static __always_inline u32 memfd_of(struct dentry *dentry)
{
	char start[7] = {};
	const char *name = 0;
	if (READ(dentry, d_parent) != dentry)
		return 0;
	bpf_probe_read_kernel(&name, sizeof(name), &dentry->d_name.name);
	bpf_probe_read_kernel_str(start, sizeof(start), (void *)name);
	int same = start[0] == 'm' && start[1] == 'e' && start[2] == 'm' && start[3] == 'f' && start[4] == 'd' &&
		   start[5] == ':';
	return same ? FILE_MEMFD : 0;
}

static __always_inline void add_file(struct scratch *s, struct file *f, struct inode *inode, u32 mode)
{
	struct dentry *dentry = dentry_of(f);
	u64 offset = room(s);
	if (offset == DATA_SIZE)
		return;
	struct file_info *info = (void *)&s->record.data[offset];
	struct super_block *sb = READ(inode, i_sb);
	info->ino = READ(inode, i_ino);
	info->dev = READ(sb, s_dev);
	info->mode = mode;
	info->reserved = 0;
	u32 pidfd = READ(sb, s_magic) == PID_FS_MAGIC ? FILE_PIDFD : 0;
	info->flags = pidfd | layer_of(inode) | memfd_of(dentry) | (READ(f, f_mode) & FMODE_CREATED ? FILE_CREATED : 0);
	add(s, SECTION_FILE, sizeof(*info));
	add_path(s, SECTION_PATH, dentry, mount_of(f));
}

static __always_inline void add_unix_path(struct scratch *s, struct sock *sk)
{
	struct unix_sock *self = (void *)sk, *peer = (void *)READ(self, peer);
	struct unix_address *address = READ(self, addr);
	u64 offset = room(s);
	if (peer && (!address || s->record.event == EVENT_CONNECT))
		address = READ(peer, addr);
	if (!address || offset == DATA_SIZE)
		return;
	u64 size = (u32)READ(address, len) - 2;
	if (size == 0 || size > 108)
		return;
	OPAQUE(size);
	size &= 127;
	bpf_probe_read_kernel(&s->record.data[offset], size, (void *)address + offsetof(struct unix_address, name) + 2);
	add(s, SECTION_PATH, size);
}

static __always_inline void add_socket(struct scratch *s, struct file *f)
{
	struct socket *socket = READ(f, private_data);
	u64 offset = room(s);
	if (offset == DATA_SIZE)
		return;
	struct socket_info *info = (void *)&s->record.data[offset];
	__builtin_memset(info, 0, sizeof(*info));
	info->type = READ(socket, type);
	struct sock *sk = READ(socket, sk);
	add(s, SECTION_SOCKET, sizeof(*info));
	if (!sk)
		return;
	struct sock_common *common = (void *)sk;
	info->family = READ(common, skc_family);
	info->state = READ(common, skc_state);
	info->protocol = READ(sk, sk_protocol);
	if (info->family == AF_UNIX) {
		add_unix_path(s, sk);
		return;
	}
	if (info->family != AF_INET && info->family != AF_INET6)
		return;
	u16 port = READ(common, skc_dport);
	info->remote_port = (port >> 8) | (port << 8);
	info->local_port = READ(common, skc_num);
	if (info->family == AF_INET) {
		bpf_probe_read_kernel(info->local, 4, &common->skc_rcv_saddr);
		bpf_probe_read_kernel(info->remote, 4, &common->skc_daddr);
		return;
	}
#ifdef HAVE_sock_common_skc_v6_daddr
	bpf_probe_read_kernel(info->local, 16, &common->skc_v6_rcv_saddr);
	bpf_probe_read_kernel(info->remote, 16, &common->skc_v6_daddr);
#endif
}

static __always_inline void add_descriptor(struct scratch *s, struct file *f)
{
	struct inode *inode = READ(f, f_inode);
	u32 mode = READ(inode, i_mode);
	if ((mode & S_IFMT) == S_IFSOCK)
		add_socket(s, f);
	else
		add_file(s, f, inode, mode);
}
