/* What of the rules can be tested before anything is copied: events that no rule can match stay here.
 *
 * For each type of event there is a row of clauses (probes/kernel/filter_rows.py). A test has a bit in two words: `may` when
 * it may be true, `may_not` when it may be false. What is not known has both, so an event passes when in doubt. A clause
 * holds when all tests that must be true may be, and all that must not be may not be.
 *
 * Rows and texts are written beside those in use; one write of the generation puts them in force. An event reads the
 * generation once, so it is judged by one set of rows. Generation 0 lets everything pass. */

struct filter_scratch {
	u32 alignment;
	struct text_key path;
	u32 alignment_too;
	struct text_key key;
};

BPF_ARRAY(filters, struct filter, FILTER_SETS * FILTER_ROWS);
BPF_LPM_TRIE(texts, struct text_key, struct answers, 65536);
BPF_PERCPU_ARRAY(filter_scratch, struct filter_scratch, 1);
BPF_HASH(cgroup_kinds, struct cgroup_key, u8, 16384); /* 1: of the host, 2: of a container */

static __always_inline int holds(struct filter *f, struct answers *a)
{
	u32 count = f->count;
	for (u32 i = 0; i < CLAUSES; i++) {
		if (i >= count)
			break;
		if (!(f->clauses[i].must & ~a->may) && !(f->clauses[i].must_not & ~a->may_not))
			return 1;
	}
	return 0;
}

static __always_inline void answer(struct answers *a, u64 test, int yes)
{
	if (yes)
		a->may_not &= ~test;
	else
		a->may &= ~test;
}

static __always_inline u64 filter_register(u64 *args, s8 number)
{
	u32 i = number;
	/* No array index: the verifier does not know what was stored where. */
	return i == 0 ? args[0] : i == 1 ? args[1] : i == 2 ? args[2] : i == 3 ? args[3] : i == 4 ? args[4] : args[5];
}

/* ── numbers ── */

static __always_inline void answer_numbers(struct filter *f, struct answers *a, u64 *args, s64 ret)
{
	u64 flags = 0;
	answer(a, FACT_FAILED, ret < 0);
	answer(a, FACT_STDIO, ret >= 0 && ret <= 2);
	if (f->domain >= 0)
		answer(a, FACT_PACKET, (u32)filter_register(args, f->domain) == 17);
	if (f->mode >= 0)
		answer(a, FACT_SET_ID, (filter_register(args, f->mode) & 06000) != 0);
	if (f->flags >= 0)
		flags = filter_register(args, f->flags);
	else if (f->how < 0 || bpf_probe_read_user(&flags, sizeof(flags), (void *)filter_register(args, f->how)))
		return;
	answer(a, FACT_READ, (flags & 3) == 0 || (flags & 3) == 2);
	answer(a, FACT_WRITE, (flags & 3) == 1 || (flags & 3) == 2);
	answer(a, FACT_MAY_CREATE, (flags & (0100 | 020000000)) != 0); /* O_CREAT, the bit of O_TMPFILE that is its own */
}

/* ── texts ── */

/* `sure`: what is not found is false; else it may also be true. */
static __always_inline void look_up(struct answers *a, struct text_key *key, u64 tests, int sure)
{
	struct answers *found = texts.lookup(key);
	u64 may = found ? found->may : 0, may_not = found ? found->may_not : tests;
	a->may = (a->may & ~tests) | (may & tests);
	if (sure)
		a->may_not = (a->may_not & ~tests) | (may_not & tests);
}

#define EVERY(byte) (0x0101010101010101ULL * (byte))
#define LOW_BITS EVERY(0x7f)
#define HIGH_BITS EVERY(0x80)

/* 0x80 in each byte that is `byte`, for ASCII and NUL. */
static __always_inline u64 bytes_that_are(u64 word, u8 byte)
{
	u64 other = word ^ EVERY(byte);
	return ~(((other & LOW_BITS) + LOW_BITS) | other | LOW_BITS);
}

