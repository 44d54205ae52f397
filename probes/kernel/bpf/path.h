/* Paths, as names from the leaf to the root, each with its NUL; an empty name says that the root was reached. */

#define PATH_NAMES 128
#define NAME_SIZE 256

/* Bytes of a path, at most. An exec has two of them (the folder that it is in may be as deep as one likes), and whatever
 * they are, there is room behind them for the program, its arguments, its environment and its cgroup. */
#define PATH_SIZE 5632
_Static_assert(3 * STRING_SIZE + NAME_SIZE + 2 * (PATH_SIZE + 1) + sizeof(struct task_info) <= DATA_SIZE - STRING_SIZE - NAME_SIZE,
	"a path would take the room of what comes behind it");

/* Where in record.data the next section may begin, with room for a string; DATA_SIZE for "full". */
static __always_inline u64 room(struct scratch *s)
{
	u64 offset = s->used;
	OPAQUE(offset);
	return offset > DATA_SIZE - STRING_SIZE - NAME_SIZE ? DATA_SIZE : offset;
}

static __always_inline void add(struct scratch *s, u32 section, u64 size)
{
	s->record.length[section] = size;
	s->used += size;
}

static __always_inline void add_user_string(struct scratch *s, u32 section, u64 pointer)
{
	u64 offset = room(s);
	if (offset == DATA_SIZE)
		return;
	int size = bpf_probe_read_user_str(&s->record.data[offset], STRING_SIZE, (void *)pointer);
	if (size > 0)
		add(s, section, size);
}

static __always_inline void add_user_bytes(struct scratch *s, u32 section, u64 pointer, u64 size)
{
	u64 offset = room(s);
	if (offset == DATA_SIZE || size == 0)
		return;
	OPAQUE(size);
	size = size > STRING_SIZE - 1 ? STRING_SIZE - 1 : size;
	OPAQUE(size);
	size &= STRING_SIZE - 1;
	if (bpf_probe_read_user(&s->record.data[offset], size, (void *)pointer) == 0)
		add(s, section, size);
}

static __always_inline void add_kernel_string(struct scratch *s, u32 section, const char *pointer)
{
	u64 offset = room(s);
	if (offset == DATA_SIZE)
		return;
	int size = bpf_probe_read_kernel_str(&s->record.data[offset], STRING_SIZE, (void *)pointer);
	if (size > 0)
		add(s, section, size);
}

/* Appends a dentry's name to a path; 0 when there was no room or the name could not be read. */
static __always_inline int add_name(struct scratch *s, struct dentry *dentry, u64 begin)
{
	/* Read afresh from the map: were its bounds known, the verifier would follow every combination of names. */
	u64 offset = *(volatile u64 *)&s->used;
	const char *name = 0;
	OPAQUE(offset);
	if (offset > DATA_SIZE - NAME_SIZE || offset > begin + PATH_SIZE - NAME_SIZE)
		return 0;
	bpf_probe_read_kernel(&name, sizeof(name), &dentry->d_name.name);
	int size = bpf_probe_read_kernel_str(&s->record.data[offset], NAME_SIZE, (void *)name);
	if (size <= 0)
		return 0;
	*(volatile u64 *)&s->used = offset + size;
	return 1;
}

/* Ends a path at its root with an empty name. A root with nothing below it gives its own name instead: "/", or that of
 * something which is no place in a tree ("memfd:x", "[eventfd]"). */
static __always_inline void add_root(struct scratch *s, struct dentry *root, u64 begin)
{
	u64 offset = *(volatile u64 *)&s->used;
	if (offset == begin) {
		add_name(s, root, begin);
		return;
	}
	OPAQUE(offset);
	if (offset > DATA_SIZE - NAME_SIZE)
		return;
	s->record.data[offset] = 0;
	s->used = offset + 1;
}

/* A name, and where it leads up to. A struct qstr has the length in the upper half of its first word. */
struct step {
	struct dentry *parent;
	u64 hash_and_length;
	const char *name;
};

/* A mounted tree, and where it is mounted. */
struct tree {
	struct mount *parent;
	struct dentry *mountpoint;
	struct dentry *root;
};

#define FOLLOWS(type, field, before) \
	(offsetof(struct type, field) == offsetof(struct type, before) + sizeof(((struct type *)0)->before))

/* What lies side by side is read at once: reading costs more by the call than by the byte. */
static __always_inline void read_step(struct step *step, struct dentry *dentry)
{
	if (FOLLOWS(dentry, d_name, d_parent)) {
		bpf_probe_read_kernel(step, sizeof(*step), &dentry->d_parent);
		return;
	}
	step->parent = READ(dentry, d_parent);
	bpf_probe_read_kernel(&step->hash_and_length, sizeof(*step) - sizeof(step->parent), &dentry->d_name);
}

static __always_inline void read_tree(struct tree *tree, struct mount *mount)
{
	if (FOLLOWS(mount, mnt_mountpoint, mnt_parent) && FOLLOWS(mount, mnt.mnt_root, mnt_mountpoint)) {
		bpf_probe_read_kernel(tree, sizeof(*tree), &mount->mnt_parent);
		return;
	}
	tree->parent = READ(mount, mnt_parent);
	tree->mountpoint = READ(mount, mnt_mountpoint);
	tree->root = READ(mount, mnt.mnt_root);
}

static __always_inline struct mount *mount_with(struct vfsmount *vfsmount)
{
	return (void *)vfsmount - offsetof(struct mount, mnt);
}

/* Walks from a dentry to the root of the mount namespace, across mounts. */
static __always_inline void add_path(struct scratch *s, u32 section, struct dentry *dentry, struct vfsmount *vfsmount)
{
	u64 begin = room(s);
	struct mount *mount = (void *)vfsmount - offsetof(struct mount, mnt);
	if (begin == DATA_SIZE)
		return;
	for (int i = 0; i < PATH_NAMES; i++) {
		struct dentry *parent = READ(dentry, d_parent);
		if (dentry == READ(mount, mnt.mnt_root)) {
			struct mount *above = READ(mount, mnt_parent);
			if (above == mount) {
				add_root(s, dentry, begin);
				break;
			}
			dentry = READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		if (parent == dentry) {
			add_root(s, dentry, begin);
			break;
		}
		if (!add_name(s, dentry, begin))
			break;
		dentry = parent;
	}
	s->record.length[section] = s->used - begin;
}