#define PATH_READ 1
#define PATH_PLAIN 2
#define PATH_ABSOLUTE 4
#define PATH_CLIMBS 8

/* What a path is, eight bytes at a time: whether it has "../", and whether it is plain, that is has no name that is
 * empty, "." or begins with "..", and no byte beyond ASCII. A relative path is looked at as if it had a slash before. */
static __always_inline int scan(struct text_key *key, u32 size)
{
	int absolute = key->text[0] == '/';
	u64 slashes_before = absolute ? 0 : 0x80ULL << 56, dots_before = 0, climbs = 0, odd = 0;
	for (u32 i = 0; i < TEXT_SIZE / 8; i++) {
		if (i * 8 >= size)
			break;
		u64 word = *(u64 *)&key->text[i * 8];
		u32 rest = size - i * 8;
		if (rest < 8)
			word &= (1ULL << (rest * 8)) - 1;
		u64 slashes = bytes_that_are(word, '/'), dots = bytes_that_are(word, '.'), ends = bytes_that_are(word, 0);
		u64 slash_1 = slashes << 8 | slashes_before >> 56, slash_2 = slashes << 16 | slashes_before >> 48;
		u64 dot_1 = dots << 8 | dots_before >> 56, dot_2 = dots << 16 | dots_before >> 48;
		odd |= (word & HIGH_BITS) | (slash_1 & (slashes | ends)) | (slash_2 & dot_1 & (slashes | dots | ends));
		climbs |= dot_2 & dot_1 & slashes;
		slashes_before = slashes;
		dots_before = dots;
	}
	return PATH_READ | (odd ? 0 : PATH_PLAIN) | (absolute ? PATH_ABSOLUTE : 0) | (climbs ? PATH_CLIMBS : 0);
}

static __always_inline int read_path(struct text_key *key, u64 pointer, u32 *size)
{
	int got = bpf_probe_read_user_str(key->text, TEXT_SIZE, (void *)pointer);
	if (got <= 1 || got >= TEXT_SIZE)
		return 0;
	*size = got;
	return scan(key, got);
}

/* The last bytes of a path, the last one first. */
static __always_inline void turn_round(struct text_key *key, struct text_key *path, u32 size, int absolute)
{
	u64 length = size - 1;
	OPAQUE(length);
	if (length > TEXT_SIZE - 2)
		return;
	if (!absolute)
		path->tail[TAIL - 1] = '/';
	char *tail = &path->tail[0] + length;
	*(u64 *)&key->tail[0] = __builtin_bswap64(*(u64 *)(tail + 24));
	*(u64 *)&key->tail[8] = __builtin_bswap64(*(u64 *)(tail + 16));
	*(u64 *)&key->tail[16] = __builtin_bswap64(*(u64 *)(tail + 8));
	*(u64 *)&key->tail[24] = __builtin_bswap64(*(u64 *)tail);
	path->tail[TAIL - 1] = 0;
}

/* Whether the event may still pass when one of its paths has been looked at. */
static __always_inline int passes_path(struct filter *f, struct answers *a, struct filter_scratch *s, u64 pointer, int slot)
{
	u32 size = 0;
	int path = read_path(&s->path, pointer, &size);
	u64 prefixes = f->texts[LOOKUP_PREFIX + slot], suffixes = f->texts[LOOKUP_SUFFIX + slot];
	if (slot == 0 && path & PATH_READ)
		answer(a, FACT_TRAVERSAL, path & PATH_CLIMBS);
	if (!(path & PATH_PLAIN))
		return holds(f, a);
	if (path & PATH_ABSOLUTE) {
		if (prefixes) {
			s->path.bits = HEAD_BITS + (TAIL + size) * 8;
			s->path.table = f->table;
			s->path.lookup = LOOKUP_PREFIX + slot;
			look_up(a, &s->path, prefixes, 1);
		}
		if (!holds(f, a))
			return 0;
	} else {
		suffixes |= f->exact[slot];
	}
	if (!suffixes)
		return holds(f, a);
	turn_round(&s->key, &s->path, size, path & PATH_ABSOLUTE);
	s->key.bits = HEAD_BITS + TAIL * 8;
	s->key.table = f->table;
	s->key.lookup = LOOKUP_SUFFIX + slot;
	look_up(a, &s->key, suffixes, path & PATH_ABSOLUTE);
	return holds(f, a);
}

/* The name that rules see is that of the first thread. */
static __always_inline int passes_name(struct filter *f, struct answers *a, struct filter_scratch *s, struct task_struct *t)
{
	if (t->tgid != t->pid)
		return 1;
	bpf_get_current_comm(s->key.tail, 16);
	if ((*(u64 *)&s->key.tail[0] | *(u64 *)&s->key.tail[8]) & HIGH_BITS)
		return 1;
	s->key.bits = HEAD_BITS + 16 * 8;
	s->key.table = f->table;
	s->key.lookup = LOOKUP_COMM;
	look_up(a, &s->key, f->texts[LOOKUP_COMM], 1);
	return holds(f, a);
}

/* ── where, and what the descriptor is ── */

static __always_inline int passes_container(struct filter *f, struct answers *a, struct task_struct *t)
{
	struct cgroup *c = container_cgroup(t);
	if (READ(c, level) == 0) {
		answer(a, FACT_CONTAINER, 0);
		return holds(f, a);
	}
#ifdef KERNFS_ID_HAS_GENERATION
	return 1; /* numbers are used again: what is known of one may be old */
#else
	struct cgroup_key key = {.cgroup = kernfs_id(c), .hierarchy = hierarchy_of(c)};
	u8 *kind = cgroup_kinds.lookup(&key);
	if (!kind)
		return 1;
	answer(a, FACT_CONTAINER, *kind == 2);
	return holds(f, a);
#endif
}

static __always_inline void answer_socket(struct answers *a, struct file *file)
{
	struct inode *inode = READ(file, f_inode);
	if ((READ(inode, i_mode) & S_IFMT) != S_IFSOCK) {
		answer(a, FACT_INTERNET | FACT_TCP, 0);
		return;
	}
	struct socket *socket = READ(file, private_data);
	struct sock *sk = READ(socket, sk);
	if (!sk)
		return;
	struct sock_common *common = (void *)sk;
	u16 family = READ(common, skc_family);
	int internet = family == AF_INET || family == AF_INET6;
	answer(a, FACT_INTERNET, internet);
	answer(a, FACT_TCP, internet && READ(sk, sk_protocol) == 6);
}

static __always_inline int passes_descriptor(struct filter *f, struct answers *a, struct task_struct *t, s32 fd)
{
	struct file *file = fd < 0 ? 0 : file_of(t, fd);
	if (fd < 0)
		answer(a, FACT_INTERNET | FACT_TCP, 0);
	else if (file)
		answer_socket(a, file);
	return holds(f, a);
}

/* struct qstr, whose length lies in the upper half of the first word. */
struct name {
	u64 hash_and_length;
	const char *text;
};

/* The tests that the name of a dentry answers: most are of a length that nobody looks for, and need not be read. */
static __always_inline u64 name_answers(struct filter *f, struct text_key *key, struct dentry *dentry, u32 lookup)
{
	struct name name = {};
	bpf_probe_read_kernel(&name, sizeof(name), &dentry->d_name);
	u32 length = name.hash_and_length >> 32;
	if (length >= TAIL || !(f->lengths[lookup - LOOKUP_LEAF] >> length & 1))
		return 0;
	if (bpf_probe_read_kernel_str(key->tail, TAIL, (void *)name.text) <= 0)
		return ~0ULL;
	key->bits = HEAD_BITS + TAIL * 8;
	key->table = f->table;
	key->lookup = lookup;
	struct answers *found = texts.lookup(key);
	return found ? found->may : 0;
}

#define NAMES_ABOVE 12

/* Whether the event may still pass when the names of its file, and of the folders above, are known. What is walked is
 * what add_path walks. */
static __always_inline int passes_names(struct filter *f, struct answers *a, struct filter_scratch *s, struct file *file)
{
	u64 tests = f->texts[LOOKUP_LEAF] | f->texts[LOOKUP_ABOVE], may = 0;
	struct dentry *dentry = dentry_of(file);
	struct mount *mount = (void *)mount_of(file) - offsetof(struct mount, mnt);
	struct dentry *root = READ(mount, mnt.mnt_root);
	int at_leaf = 1;
	for (int i = 0; i < NAMES_ABOVE; i++) {
		if (dentry == root) {
			struct mount *above = READ(mount, mnt_parent);
			if (above == mount)
				goto known;
			dentry = READ(mount, mnt_mountpoint);
			mount = above;
			root = READ(mount, mnt.mnt_root);
			continue;
		}
		struct dentry *parent = READ(dentry, d_parent);
		if (parent == dentry)
			goto known;
		may |= name_answers(f, &s->key, dentry, at_leaf ? LOOKUP_LEAF : LOOKUP_ABOVE);
		if (!f->texts[LOOKUP_ABOVE])
			goto known;
		at_leaf = 0;
		dentry = parent;
	}
	return 1;
known:
	a->may = (a->may & ~tests) | (may & tests);
	return holds(f, a);
}

static __always_inline int passes(struct filter *f, struct task_struct *t, struct spec *spec, u64 *args, s64 ret)
{
	struct answers a = {~0ULL, ~0ULL};
	u32 zero = 0;
	struct filter_scratch *s = filter_scratch.lookup(&zero);
	if (!s)
		return 1;
	answer_numbers(f, &a, args, ret);
	if (!holds(f, &a))
		return 0;
	if (spec->string[0] >= 0 && (f->texts[LOOKUP_PREFIX] | f->texts[LOOKUP_SUFFIX] | (f->used & FACT_TRAVERSAL)))
		if (!passes_path(f, &a, s, filter_register(args, spec->string[0]), 0))
			return 0;
	if (spec->string[1] >= 0 && (f->texts[LOOKUP_PREFIX + 1] | f->texts[LOOKUP_SUFFIX + 1]))
		if (!passes_path(f, &a, s, filter_register(args, spec->string[1]), 1))
			return 0;
	if (f->texts[LOOKUP_COMM] && !passes_name(f, &a, s, t))
		return 0;
	if (f->used & (FACT_INTERNET | FACT_TCP)) {
		s32 fd = spec->fd >= 0 ? (s32)filter_register(args, spec->fd) : spec->fd == FROM_RETURN ? (s32)ret : -1;
		if (spec->fd != FROM_NOWHERE && !passes_descriptor(f, &a, t, fd))
			return 0;
	}
	if (f->texts[LOOKUP_LEAF] | f->texts[LOOKUP_ABOVE]) {
		struct file *file = spec->fd == FROM_RETURN && ret >= 0 ? file_of(t, ret) : 0;
		if (file && !passes_names(f, &a, s, file))
			return 0;
	}
	return !(f->used & FACT_CONTAINER) || passes_container(f, &a, t);
}

/* The row that is in force for a type of event; 0 when everything passes. */
static __always_inline struct filter *filter_of(u32 event)
{
	u32 option = OPTION_GENERATION, *found = options.lookup(&option);
	u32 generation = found ? *(volatile u32 *)found : 0;
	if (!generation)
		return 0;
	u32 row = (generation % FILTER_SETS) * FILTER_ROWS + (event & (FILTER_ROWS - 1));
	return filters.lookup(&row);
}
